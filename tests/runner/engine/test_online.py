"""Scripts that PostgreSQL lets nobody run inside a transaction."""

import threading
import time
from dataclasses import replace

import psycopg
import pytest

from governance.orders import RunStatus, StepStatus, Wish
from governance.versions import read_script
from runner.engine import probes
from runner.engine.execute import execute
from runner.engine.probes import Effect
from tests.runner.orders import QUICK, Portal, make_order

INDEX = {"V20261122_0900__index_names.sql": "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_name ON users (name);"}
TWO_INDEXES = {
    "V20261122_0900__index_names.sql": """
CREATE INDEX CONCURRENTLY users_id ON users (id);
CREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name);
"""
}


def validity(connection, name="users_name"):
    row = connection.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name]).fetchone()
    return row[0] if row else None


def journal(connection):
    return [status for (status,) in connection.execute("SELECT status FROM lockgate.journal ORDER BY script, position")]


def statement(text):
    [found] = read_script("V20261122_0900__probe.sql", text).statements
    return found


def test_index_is_built_and_journalled(users, target):
    outcome = execute(make_order(INDEX), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert validity(target) is True
    assert journal(target) == ["done"]
    assert target.execute("SELECT version FROM flyway_schema_history").fetchall() == [("20261122.0900",)]
    assert outcome.longest_lock == 0


def test_index_does_not_time_out_while_it_waits_for_a_long_transaction(users, target):
    outcomes = []
    with psycopg.connect(users) as writer:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        run = threading.Thread(target=lambda: outcomes.append(execute(make_order(INDEX), users, Portal())))
        run.start()
        time.sleep(5 * QUICK.lock_timeout)
    run.join()

    assert outcomes[0].status is RunStatus.SUCCEEDED, outcomes[0].message


def test_failed_index_is_dirty_while_invalid_and_rebuilt_by_the_next_attempt(users, target):
    target.execute("INSERT INTO users VALUES (1001, 'user 1')")
    order = make_order(INDEX)

    failed = execute(order, users, Portal())
    left_behind = validity(target)
    target.execute("DELETE FROM users WHERE id = 1001")
    resumed = execute(order, users, Portal())

    assert failed.status is RunStatus.FAILED_DIRTY
    assert "(23505)" in failed.message
    assert "Partly applied: V20261122_0900__index_names.sql." in failed.message
    assert left_behind is False
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert validity(target) is True


def test_failing_statement_keeps_those_before_it_and_is_where_the_next_attempt_goes_on(users, target):
    target.execute("INSERT INTO users VALUES (1001, 'user 1')")
    order = make_order(TWO_INDEXES)

    failed = execute(order, users, Portal())
    target.execute("DELETE FROM users WHERE id = 1001")
    resumed = execute(order, users, Portal())

    assert failed.status is RunStatus.FAILED_DIRTY
    assert failed.applied == ()
    assert [step.status for step in failed.steps] == [StepStatus.DONE, StepStatus.FAILED]
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert [step.status for step in resumed.steps] == [StepStatus.SKIPPED, StepStatus.DONE]
    assert resumed.applied == ("20261122_0900",)


def test_statement_without_effect_that_fails_is_clean(users, target):
    scripts = {"V20261122_0900__index.sql": "CREATE INDEX CONCURRENTLY users_nothing ON users (nothing);"}

    outcome = execute(make_order(scripts), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert journal(target) == ["failed"]


def test_stop_cancels_the_build_and_tells_what_is_left(users, target):
    with psycopg.connect(users) as writer:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        portal = _stop_at_third_word()

        outcome = execute(make_order(INDEX), users, portal)

    assert outcome.seconds < QUICK.online_timeout / 2
    assert outcome.status is RunStatus.FAILED_DIRTY
    assert "Stopped on request. Partly applied" in outcome.message


def _stop_at_third_word():
    told = []

    def portal(step):
        told.append(step)
        return Wish.STOP if len(told) > 2 else Wish.NONE

    return portal


def test_short_lock_timeout_holds_for_what_is_not_concurrent(users, target):
    scripts = {"V20261122_0900__vacuum.sql": "VACUUM FULL users;"}
    with psycopg.connect(users) as reader:
        reader.execute("SELECT count(*) FROM users")

        outcome = execute(
            make_order(scripts, limits=replace(QUICK, attempts=2), known_blockers=frozenset({"prefer-repack"})), users, Portal()
        )

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert outcome.steps[0].attempts == 2
    assert "(55P03)" in outcome.message


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("CREATE INDEX CONCURRENTLY there ON users (name)", Effect.PRESENT),
        ('-- first\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "there" ON public.users (name)', Effect.PRESENT),
        ("CREATE INDEX CONCURRENTLY broken ON users (name)", Effect.LEFTOVER),
        ("CREATE INDEX CONCURRENTLY missing ON users (name)", Effect.ABSENT),
        ("CREATE INDEX CONCURRENTLY there ON nowhere (name)", Effect.ABSENT),
        ("CREATE INDEX CONCURRENTLY ON users (name)", Effect.UNKNOWN),
        ("DROP INDEX CONCURRENTLY there", Effect.ABSENT),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.missing", Effect.PRESENT),
        ("VACUUM users", Effect.ABSENT),
        ("REINDEX TABLE CONCURRENTLY users", Effect.UNKNOWN),
        ("ALTER SYSTEM SET work_mem = '8MB'", Effect.UNKNOWN),
    ],
)
def test_catalogue_tells_whether_a_statement_took_effect(target, text, effect):
    target.execute("CREATE INDEX there ON users (name); CREATE INDEX broken ON users (name)")
    target.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")

    assert probes.probe(target, statement(text)) is effect


def test_invalid_index_that_somebody_is_building_is_left_to_them(users, target):
    with psycopg.connect(users) as writer, psycopg.connect(users, autocommit=True) as builder:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        build = threading.Thread(target=builder.execute, args=["CREATE INDEX CONCURRENTLY users_name ON users (name)"])
        build.start()
        while validity(target) is None:
            time.sleep(0.01)

        probes.drop_leftover(target, statement("CREATE INDEX CONCURRENTLY users_name ON users (name)"))

        assert validity(target) is False
        writer.rollback()
        build.join()
    assert validity(target) is True
