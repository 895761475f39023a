from dataclasses import replace

import psycopg
import pytest

from governance.orders import Check, Limits, Moment, Question, RunKind, RunStatus, StepStatus, Verdict, Wish
from runner.engine import snapshot
from runner.engine.execute import execute
from tests.runner.orders import QUICK, Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;\nUPDATE users SET level = 1 WHERE id < 3;"}
USE = {"V20261122_0910__use_levels.sql": "ALTER TABLE users ALTER COLUMN level SET DEFAULT 0;"}
LIMITS = replace(QUICK, lock_timeout=0.5)


@pytest.fixture
def big(target):
    """A table that is too large to rewrite in half a second."""
    target.execute("CREATE TABLE bids AS SELECT number AS id, repeat('x', 200) AS note FROM generate_series(1, 100000) AS number")
    target.execute("VACUUM ANALYZE bids")


def dry(url, scripts, portal=None, limits=LIMITS, **changes):
    return execute(make_order(scripts, kind=RunKind.DRY_RUN, limits=limits, **changes), url, portal or Portal())


def trace(target):
    tables = target.execute("SELECT relname, relnatts FROM pg_class WHERE relnamespace >= 2200 ORDER BY oid").fetchall()
    rows = target.execute("SELECT md5(string_agg(users::text, ',' ORDER BY id)) FROM users").fetchone()
    return snapshot.read(target).fingerprint, tables, rows, target.execute("SELECT nspname FROM pg_namespace").fetchall()


def test_dry_run_executes_everything_quick_and_leaves_nothing_behind(users, target):
    before = trace(target)

    outcome = dry(users, {**ADD, **USE}, counted=("public.users",))

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.message == "3 executed and rolled back, 0 only looked at, of 3 statements. It left 2 dead rows for VACUUM."
    assert [(step.status, step.rows) for step in outcome.steps] == [(StepStatus.DONE, None), (StepStatus.DONE, 2), (StepStatus.DONE, None)]
    assert outcome.wal_bytes > 0
    assert outcome.longest_lock > 0
    assert outcome.applied == ()
    assert trace(target) == before


def test_sequence_that_moved_on_is_said(users, target):
    target.execute("CREATE SEQUENCE numbers")
    target.execute("SELECT nextval('numbers')")

    outcome = dry(users, {"V20261122_0900__insert.sql": "INSERT INTO users SELECT 5000 + nextval('numbers'), 'new';"})

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.message.endswith("Sequences that moved on meanwhile, by it or by others: public.numbers.")


def test_failing_statement_is_found(users, target):
    before = trace(target)

    outcome = dry(users, {**ADD, "V20261122_0910__fail.sql": "ALTER TABLE users ALTER COLUMN ranks SET DEFAULT 0;"})

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "V20261122_0910__fail.sql, line 1" in outcome.message
    assert "(42703)" in outcome.message
    assert [step.status for step in outcome.steps] == [StepStatus.UNDONE, StepStatus.UNDONE, StepStatus.FAILED]
    assert trace(target) == before


@pytest.mark.usefixtures("big")
def test_slow_statement_is_only_looked_at_and_what_needs_it_too(users):
    scripts = {
        "V20261122_0900__rewrite.sql": "UPDATE bids SET note = upper(note);\nALTER TABLE users ADD COLUMN level int;",
        "V20261122_0910__new.sql": "CREATE INDEX CONCURRENTLY users_name ON users (name);",
        "V20261122_0920__next.sql": "ALTER TABLE users ALTER COLUMN level SET DEFAULT 0;",
    }

    outcome = dry(users, scripts)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert [step.status for step in outcome.steps] == [StepStatus.SKIPPED, StepStatus.DONE, StepStatus.SKIPPED, StepStatus.SKIPPED]
    notes = [step.note for step in outcome.steps]
    assert "others could wait for it for up to" in notes[0]
    assert notes[0].endswith("it can be planned")
    assert "cannot run inside a transaction" in notes[2]
    assert "may need a statement that was left out" in notes[3]


@pytest.mark.usefixtures("big")
def test_slow_statement_that_cannot_be_planned_fails(users):
    outcome = dry(users, {"V20261122_0900__rewrite.sql": "UPDATE bids SET nothing = upper(note);"})

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "(42703)" in outcome.message


def test_statement_that_takes_longer_than_forecast_is_cancelled(users, target):
    target.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN new; END'")
    target.execute("CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow()")

    outcome = dry(users, ADD)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.seconds < 4
    assert "took longer than forecast and was cancelled" in outcome.steps[1].note


def test_dry_run_gives_way_like_a_real_run(users):
    with psycopg.connect(users) as reader:
        reader.execute("SELECT count(*) FROM users")

        outcome = dry(users, ADD, limits=Limits(attempts=2, first_pause=0.05))

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "(55P03)" in outcome.message
    assert outcome.steps[0].attempts == 2


@pytest.mark.parametrize(("expect", "status"), [("rows", RunStatus.SUCCEEDED), ("no rows", RunStatus.FAILED_CLEAN)])
def test_check_inside_the_transaction_is_asked(users, expect, status):
    check = Check("levels", Question.ACCURACY, Moment.IN_TRANSACTION, "SELECT 1 FROM users WHERE level = 1", expect)

    outcome = dry(users, ADD, checks=(check,))

    assert outcome.status is status
    assert outcome.checks[0].verdict is (Verdict.PASSED if expect == "rows" else Verdict.FAILED)


def test_stopped_dry_run_leaves_nothing(users, target):
    before = trace(target)

    outcome = dry(users, ADD, Portal({2: Wish.STOP}))

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "Stopped on request." in outcome.message
    assert trace(target) == before
