"""Verification while others write, by runs that are resumed, and of backfills batch by batch."""

import psycopg
import pytest

from governance.orders import RunStatus, Verdict
from governance.validation import Builtin
from governance.validation.uses import make
from runner.engine import ledger, verify
from runner.engine.execute import execute
from runner.engine.session import open_session
from runner.engine.verify import reading
from tests.runner.orders import Portal, make_order

BIDS = """
CREATE TABLE bids (id int PRIMARY KEY, amount int, cents int, note text);
INSERT INTO bids SELECT n, n % 100, NULL, 'bid ' || n FROM generate_series(1, 3000) AS n;
"""
CHECKSUM = make(Builtin.CHECKSUM, "public.bids", without=("cents",))
BATCHES = make(Builtin.BATCHES, "public.bids", without=("cents",))
FILL = "-- lockgate: batched max_rows=500\nUPDATE bids SET cents = amount * 100;"
SEEN = frozenset({"changing-column-type"})
NAME = "V20261122_0900__change.sql"


def result(outcome, check):
    return next(each for each in outcome.checks if each.name == check.name)


def run(url, script, *checks):
    order = make_order({NAME: script}, checks=checks)
    return execute(order, url, Portal())


class Client(Portal):
    """Changes a row whenever a statement is told, as a customer might."""

    def __init__(self, url, statement):
        super().__init__()
        self.url, self.statement = url, statement

    def __call__(self, step):
        if step.position and not any(each.position for each in self.told):
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(self.statement)
        return super().__call__(step)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE bids SET note = 'mine' WHERE id = 5", "INSERT INTO bids VALUES (9999, 1, 1, 'new')", "DELETE FROM bids WHERE id = 7"],
)
def test_what_others_write_meanwhile_is_not_blamed_on_the_change(make_database, statement):
    url = make_database(BIDS)
    order = make_order({NAME: "UPDATE bids SET cents = 1 WHERE id = 3;"}, checks=(CHECKSUM,))

    outcome = execute(order, url, Client(url, statement))

    found = result(outcome, CHECKSUM)
    assert outcome.status is RunStatus.SUCCEEDED
    assert found.verdict is Verdict.PASSED
    assert "written by others meanwhile" in found.evidence


def test_what_the_change_wrote_is_told_from_what_others_wrote(make_database):
    url = make_database(BIDS)
    order = make_order({NAME: "UPDATE bids SET cents = 1, note = 'spoiled' WHERE id = 3;"}, checks=(CHECKSUM,))

    outcome = execute(order, url, Client(url, "UPDATE bids SET note = 'mine' WHERE id = 5"))

    found = result(outcome, CHECKSUM)
    assert (found.verdict, found.sample) == (Verdict.FAILED, ("3",))
    assert "written by this change" in found.evidence


def test_who_wrote_a_row_of_a_rewritten_table_is_unknown(make_database):
    url = make_database(BIDS)
    order = make_order({NAME: "ALTER TABLE bids ALTER COLUMN cents TYPE bigint;"}, checks=(CHECKSUM,), known_blockers=SEEN)

    outcome = execute(order, url, Client(url, "UPDATE bids SET note = 'mine' WHERE id = 5"))

    found = result(outcome, CHECKSUM)
    assert (found.verdict, found.sample) == (Verdict.UNKNOWN, ("5",))
    assert "rewritten" in found.evidence


def test_batches_that_leave_the_rest_alone_pass(make_database):
    outcome = run(make_database(BIDS), FILL, BATCHES, CHECKSUM)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert result(outcome, BATCHES).evidence.startswith("3,000 rows in ")
    assert result(outcome, CHECKSUM).evidence == "3,000 rows, none differs"


