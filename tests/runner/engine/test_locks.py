"""A run among other sessions: nobody waits for it longer than the lock timeout, and it waits for nobody inside a queue."""

import threading
import time
from dataclasses import replace
from random import Random

import psycopg

from governance.errors import TargetBusy
from governance.orders import Limits, RunStatus, StepStatus, Wish
from runner.engine import session
from runner.engine.execute import execute
from tests.runner.orders import QUICK, Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;\nUPDATE users SET level = 1;"}


def test_reader_delays_the_change_and_not_the_other_readers(users, target):
    """The queue behind a waiting ALTER TABLE must never be longer than the lock timeout."""
    limits = Limits(lock_timeout=0.2, attempts=50, first_pause=0.1, longest_pause=0.3, patience=0)
    waits = []
    with psycopg.connect(users, application_name="long report") as reader:
        reader.execute("SELECT count(*) FROM users")
        run = threading.Thread(target=lambda: waits.append(execute(make_order(ADD, limits=limits), users, Portal(), Random(7))))
        run.start()
        delays = [_read(target) for _ in range(150)]
    run.join()

    outcome = waits[0]
    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.steps[0].attempts > 1
    assert max(delays) < 0.2 + 0.25
    assert outcome.longest_lock < 1


def _read(connection):
    began = time.monotonic()
    connection.execute("SELECT count(*) FROM users")
    elapsed = time.monotonic() - began
    time.sleep(0.01)
    return elapsed


def test_lock_that_is_never_to_be_had_fails_clean_and_names_who_holds_it(users):
    portal = Portal()
    with psycopg.connect(users, application_name="long report") as reader:
        reader.execute("SELECT count(*) FROM users")

        outcome = execute(make_order(ADD, limits=replace(QUICK, lock_timeout=0.5)), users, portal)

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "(55P03)" in outcome.message
    assert "waits for long report (pid" in outcome.message
    assert outcome.steps[0].attempts == QUICK.attempts
    assert any("tries again after" in step.note for step in portal.told)


def test_deadlock_is_tried_again(users, target):
    target.execute("CREATE TABLE other (id int); SET deadlock_timeout = '10s'")
    target.execute("ALTER DATABASE " + target.info.dbname + " SET deadlock_timeout = '50ms'")
    scripts = {"V20261122_0900__both.sql": "LOCK TABLE users;\nSELECT pg_sleep(0.3);\nLOCK TABLE other;\nCREATE TABLE fine (id int);"}
    waited = []

    def client():
        with psycopg.connect(users) as connection:
            connection.execute("SET deadlock_timeout = '20s'")
            connection.execute("LOCK TABLE other")
            connection.execute("LOCK TABLE users")
            waited.append("got both")

    def portal(step):
        if step.position == 2 and step.attempts == 1 and step.status is StepStatus.RUNNING and not step.seconds:
            thread.start()
        return Wish.NONE

    thread = threading.Thread(target=client)
    outcome = execute(make_order(scripts, limits=replace(QUICK, lock_timeout=5, attempts=5)), users, portal)
    thread.join()

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.steps[0].attempts == 2
    assert waited == ["got both"]


def test_two_runs_of_one_order_at_once_apply_it_once(users, target, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 10.0)
    order, outcomes = make_order(ADD), []
    runs = [threading.Thread(target=lambda: outcomes.append(_execute_or_refuse(order, users))) for _ in range(2)]

    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert RunStatus.SUCCEEDED in outcomes
    assert set(outcomes) <= {RunStatus.SUCCEEDED, "TargetBusy"}
    assert target.execute("SELECT count(*) FROM flyway_schema_history").fetchone() == (1,)


def _execute_or_refuse(order, url):
    try:
        return execute(order, url, Portal()).status
    except TargetBusy as refusal:
        return refusal.code
