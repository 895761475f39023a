"""Every rule is proved by its bad.sql and good.sql, and explained by its page."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from governance.analysis import Analysis, Change, Client, Surroundings, allowance, analyse, examine, reading
from governance.analysis.reading import read_any
from governance.analysis.rule import Finding, Level
from governance.analysis.rules import RULES, rules_for
from governance.orders import Script, ScriptKind
from tests.governance.analysis.samples import BIDS, FACTS, HEADER, analysed, codes, facts_with_rows, script

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES, PAGES = ROOT / "fixtures" / "rules", ROOT / "docs" / "rules"
CODES = [rule.code for rule in RULES]
# What to write instead is the same statement, somewhere else or in another way.
REPEATED_ELSEWHERE = {"mixed-transaction", "missing-purpose-header", "lock-held-while-working", "ban-drop-constraint"}


def _example(code: str, name: str) -> Analysis:
    """An example says in its head what else there is: the author's category, who executes it, domains and live clients."""
    folder = EXAMPLES / code
    text = (folder / f"{name}.sql").read_text()
    scripts = [_script(text)]
    rollback, neighbour = folder / f"{name}.rollback.sql", folder / "neighbour.sql"
    if rollback.exists():
        scripts.append(script(rollback.read_text(), ScriptKind.ROLLBACK))
    surroundings = Surroundings(
        domains=dict(found.split() for found in _said(text, "Domains").split(", ") if found),
        clients=tuple(_client(found) for found in [_said(text, "Client")] if found),
        neighbours=(script(neighbour.read_text(), name="V20260101_1000__neighbour.sql"),) if neighbour.exists() else (),
    )
    change = Change(tuple(scripts), category=_said(text, "Category"), guarded=_said(text, "Guarded") != "no")
    return analyse(change, FACTS, surroundings)


def _script(text: str) -> Script:
    return read_any("V20260101_0900__x.sql", text).script if _said(text, "Guarded") else script(text)


def _said(text: str, what: str) -> str:
    found = re.search(rf"^-- {what}: (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _client(said: str) -> Client:
    """ "App 2.1 uses public.users legacy_flag" """
    name, _, used = said.partition(" uses ")
    table, *columns = used.split()
    return Client(name, {table: frozenset(columns)})


@pytest.mark.parametrize("rule", RULES, ids=CODES)
def test_bad_example_triggers_this_rule_at_its_level(rule):
    findings = _example(rule.code, "bad").findings

    assert (rule.code, rule.level) in [(finding.code, finding.level) for finding in findings]


@pytest.mark.parametrize("code", CODES)
def test_good_example_triggers_neither_this_rule_nor_anything_that_blocks(code):
    findings = _example(code, "good").findings

    assert [finding.code for finding in findings if finding.code == code or finding.level is Level.BLOCKING] == []


@pytest.mark.parametrize("code", [*CODES, *reading.CODES, *allowance.CODES])
def test_page_has_problem_safe_form_and_a_link_to_the_manual(code):
    page = (PAGES / f"{code}.md").read_text()

    assert page.startswith(f"# {code}\n")
    assert all(heading in page for heading in ("## Problem", "## Safe form", "## What PostgreSQL does"))
    assert "https://www.postgresql.org/docs/current/" in page


def test_codes_are_unique_and_nothing_lies_about_without_a_rule():
    assert len(set(CODES)) == len(CODES)
    assert {path.name for path in EXAMPLES.iterdir()} == set(CODES)
    assert {path.stem for path in PAGES.glob("*.md")} == {*CODES, *reading.CODES, *allowance.CODES}


def _findings_of(code: str) -> list[Finding]:
    return [finding for finding in _example(code, "bad").findings if finding.code == code]


@pytest.mark.parametrize("code", CODES)
def test_messages_are_one_sentence_and_say_why(code):
    finding = _findings_of(code)[0]

    assert re.fullmatch(r"[A-Z].*[^.]\.(?:sql.*[.])?|[a-z].*\.", finding.message)
    assert finding.why.endswith(".")
    assert not finding.safe_form.endswith(";;")


@pytest.mark.parametrize("code", CODES)
def test_safe_form_is_sql_and_free_of_the_finding(code):
    finding = _findings_of(code)[0]

    after = read_any("x.sql", finding.safe_form.replace("…", "x"))

    assert after.findings == ()
    assert code not in [found.code for found in analyse(Change((after.script,)), FACTS).findings if code not in REPEATED_ELSEWHERE]


def test_safe_form_quotes_what_has_to_be_quoted():
    (finding,) = analysed('ALTER TABLE "Bids"."order" ALTER "user" SET NOT NULL').findings

    assert finding.safe_form.startswith('ALTER TABLE "Bids"."order" ADD CONSTRAINT user_not_null CHECK ("user" IS NOT NULL) NOT VALID;')


def test_safe_form_names_a_constraint_that_had_no_name():
    finding, _ = analysed("ALTER TABLE bids ADD FOREIGN KEY (user_id) REFERENCES users (id)").findings

    assert finding.safe_form.startswith("ALTER TABLE bids ADD CONSTRAINT bids_user_id_fkey FOREIGN KEY (user_id)")
    assert "VALIDATE CONSTRAINT bids_user_id_fkey;" in finding.safe_form


@pytest.mark.parametrize(("rows", "level"), [(None, Level.BLOCKING), (0, Level.NOTICE), (9_999, Level.WARNING), (10_000, Level.BLOCKING)])
def test_level_of_an_index_build_depends_on_the_rows(rows, level):
    (finding,) = analysed("CREATE INDEX ON bids (status)", facts_with_rows(rows)).findings

    assert (finding.code, finding.level) == ("require-concurrent-index-creation", level)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE bids ADD CHECK (amount > 0)",
        "ALTER TABLE bids ADD UNIQUE (amount)",
        "ALTER TABLE bids ALTER amount SET NOT NULL",
        "ALTER TABLE bids SET LOGGED",
        "CREATE INDEX ON bids (amount)",
    ],
)
def test_a_table_of_unknown_size_counts_as_the_largest(text):
    (finding,) = analysed(text, None).findings

    assert finding.level is Level.BLOCKING


