"""Every rule is proved by its bad.sql and good.sql, and explained by its page."""

import re
from pathlib import Path

import pytest

from governance.analysis import Analysis, Change, analyse
from governance.analysis.rule import Level
from governance.analysis.rules import RULES
from tests.governance.analysis.samples import FACTS, analysed, codes, facts_with_rows, script

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES, PAGES = ROOT / "fixtures" / "rules", ROOT / "docs" / "rules"
CODES = [rule.code for rule in RULES]


def _example(code: str, name: str) -> Analysis:
    """An example says in its head which category its author claims."""
    text = (EXAMPLES / code / f"{name}.sql").read_text()
    category = re.search(r"-- Category: (\w+)", text)
    return analyse(Change((script(text),), category=category[1] if category else ""), FACTS)


@pytest.mark.parametrize("rule", RULES, ids=CODES)
def test_bad_example_triggers_exactly_this_rule(rule):
    findings = _example(rule.code, "bad").findings

    assert [(finding.code, finding.level) for finding in findings] == [(rule.code, rule.level)]


@pytest.mark.parametrize("code", CODES)
def test_good_example_triggers_nothing(code):
    assert codes(_example(code, "good")) == []


@pytest.mark.parametrize("code", CODES)
def test_page_has_problem_safe_form_and_a_link_to_the_manual(code):
    page = (PAGES / f"{code}.md").read_text()

    assert page.startswith(f"# {code}\n")
    assert all(heading in page for heading in ("## Problem", "## Safe form", "## What PostgreSQL does"))
    assert "https://www.postgresql.org/docs/current/" in page


def test_codes_are_unique_and_nothing_lies_about_without_a_rule():
    assert len(set(CODES)) == len(CODES)
    assert {path.name for path in EXAMPLES.iterdir()} == set(CODES)
    assert {path.stem for path in PAGES.glob("*.md")} == set(CODES)


@pytest.mark.parametrize("rule", RULES, ids=CODES)
def test_messages_are_one_sentence_and_safe_forms_are_sql(rule):
    (finding,) = _example(rule.code, "bad").findings

    assert re.fullmatch(r"[A-Z].*[^.]\.(sql.*[.])?", finding.message)
    assert finding.why.endswith(".")
    assert not finding.safe_form.endswith(";;")


@pytest.mark.parametrize("rule", RULES, ids=CODES)
def test_safe_form_is_sql_and_free_of_the_finding(rule):
    (finding,) = _example(rule.code, "bad").findings

    assert rule.code not in codes(analysed(finding.safe_form))


def test_safe_form_quotes_what_has_to_be_quoted():
    (finding,) = analysed('ALTER TABLE "Bids"."order" ALTER "user" SET NOT NULL').findings

    assert finding.safe_form.startswith('ALTER TABLE "Bids"."order" ADD CONSTRAINT user_not_null CHECK ("user" IS NOT NULL) NOT VALID;')


def test_safe_form_names_a_constraint_that_had_no_name():
    (finding,) = analysed("ALTER TABLE bids ADD FOREIGN KEY (user_id) REFERENCES users (id)").findings

    assert finding.safe_form.startswith("ALTER TABLE bids ADD CONSTRAINT bids_user_id_fkey FOREIGN KEY (user_id)")
    assert "VALIDATE CONSTRAINT bids_user_id_fkey;" in finding.safe_form


@pytest.mark.parametrize(("rows", "level"), [(None, Level.BLOCKING), (0, Level.NOTICE), (9_999, Level.WARNING), (10_000, Level.BLOCKING)])
def test_level_of_an_index_build_depends_on_the_rows(rows, level):
    (finding,) = analysed("CREATE INDEX ON bids (status)", facts_with_rows(rows)).findings

    assert (finding.code, finding.level) == ("create-index-not-concurrently", level)


def test_check_on_a_table_of_unknown_size_is_a_warning():
    (finding,) = analysed("ALTER TABLE bids ADD CHECK (amount > 0)", None).findings

    assert finding.level is Level.WARNING


def test_table_created_in_the_same_change_is_never_a_hazard():
    text = """
        CREATE TABLE t (id bigint, a int);
        CREATE INDEX ON t (a);
        ALTER TABLE t ALTER a SET NOT NULL, ADD CHECK (a > 0), ALTER id TYPE int, ADD FOREIGN KEY (id) REFERENCES users (id);
        UPDATE t SET a = 1;
        ALTER TABLE t DROP COLUMN a;
    """

    assert codes(analysed(text)) == []


def test_create_if_not_exists_does_not_make_an_existing_table_new():
    text = "CREATE TABLE IF NOT EXISTS bids (id bigint); CREATE INDEX ON bids (status)"

    assert codes(analysed(text)) == ["create-index-not-concurrently"]


def test_valid_check_in_the_facts_spares_the_scan():
    assert codes(analysed("ALTER TABLE users ALTER phone SET NOT NULL")) == []


def test_type_change_without_facts_may_rewrite():
    (finding,) = analysed("ALTER TABLE users ALTER email TYPE varchar(200)", None).findings

    assert (finding.code, finding.level) == ("column-type-rewrites", Level.BLOCKING)
    assert "may copy" in finding.message


def test_finding_points_at_its_statement():
    (finding,) = analysed("SELECT 1;\n  CREATE INDEX ON bids (status)").findings

    assert (finding.script, finding.line, finding.column) == ("V20260101_0900__x.sql", 4, 3)
    assert finding.statement == "CREATE INDEX ON bids (status)"
    assert finding.safe_form.startswith("CREATE INDEX CONCURRENTLY ON bids (status);")


def test_rollback_gets_only_what_matters_there():
    analysis = analysed("ALTER TABLE bids ADD COLUMN a int", rollback="ALTER TABLE bids DROP COLUMN a; CREATE INDEX ON bids (status)")

    assert [(finding.code, finding.script[0]) for finding in analysis.findings] == [("create-index-not-concurrently", "R")]


@pytest.mark.parametrize(
    "text", ["GRANT SELECT ON bids TO PUBLIC", "DROP POLICY p ON bids", "ALTER TABLE bids NO FORCE ROW LEVEL SECURITY"]
)
def test_weakened_security_blocks(text):
    assert analysed(text).blocking == {"weakens-security"}
