"""Runners that die, sleep, or meet."""

import multiprocessing
import os
import signal
import threading
import time
from random import Random

import psycopg
import pytest

from governance.errors import TargetBusy
from governance.orders import Limits, RunStatus, Step, Wish
from runner.engine import reconcile, session
from runner.engine.execute import execute
from runner.engine.work import rest
from tests.runner.engine.conftest import target, users
from tests.runner.engine.test_faults import ADD, INDEX, applied, killed_while, silent
from tests.runner.orders import Portal, make_order

__all__ = ["target", "users"]
SLOW = {**ADD, "V20261122_0910__wait.sql": "CREATE TABLE waited (id int);\nSELECT pg_sleep(1.5);"}


def test_runner_killed_before_its_first_statement_has_done_nothing(users, target):
    order = make_order(ADD)

    with psycopg.connect(users) as holder:
        holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with killed_while("query NOT LIKE '%ALTER TABLE%' AND wait_event_type = 'Lock'", order, users, target):
            holder.rollback()
    outcome = reconcile.resolve(order, users)
    again = execute(order, users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN, outcome.message
    assert target.execute("SELECT count(*) FROM flyway_schema_history").fetchone() == (1,)
    assert again.status is RunStatus.SUCCEEDED, again.message


def test_runner_that_sleeps_keeps_others_out_and_applies_everything_once(users, target, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)
    order = make_order(SLOW)
    runner = multiprocessing.get_context("spawn").Process(target=execute, args=(order, users, silent))
    runner.start()
    sleeps = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid() AND datname = current_database()"
    while not target.execute(sleeps).fetchone():
        assert runner.is_alive()
        time.sleep(0.02)

    os.kill(runner.pid, signal.SIGSTOP)
    with pytest.raises(TargetBusy):
        execute(order, users, Portal())
    os.kill(runner.pid, signal.SIGCONT)
    runner.join()
    outcome = reconcile.resolve(order, users)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert applied(target) == [("20261122.0900",), ("20261122.0910",)]


def test_second_runner_does_not_deadlock_with_a_concurrent_index(users, target, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.5)
    outcomes = []
    with psycopg.connect(users) as writer:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        first = threading.Thread(target=lambda: outcomes.append(execute(make_order(INDEX), users, Portal())))
        first.start()
        while not target.execute("SELECT 1 FROM pg_stat_progress_create_index").fetchone():
            time.sleep(0.02)

        with pytest.raises(TargetBusy):
            execute(make_order(ADD), users, Portal())
        writer.rollback()
    first.join()

    assert outcomes[0].status is RunStatus.SUCCEEDED, outcomes[0].message


def test_clock_that_jumps_neither_shortens_nor_lengthens_a_pause(monkeypatch):
    """Pauses and deadlines are measured by a clock that only goes forward; the other one may be set at any moment."""
    jumps = Random(1)
    monkeypatch.setattr(time, "time", lambda: jumps.uniform(0, 4e9))
    told: list[Step] = []

    class Listening:
        def report(self, step: Step) -> Wish:
            told.append(step)
            return Wish.NONE

        def heed(self) -> None: ...

    began = time.monotonic()
    rest(Listening(), None, Limits().first_pause)

    assert Limits().first_pause <= time.monotonic() - began < Limits().first_pause + 1
    assert told