def test_a_large_file_blocks_whatever_the_planner_thinks_of_its_rows():
    facts = replace(FACTS, tables=(replace(BIDS, rows=0, bytes=50 * 2**30),))

    assert analysed("CREATE INDEX ON bids (amount)", facts).blocking == {"require-concurrent-index-creation"}


def test_table_created_in_the_same_change_is_never_a_hazard():
    text = """
        CREATE TABLE t (id bigint, a bigint);
        CREATE INDEX ON t (a);
        ALTER TABLE t ALTER a SET NOT NULL, ADD CHECK (a > 0), ALTER id TYPE bigint, ADD FOREIGN KEY (id) REFERENCES users (id);
        UPDATE t SET a = 1;
        ALTER TABLE t DROP COLUMN a;
    """

    assert codes(analysed(text)) == []


def test_create_if_not_exists_does_not_make_an_existing_table_new():
    text = "CREATE TABLE IF NOT EXISTS bids (id bigint); CREATE INDEX ON bids (status)"

    assert codes(analysed(text)) == ["require-concurrent-index-creation"]


def test_valid_check_in_the_facts_spares_the_scan():
    assert codes(analysed("ALTER TABLE users ALTER phone SET NOT NULL")) == []


def test_type_change_without_facts_may_rewrite():
    _, finding = analysed("ALTER TABLE users ALTER email TYPE varchar(200)", None).findings

    assert (finding.code, finding.level) == ("changing-column-type", Level.BLOCKING)
    assert "may copy" in finding.message


def test_finding_points_at_its_statement():
    (finding,) = analysed("SELECT 1;\n  CREATE INDEX ON bids (status)").findings

    assert (finding.script, finding.line, finding.column) == ("V20260101_0900__x.sql", 4, 3)
    assert finding.statement == "CREATE INDEX ON bids (status)"
    assert finding.safe_form.startswith("CREATE INDEX CONCURRENTLY ON bids (status);")


def test_rollback_gets_only_what_matters_there():
    analysis = analysed("ALTER TABLE bids ADD COLUMN a bigint", rollback="CREATE INDEX ON bids (status); ALTER TABLE bids DROP COLUMN a")

    assert [(finding.code, finding.script[0]) for finding in analysis.findings] == [("require-concurrent-index-creation", "R")]


@pytest.mark.parametrize(
    "text", ["GRANT SELECT ON bids TO PUBLIC", "DROP POLICY p ON bids", "ALTER TABLE bids NO FORCE ROW LEVEL SECURITY"]
)
def test_weakened_security_blocks(text):
    assert analysed(text).blocking == {"weakens-security"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "fixtures").glob("*/*/bad.sql")) + sorted((ROOT / "fixtures" / "squawk").glob("*.sql")), ids=str
)
def test_rule_that_is_not_asked_has_nothing_to_say(path):
    reading = read_any("x.sql", path.read_text())
    read = examine(Change((reading.script,), guarded=False), FACTS).forward

    asked = rules_for(read, ScriptKind.FORWARD)

    assert [rule.code for rule in RULES if rule not in asked and list(rule.check(read))] == []


def test_only_columns_of_tables_are_judged_by_their_type():
    reading = read_any("x.sql", "ALTER TYPE size ADD ATTRIBUTE n integer; CREATE TABLE sizes (n shop.serial, s size)")

    findings = examine(Change((reading.script,)), None).findings

    assert [finding.code for finding in findings if finding.code.startswith("prefer-")] == []


