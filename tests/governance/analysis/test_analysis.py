"""analyse(): from scripts to class, tables, domains, sentence and JSON."""

import json
import time

import pytest

from governance.analysis import Change, Surroundings, analyse
from governance.analysis.locks import LockMode
from governance.analysis.reading import read_any
from governance.orders import ScriptKind
from tests.governance.analysis.samples import FACTS, HEADER, analysed, script


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "ALTER TABLE bids ADD COLUMN pricing_model text; CREATE TABLE bid_line_items (id bigint)",
            "Adds pricing_model to bids and the table bid_line_items; nothing is removed.",
        ),
        ("ALTER TABLE users DROP COLUMN legacy_flag", "Removes legacy_flag from users; what it held is lost."),
        ("ALTER TABLE users ADD COLUMN a int, ADD COLUMN b int, ADD COLUMN c int", "Adds a, b and c to users; nothing is removed."),
        ("ALTER TABLE bids RENAME COLUMN amount TO total", "Renames amount to total; nothing is removed."),
        ("CREATE INDEX i ON public.bids (amount)", "Indexes bids; nothing is removed."),
        ("UPDATE bids SET amount = 1", "Writes rows of bids; nothing is removed."),
        ("DELETE FROM bids WHERE id = 1", "Deletes rows of bids; those rows are lost."),
        ("DROP VIEW v", "Removes the view v; something is removed, but no data."),
        ("GRANT SELECT ON bids TO reader", "Changes who may see or do what on bids; nothing is removed."),
        ("DO $$ BEGIN EXECUTE x; END $$", "Does something that cannot be told from its text; whether anything is removed is not known."),
        ("", "Does nothing."),
        ("SET lock_timeout = '1s'", "Changes no table; nothing is removed."),
    ],
)
def test_sentence_says_it_to_people_who_read_no_sql(text, sentence):
    assert analysed(text).sentence == sentence


def test_report_names_every_relation_that_a_statement_locks():
    (report,) = analysed("ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (user_id) REFERENCES users (id)").statements

    assert {(lock.relation, lock.mode, lock.blocks) for lock in report.locks} == {
        ("public.bids", LockMode.SHARE_ROW_EXCLUSIVE, "writes"),
        ("public.users", LockMode.SHARE_ROW_EXCLUSIVE, "writes"),
    }
    assert (report.tag, report.line, report.rewrite, report.scan, report.tables) == ("ALTER TABLE", 3, False, True, ("public.bids",))


def test_several_actions_of_a_statement_make_one_report():
    (report,) = analysed("ALTER TABLE bids ADD COLUMN a int, ALTER amount TYPE bigint, DROP COLUMN status").statements

    assert (report.change_class, report.rewrite) == ("removal", True)


def test_locks_on_a_table_of_the_same_change_block_nobody():
    reports = analysed("CREATE TABLE t (id bigint REFERENCES users (id)); CREATE INDEX ON t (id)").statements

    assert [[(lock.relation, lock.blocks) for lock in report.locks] for report in reports] == [
        [("public.t", "nothing"), ("public.users", "writes")],
        [("public.t", "nothing")],
    ]


def test_tables_and_their_domains_are_named():
    surroundings = Surroundings({"public.bids": "bidding", "public.users": "user-management", "public.messages": "messaging"})
    change = Change((script("ALTER TABLE bids ADD COLUMN a int; UPDATE users SET code = 1 WHERE id = 1"),))

    analysis = analyse(change, FACTS, surroundings)

    assert analysis.tables == ("public.bids", "public.users")
    assert analysis.domains == ("bidding", "user-management")


def test_what_happens_to_tables_is_told_apart():
    analysis = analysed(
        "CREATE TABLE t (id int); DROP TABLE settings; UPDATE bids SET amount = 1 WHERE id = 1; GRANT SELECT ON users TO reader;"
        "ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 0) NOT VALID; CREATE TABLE IF NOT EXISTS bids (id int)"
    )

    assert (analysis.created, analysis.removed, analysis.written) == (("public.t",), ("public.settings",), ("public.bids",))
    assert (analysis.secured, analysis.constraints) == (("public.users",), ("public.bids.c",))


def test_names_follow_the_search_path_of_the_target():
    assert analysed("DROP TABLE bids").tables == analysed("DROP TABLE public.bids").tables == ("public.bids",)


@pytest.mark.parametrize(
    "text",
    ["ALTER INDEX i RENAME TO j", "ALTER SEQUENCE s RENAME TO u", "ALTER INDEX i SET (fillfactor = 70)", "DROP INDEX i", "DROP TYPE t"],
)
def test_only_tables_and_views_count_as_tables(text):
    assert analysed(text).tables == ()


def test_rollback_decides_neither_class_nor_tables():
    analysis = analysed("ALTER TABLE bids ADD COLUMN a int", rollback="ALTER TABLE bids DROP COLUMN a; DROP TABLE settings")

    assert (analysis.change_class, analysis.tables) == ("additive", ("public.bids",))


def test_json_is_plain_and_complete():
    analysis = analysed("CREATE INDEX ON bids (status)")

    found = analysis.as_json()

    assert json.loads(json.dumps(found)) == found
    assert found["blocking"] == ["require-concurrent-index-creation"]
    assert found["statements"][0]["locks"] == [
        {
            "relation": "public.bids",
            "mode": "ShareLock",
            "rewrite": False,
            "scan": True,
            "fresh": False,
            "reindex": True,
            "unplannable": False,
            "blocks": "writes",
        }
    ]


def test_thousand_statements_take_less_than_a_second():
    text = HEADER + "\n".join(f"ALTER TABLE bids ADD COLUMN c{n} numeric(10, 2) DEFAULT 0;" for n in range(1_000))
    change = Change((script(text),))
    began = time.process_time()

    analysis = analyse(change, FACTS)

    assert len(analysis.statements) == 1_000
    assert time.process_time() - began < 1


def test_rollback_scripts_are_judged_from_the_last_to_the_first_as_they_are_executed():
    texts = {
        "V20260101_0900__a.sql": "ALTER TABLE bids ADD COLUMN model text",
        "V20260101_0910__b.sql": "CREATE INDEX CONCURRENTLY bids_model ON bids (model)",
        "R20260101_0900__a.sql": "ALTER TABLE bids DROP COLUMN model",
        "R20260101_0910__b.sql": "DROP INDEX CONCURRENTLY bids_model",
    }
    scripts = tuple(
        read_any(name, text, ScriptKind.ROLLBACK if name[0] == "R" else ScriptKind.FORWARD).script for name, text in texts.items()
    )

    undoing = {report.tag: report.locks for report in analyse(Change(scripts), FACTS).undoing}

    assert [lock.relation for lock in undoing["DROP INDEX CONCURRENTLY"]] == ["public.bids"]