def test_a_batch_that_would_change_what_it_has_to_leave_alone_is_rolled_back(make_database):
    spoiling = """
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.id = 1234 THEN NEW.note = 'spoiled'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER spoils BEFORE UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION spoil();"""
    url = make_database(BIDS + spoiling)

    outcome = run(url, FILL, BATCHES)

    assert outcome.status is RunStatus.FAILED_DIRTY
    assert "rows 1234 would not keep their amount, note" in outcome.message
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM bids WHERE note = 'spoiled'").fetchone() == (0,)


def test_a_checksum_that_was_cut_off_goes_on_where_it_stopped(make_database, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_SIZE", 1000)
    url = make_database(BIDS)
    order = make_order({NAME: "UPDATE bids SET cents = 1 WHERE id = 3;"}, checks=(CHECKSUM,))
    with open_session(order, url) as session:
        ledger.create(session)
        verify.keep_baseline(session)
        kept = session.connection.execute("SELECT count(*), sum(rows) FROM lockgate.chunk").fetchone()
        session.connection.execute(
            "DELETE FROM lockgate.chunk WHERE number > 1; DELETE FROM lockgate.baseline; DELETE FROM lockgate.evidence"
        )
        session.connection.execute("UPDATE lockgate.chunk SET total = total + 1")  # the mark by which it is known again

        verify.keep_baseline(session)

        again = session.connection.execute("SELECT count(*), sum(rows) FROM lockgate.chunk").fetchone()
        [found] = verify.verify(session, [CHECKSUM], verify.kept_baseline(session))
    assert kept[1] == again[1] == 3000
    assert found.verdict is Verdict.FAILED  # the first range is still the marked one


def test_a_table_without_a_key_is_compared_though_no_row_can_be_named(make_database):
    url = make_database("CREATE TABLE bids (amount int, cents int); INSERT INTO bids SELECT n, NULL FROM generate_series(1, 100) AS n;")

    outcome = run(url, "UPDATE bids SET amount = 0 WHERE amount = 7;", CHECKSUM)

    assert (result(outcome, CHECKSUM).verdict, result(outcome, CHECKSUM).sample) == (Verdict.FAILED, ())
    assert "cannot be named" in result(outcome, CHECKSUM).evidence


AUDITING = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$;
CREATE TRIGGER touching AFTER UPDATE OF cents ON bids FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION touch();
"""
HIDDEN = "BEGIN UPDATE bids SET note = 'x' WHERE id = 4; EXCEPTION WHEN others THEN NULL; END;"


def test_row_that_a_trigger_wrote_in_a_subtransaction_is_not_taken_for_somebody_elses(make_database):
    url = make_database(BIDS + AUDITING.format(body=HIDDEN))

    found = result(run(url, "UPDATE bids SET cents = 1 WHERE id = 3;", CHECKSUM), CHECKSUM)

    assert (found.verdict, found.sample) == (Verdict.UNKNOWN, ("4",))
    assert "a trigger runs code that writes under numbers of its own, so who wrote them cannot be told" in found.evidence


def test_row_that_was_written_before_the_changes_transaction_is_others_all_the_same(make_database):
    url = make_database(BIDS + AUDITING.format(body=HIDDEN.replace("= 4", "= -4")))
    order = make_order({NAME: "UPDATE bids SET cents = 1 WHERE id = 3;"}, checks=(CHECKSUM,))

    outcome = execute(order, url, Client(url, "UPDATE bids SET note = 'mine' WHERE id = 5"))

    found = result(outcome, CHECKSUM)
    assert (found.verdict, "written by others meanwhile" in found.evidence) == (Verdict.PASSED, True), found.evidence


def test_rows_that_a_trigger_removes_are_not_taken_for_somebody_elses(make_database):
    url = make_database(BIDS + AUDITING.format(body="DELETE FROM bids WHERE id = 4;"))

    found = result(run(url, "UPDATE bids SET cents = 1 WHERE id = 3;", CHECKSUM), CHECKSUM)

    assert found.verdict is Verdict.FAILED
    assert "1 row is gone" in found.evidence