def test_a_whole_table_that_is_updated_in_batches_is_no_hazard():
    plain = analysed("UPDATE bids SET status = 'open'").findings
    batched = analysed("-- lockgate: batched key=id\nUPDATE bids SET status = 'open'").findings

    assert "whole-table-update" in [finding.code for finding in plain]
    assert not {"whole-table-update", "suppression-without-reason"} & {finding.code for finding in batched}


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER IF EXISTS nothing ON bids",
        "DROP TABLE IF EXISTS nothing",
        "DROP INDEX IF EXISTS nothing",
        "DROP FUNCTION IF EXISTS nothing()",
        "ALTER TABLE IF EXISTS nothing ALTER COLUMN a TYPE bigint",
        "ALTER TABLE bids DROP COLUMN IF EXISTS nothing",
        "ALTER TABLE bids DROP CONSTRAINT IF EXISTS nothing",
        "ALTER TABLE bids ADD COLUMN IF NOT EXISTS amount integer NOT NULL DEFAULT random()",
    ],
)
def test_what_finds_nothing_to_do_is_no_hazard(statement):
    change = Change((script(HEADER + statement),))

    assert {found.code for found in analyse(change, FACTS).findings} <= {"prefer-bigint-over-int"}
    assert {found.code for found in analyse(change, None).findings} - {"prefer-bigint-over-int"}


def test_order_of_locks_is_that_of_what_a_neighbour_leaves():
    neighbour = script("ALTER TABLE bids RENAME TO offers; DROP TABLE offers", name="V20260101_1000__neighbour.sql")
    mine = Change((script("ALTER TABLE users ADD COLUMN a text; ALTER TABLE bids ADD COLUMN a text"),))

    found = codes(analyse(mine, FACTS, Surroundings(neighbours=(neighbour,))))

    assert "lock-order-differs" in found, "the foreign key of the renamed table goes with it, and locks users"


@pytest.mark.parametrize(
    ("text", "weakened"),
    [
        ("GRANT SELECT ON settings TO anon", True),
        ("ALTER TABLE settings ENABLE ROW LEVEL SECURITY; GRANT SELECT ON settings TO anon", False),
        ("GRANT SELECT ON settings TO anon; ALTER TABLE settings ENABLE ROW LEVEL SECURITY", False),
        ("CREATE TABLE t (id bigint); GRANT SELECT ON t TO anon", True),
        ("CREATE TABLE t (id bigint); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT ALL ON t TO anon, authenticated", False),
        ("GRANT SELECT ON settings TO authenticated", False),
        ("GRANT SELECT ON of_nobody_knows TO anon", False),
    ],
)
def test_rights_of_visitors_weaken_a_table_that_no_row_level_security_protects(text, weakened):
    assert ("weakens-security" in codes(analysed(HEADER + text))) is weakened


def test_table_that_is_protected_already_may_be_granted_to_visitors():
    facts = replace(FACTS, tables=tuple(replace(table, row_security=True) for table in FACTS.tables))

    assert "weakens-security" not in codes(analyse(Change((script("GRANT SELECT ON settings TO anon"),)), facts))


def test_column_that_a_trigger_acts_upon_cannot_be_dropped_before_the_trigger():
    made = "CREATE TRIGGER counted AFTER UPDATE OF amount ON bids FOR EACH ROW EXECUTE FUNCTION count_up()"
    dropped = "ALTER TABLE bids DROP COLUMN amount"

    (refused,) = (found for found in analysed(f"{HEADER}{made};\n{dropped}").findings if found.code == "object-in-use")

    assert refused.message == "the trigger counted of public.bids needs amount of bids, which this statement drops: PostgreSQL refuses it."
    assert "object-in-use" not in codes(analysed(f"{HEADER}{made};\nDROP TRIGGER counted ON bids;\n{dropped}"))
    assert "object-in-use" not in codes(analysed(f"{HEADER}{made};\nALTER TABLE bids RENAME COLUMN amount TO sum"))


@pytest.mark.parametrize(
    ("setting", "level"),
    [
        ("SET lock_timeout = 0", Level.WARNING),
        ("SET LOCAL lock_timeout TO '0 ms'", Level.WARNING),
        ("SET statement_timeout = '0'", Level.NOTICE),
        ("SET lock_timeout = '10ms'", None),
        ("SET lock_timeout TO DEFAULT", None),
        ("SET work_mem = 0", None),
    ],
)
def test_timeout_of_zero_is_told_from_a_short_one(setting, level):
    found = analysed(f"{setting};\nALTER TABLE bids ADD COLUMN level text;").findings

    assert [each.level for each in found if each.code == "timeout-switched-off"] == ([level] if level else [])
