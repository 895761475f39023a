"""The InstaBids fixtures are what the demonstration and the other tests take them for."""

import json
import re
import subprocess
from collections import Counter

import frontmatter
import psycopg
import pytest
from psycopg import sql

from governance.orders import Moment, Question, Script, ScriptKind
from governance.versions import read_script
from portal.embedded import binaries
from tests.postgres import INSTABIDS, MARKETPLACE

CHANGES = sorted(path.name for path in (INSTABIDS / "changes").iterdir())
CHECK = re.compile(
    r"-- check: (?P<name>.+)\n-- question: (?P<question>\w+)\n-- moment: (?P<moment>\w+)\n-- expect: (?P<expect>.+)\n(?P<sql>[^;]+);"
)


def read_json(name: str):
    return json.loads((INSTABIDS / name).read_text())


def read_spec(change: str) -> dict:
    return frontmatter.load(INSTABIDS / "changes" / change / "spec.md").metadata


def scripts(change: str, kind: ScriptKind) -> list[Script]:
    """In the order of their versions."""
    files = sorted((INSTABIDS / "changes" / change).glob("*.sql"))
    found = [read_script(path.name, path.read_text()) for path in files]
    return sorted((script for script in found if script.kind == kind), key=lambda script: script.version)


def checks(change: str) -> list[re.Match]:
    return [check for script in scripts(change, ScriptKind.CHECK) for check in CHECK.finditer(script.text)]


def execute(url: str, script: Script) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in script.statements:
            connection.execute(statement.text)


def rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def schema_text(url: str) -> str:
    command = [binaries() / "pg_dump", "--schema-only", "--restrict-key=fixtures", url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def with_requirements(make_database, change: str) -> str:
    """A small database on which the changes that this one requires have been deployed."""
    url = make_database(MARKETPLACE)
    required = read_spec(change).get("requires", [])
    for other in CHANGES:
        if read_spec(other)["title"] in required:
            for script in scripts(other, ScriptKind.FORWARD):
                execute(url, script)
    return url


def test_every_table_belongs_to_exactly_one_domain(marketplace):
    owned = Counter(table for domain in read_json("domains.json") for table in domain["tables"])

    tables = rows(marketplace, "SELECT 'public.' || tablename FROM pg_tables WHERE schemaname = 'public'")

    assert owned == Counter(table for (table,) in tables)


def test_every_domain_says_how_it_evolves_and_what_it_asks():
    domains = read_json("domains.json")

    questions = [question for domain in domains for question in domain["considerations"]]

    assert len(domains) == 8
    assert all(domain["approach"] and len(domain["considerations"]) >= 4 for domain in domains)
    assert all(question.endswith("?") for question in questions)
    assert len(questions) == len(set(questions))


def test_matrix_has_one_cell_for_each_client_and_backend():
    matrix = read_json("matrix.json")

    verdicts = {(client[1], cell["backend"]): cell["verdict"] for cell in matrix["cells"] for client in [cell["client"]]}

    assert len(matrix["cells"]) == len(verdicts) == len(matrix["clients"]) * len(matrix["backends"]) == 16
    assert Counter(verdicts.values()) == {"full": 8, "partial": 4, "no": 4}
    assert verdicts["1.1", "2.0"] == "partial"
    assert verdicts["2.0", "1.1"] == "no"
    assert all(cell["reason"] for cell in matrix["cells"])


@pytest.mark.parametrize(("table", "size"), [("users WHERE kind <> 'staff'", 500), ("projects", 1000), ("bids", 3000)])
def test_scale_decides_how_many_rows_there_are(marketplace, table, size):
    count = rows(marketplace, f"SELECT count(*) FROM {table}")

    assert count == [(size,)]


def test_no_table_is_empty(marketplace):
    empty = [
        table
        for domain in read_json("domains.json")
        for table in domain["tables"]
        if not rows(marketplace, f"SELECT 1 FROM {table} LIMIT 1")
    ]

    assert empty == []


def test_every_foreign_key_finds_its_row(marketplace):
    foreign_keys = sql.SQL("""
        SELECT conrelid::regclass::text, child.attname, confrelid::regclass::text, parent.attname
        FROM pg_constraint
        JOIN pg_attribute AS child ON child.attrelid = conrelid AND child.attnum = conkey[1]
        JOIN pg_attribute AS parent ON parent.attrelid = confrelid AND parent.attnum = confkey[1]
        WHERE contype = 'f'""")
    orphan = "SELECT 1 FROM {0} AS c WHERE c.{1} IS NOT NULL AND NOT EXISTS (SELECT FROM {2} AS p WHERE p.{3} = c.{1}) LIMIT 1"

    with psycopg.connect(marketplace) as connection:
        links = connection.execute(foreign_keys).fetchall()
        broken = [link for link in links if connection.execute(sql.SQL(orphan).format(*map(sql.Identifier, link))).fetchone()]

    assert len(links) > 30
    assert broken == []


@pytest.mark.parametrize(
    ("tables", "contradiction"),
    [
        ("contracts JOIN bids ON bids.id = bid_id", "status <> 'accepted' OR bids.total_cents <> contracts.total_cents"),
        ("bid_groups AS g", "1 <> (SELECT sum(share) FROM bid_group_members WHERE group_id = g.id)"),
        ("bids JOIN users ON users.id = contractor_id", "kind <> 'contractor'"),
        ("projects JOIN users ON users.id = homeowner_id", "kind <> 'homeowner'"),
        ("escrow_balances JOIN contracts ON contracts.id = contract_id", "settled_cents NOT IN (0, total_cents * 3 / 10, total_cents)"),
        ("messages JOIN conversations AS c ON c.id = conversation_id", "sender_id NOT IN (c.homeowner_id, c.contractor_id)"),
    ],
)
def test_data_does_not_contradict_itself_across_tables(marketplace, tables, contradiction):
    found = rows(marketplace, f"SELECT 1 FROM {tables} WHERE {contradiction}")

    assert found == []


def test_settled_payment_cannot_be_changed(marketplace):
    with pytest.raises(psycopg.errors.RaiseException) as refusal, psycopg.connect(marketplace) as connection:
        connection.execute("UPDATE payments SET amount_cents = amount_cents + 1")

    assert "settled" in str(refusal.value)


def test_versions_of_all_changes_are_distinct_and_in_order_of_their_requirements():
    versions = {change: [script.version for script in scripts(change, ScriptKind.FORWARD)] for change in CHANGES}

    everything = [version for of_change in versions.values() for version in of_change]

    assert len(everything) == len(set(everything))
    assert all(version.startswith("2026") for version in everything)
    assert max(versions["contractor_verification_levels"]) < min(versions["drop_legacy_flag"])


@pytest.mark.parametrize("change", CHANGES)
def test_every_script_states_purpose_and_impact_at_its_head(change):
    heads = [script.text.splitlines()[:2] for kind in ScriptKind for script in scripts(change, kind)]

    assert all(purpose.startswith("-- Purpose: ") and impact.startswith("-- Impact: ") for purpose, impact in heads)


@pytest.mark.parametrize("change", CHANGES)
def test_every_question_of_the_touched_domains_is_answered(change):
    spec = read_spec(change)

    asked = [question for domain in read_json("domains.json") if domain["slug"] in spec["domains"] for question in domain["considerations"]]

    assert list(spec["considerations"]) == asked
    assert all(spec["considerations"].values())


@pytest.mark.parametrize("change", CHANGES)
def test_every_query_of_a_check_script_says_what_it_asks(change):
    queries = [statement for script in scripts(change, ScriptKind.CHECK) for statement in script.statements]

    declared = checks(change)

    assert len(declared) == len(queries) > 0
    assert {check["question"] for check in declared} <= set(Question)
    assert {check["moment"] for check in declared} <= set(Moment)


def test_main_change_answers_all_six_questions():
    answered = {check["question"] for check in checks("bids_pricing_model")}

    assert answered == set(Question)


@pytest.mark.parametrize("change", CHANGES)
def test_every_pair_goes_forward_and_back_to_the_same_schema_and_forward_again(make_database, change):
    url = with_requirements(make_database, change)
    pairs = list(zip(scripts(change, ScriptKind.FORWARD), scripts(change, ScriptKind.ROLLBACK), strict=True))
    before, back, after = [schema_text(url)], [], []

    for forward, rollback in pairs:
        execute(url, forward)
        execute(url, rollback)
        back.append(schema_text(url))
        execute(url, forward)
        after.append(schema_text(url))

    states = [*before, *after]
    assert back == states[:-1]
    assert len(set(states)) == len(states)


@pytest.mark.parametrize("change", CHANGES)
def test_checks_hold_on_the_fixture(make_database, change):
    url = with_requirements(make_database, change)
    constant = [check for check in checks(change) if check["expect"] == "unchanged"]
    later = [check for check in checks(change) if check["expect"] != "unchanged" and check["moment"] != "before"]
    earlier = [check for check in checks(change) if check["moment"] == "before"]

    before = [rows(url, check["sql"]) for check in constant]
    results = [(check, rows(url, check["sql"])) for check in earlier]
    for script in scripts(change, ScriptKind.FORWARD):
        execute(url, script)
    results += [(check, rows(url, check["sql"])) for check in later]

    assert [rows(url, check["sql"]) for check in constant] == before
    assert [check["name"] for check, found in results if not holds(check["expect"], found)] == []


def holds(expect: str, found: list[tuple]) -> bool:
    match expect.split(" ", 1):
        case ["no", "rows"]:
            return found == []
        case ["rows"]:
            return found != []
        case ["value", value]:
            return [tuple(map(str, row)) for row in found] == [(value,)]
    return False


def test_flag_comes_back_with_the_values_that_it_had(make_database):
    url = with_requirements(make_database, "drop_legacy_flag")
    flags = "SELECT contractor_id, skill_id, legacy_certified FROM contractor_skills ORDER BY 1, 2"
    before = rows(url, flags)

    for kind in (ScriptKind.FORWARD, ScriptKind.ROLLBACK):
        for script in scripts("drop_legacy_flag", kind):
            execute(url, script)

    assert rows(url, flags) == before
    assert {flag for _, _, flag in before} == {True, False}
