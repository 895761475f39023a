"""Each statement is judged by what those before it have left, and a rollback by what the whole change has left."""

import pytest

from governance.analysis import Change, analyse
from governance.analysis.decode import actions
from governance.analysis.scene import Catalogue, Scene
from governance.analysis.statements import parse
from governance.orders import ScriptKind
from tests.governance.analysis.samples import FACTS, analysed, script


def undone(forward: str, rollback: str, facts=FACTS) -> set[tuple[str, str]]:
    """What the rollback locks."""
    analysis = analyse(Change((script(forward), script(rollback, ScriptKind.ROLLBACK))), facts)
    return {(lock.relation.removeprefix("public."), lock.mode) for report in analysis.undoing for lock in report.locks}


@pytest.mark.parametrize("facts", [FACTS, None])
@pytest.mark.parametrize(
    ("forward", "rollback", "locked"),
    [
        ("CREATE TABLE t (id bigint, user_id bigint REFERENCES users (id))", "DROP TABLE t", {"t", "users"}),
        ("CREATE TABLE t (id bigserial)", "DROP TABLE t", {"t", "t_id_seq"}),
        (
            "ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES users (id)",
            "ALTER TABLE bids DROP CONSTRAINT c",
            {"bids", "users"},
        ),
        ("ALTER TABLE bids ADD FOREIGN KEY (a) REFERENCES users", "ALTER TABLE bids DROP CONSTRAINT bids_a_fkey", {"bids", "users"}),
        ("ALTER TABLE bids ADD COLUMN a bigint REFERENCES users (id)", "ALTER TABLE bids DROP COLUMN a", {"bids", "users"}),
        ("CREATE INDEX i ON bids (a)", "DROP INDEX i", {"bids"}),
        ("CREATE INDEX i ON bids (a); ALTER INDEX i RENAME TO j", "DROP INDEX j", {"bids"}),
        ("CREATE VIEW v AS SELECT id FROM bids; CREATE VIEW w AS SELECT id FROM v", "DROP VIEW v CASCADE", {"v", "w"}),
        ("CREATE TABLE t (id bigint); ALTER TABLE t RENAME TO u", "DROP TABLE u", {"u"}),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
            "CREATE TRIGGER g AFTER INSERT ON bids FOR EACH ROW EXECUTE FUNCTION f()",
            "DROP FUNCTION f() CASCADE",
            {"bids"},
        ),
    ],
)
def test_a_rollback_locks_what_the_change_has_tied_together(forward, rollback, locked, facts):
    found = undone(forward, rollback, facts)

    assert found == {(relation, "AccessExclusiveLock") for relation in locked}


def test_what_a_change_has_made_is_in_use_when_it_is_rolled_back():
    change = Change((script("CREATE TABLE t (id bigint)"), script("ALTER TABLE t ADD CHECK (id > 0)", ScriptKind.ROLLBACK)))

    analysis = analyse(change, FACTS)

    assert [lock.blocks for lock in analysis.undoing[0].locks] == ["reads and writes"]
    assert "constraint-missing-not-valid" in {finding.code for finding in analysis.findings}


def test_a_table_that_takes_the_place_of_a_dropped_one_is_new():
    text = (
        "ALTER TABLE bids RENAME TO bids_old; CREATE TABLE bids (id bigint); CREATE INDEX ON bids (id); CREATE INDEX ON bids_old (amount)"
    )

    blocked = [{lock.relation: lock.blocks for lock in report.locks} for report in analysed(text).statements]

    assert blocked[2] == {"public.bids": "nothing"}
    assert blocked[3] == {"public.bids_old": "writes"}


def test_facts_that_were_taken_when_the_change_was_done_already_stay_as_they_are():
    text = "ALTER TABLE users ADD COLUMN phone integer; CREATE TABLE bids (id bigint); ALTER TABLE users ALTER phone TYPE varchar"

    reports = analysed(text).statements

    assert [lock.fresh for lock in reports[1].locks] == [False]
    assert not reports[2].rewrite  # it is text, as the target said


def test_statement_that_makes_a_table_knows_it_as_new_without_a_copy_of_all_that_are():
    """Otherwise a script of ten thousand new tables copies ten thousand dictionaries."""
    scene = Scene(Catalogue.of(None))
    [action] = actions(parse("CREATE TABLE notes (id bigint)")[0])

    during = scene.during(action)

    assert during.is_new("notes")
    assert during.created is scene.created
    assert not scene.is_new("notes")
