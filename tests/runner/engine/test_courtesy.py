"""The runner waits for long transactions where nobody has to wait behind it."""

import threading
import time
from dataclasses import replace
from random import Random

import psycopg
import pytest

from governance.analysis.locks import Lock, LockMode
from governance.orders import RunStatus, Wish
from runner.engine.courtesy import in_the_way
from runner.engine.execute import execute
from tests.runner.orders import QUICK, Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;"}
PATIENT = replace(QUICK, patience=20, lock_timeout=0.2)


def lock(mode):
    return [Lock("public.users", mode)]


def test_change_waits_for_a_long_reader_without_queueing_and_needs_one_attempt(users, target):
    portal, outcomes = Portal(), []
    with psycopg.connect(users, application_name="long report") as reader:
        reader.execute("SELECT count(*) FROM users")
        time.sleep(PATIENT.lock_timeout)
        run = threading.Thread(target=lambda: outcomes.append(execute(make_order(ADD, limits=PATIENT), users, portal)))
        run.start()
        queued = [_queue_length(target) for _ in range(40)]
    run.join()

    assert outcomes[0].status is RunStatus.SUCCEEDED, outcomes[0].message
    assert outcomes[0].steps[0].attempts == 1
    assert set(queued) == {0}
    assert any("waits, without queueing, for long report (pid" in step.note and "idle in transaction" in step.note for step in portal.told)


def _queue_length(connection):
    time.sleep(0.02)
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # others test on the same server
    return connection.execute(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND {here}").fetchone()[0]


def test_patience_has_an_end_and_then_the_lock_is_tried_for(users):
    with psycopg.connect(users) as reader:
        reader.execute("SELECT count(*) FROM users")
        time.sleep(0.2)

        outcome = execute(make_order(ADD, limits=replace(QUICK, patience=0.3, attempts=2)), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "(55P03)" in outcome.message


def test_person_can_stop_a_run_that_waits_for_others(users):
    def portal(step):
        return Wish.STOP if "without queueing" in step.note else Wish.NONE

    with psycopg.connect(users) as reader:
        reader.execute("SELECT count(*) FROM users")
        time.sleep(0.2)

        outcome = execute(make_order(ADD, limits=PATIENT), users, portal)

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "Stopped on request." in outcome.message


@pytest.mark.parametrize(
    ("mode", "held", "hindered"),
    [
        (LockMode.ACCESS_EXCLUSIVE, "ACCESS SHARE", True),
        (LockMode.EXCLUSIVE, "ACCESS SHARE", False),
        (LockMode.SHARE_ROW_EXCLUSIVE, "ROW EXCLUSIVE", True),
        (LockMode.SHARE_ROW_EXCLUSIVE, "ROW SHARE", False),
        (LockMode.SHARE, "SHARE", False),
        (LockMode.SHARE, "ROW EXCLUSIVE", True),
    ],
)
def test_only_locks_that_conflict_are_in_the_way(users, target, mode, held, hindered):
    with psycopg.connect(users) as other:
        other.execute(f"LOCK TABLE users IN {held} MODE")

        assert bool(in_the_way(target, lock(mode), 0)) is hindered


def test_young_transaction_is_not_in_the_way(users, target):
    with psycopg.connect(users) as reader:
        reader.execute("SELECT count(*) FROM users")

        assert in_the_way(target, lock(LockMode.ACCESS_EXCLUSIVE), 60) == ""


def test_validation_may_take_longer_than_a_statement_under_a_lock(users, target):
    target.execute("ALTER TABLE users ADD COLUMN level int")
    target.execute("CREATE FUNCTION slowly(int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(0.001) IS NOT NULL'")
    target.execute("ALTER TABLE users ADD CONSTRAINT checked CHECK (slowly(id)) NOT VALID")
    limits = replace(QUICK, statement_timeout=0.3)
    validate = {"V20261122_0900__validate.sql": "ALTER TABLE users VALIDATE CONSTRAINT checked;"}
    under_lock = {
        "V20261122_0910__under_lock.sql": "ALTER TABLE users ADD COLUMN more int;\nALTER TABLE users VALIDATE CONSTRAINT checked;"
    }

    hurried = execute(make_order(under_lock, limits=limits), users, Portal(), Random(1))
    patient = execute(make_order(validate, limits=limits), users, Portal())

    assert patient.status is RunStatus.SUCCEEDED, patient.message
    assert hurried.status is RunStatus.FAILED_CLEAN
    assert "(57014)" in hurried.message
