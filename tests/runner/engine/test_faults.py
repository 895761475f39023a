"""Runners, backends and connections that die in the middle: the target always tells what was applied."""

import multiprocessing
import time
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from governance.errors import TargetBusy
from governance.orders import RunKind, RunStatus, Step, StepStatus, Wish
from runner.engine import reconcile, session
from runner.engine.execute import execute
from tests.runner.engine.proxy import proxied
from tests.runner.orders import Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;\nUPDATE users SET level = 1;"}
SLEEP = {"V20261122_0910__sleep.sql": "CREATE TABLE slept (id int);\nSELECT pg_sleep(20);"}
INDEX = {"V20261122_0910__index_names.sql": "CREATE INDEX CONCURRENTLY users_name ON users (name);"}
PAIR = {**ADD, "R20261122_0900__rollback_add_levels.sql": "ALTER TABLE users DROP COLUMN level;"}


def silent(_step: Step) -> Wish:
    return Wish.NONE


@contextmanager
def killed_while(condition: str, order, url, target):
    """A runner of its own process, killed by SIGKILL once the condition about its backend holds."""
    runner = multiprocessing.get_context("spawn").Process(target=execute, args=(order, url, silent))
    runner.start()
    query = f"SELECT pid FROM pg_stat_activity WHERE application_name = 'lockgate {order.run}' AND state = 'active' AND {condition}"
    while not (found := target.execute(query).fetchone()):
        assert runner.is_alive()
        time.sleep(0.02)
    runner.kill()
    runner.join()
    yield found[0]


def applied(target):
    return target.execute("SELECT version FROM flyway_schema_history ORDER BY installed_rank").fetchall()


def test_killed_runner_leaves_nothing_of_its_transaction(users, target):
    order = make_order(SLEEP)

    with killed_while("query LIKE '%pg_sleep%'", order, users, target):
        outcome = reconcile.resolve(order, users)

    assert outcome.status is RunStatus.FAILED_CLEAN, outcome.message
    assert applied(target) == []
    assert target.execute("SELECT to_regclass('slept')").fetchone() == (None,)


def test_killed_runner_between_scripts_is_dirty_and_the_run_can_go_on(users, target):
    order = make_order({**ADD, "V20261122_0910__wait.sql": "SELECT pg_sleep(2);\nCREATE TABLE waited (id int);"})

    with killed_while("query LIKE '%pg_sleep%'", order, users, target):
        outcome = reconcile.resolve(order, users)
    resumed = execute(order, users, Portal())

    assert outcome.status is RunStatus.FAILED_DIRTY, outcome.message
    assert outcome.applied == ("20261122_0900",)
    assert "The run was interrupted. Applied: V20261122_0900__add_levels.sql." in outcome.message
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert applied(target) == [("20261122.0900",), ("20261122.0910",)]


def test_killed_runner_whose_backend_still_builds_is_not_settled_before_it_ends(users, target, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)
    target.execute(f"ALTER DATABASE {target.info.dbname} SET client_connection_check_interval = 0")
    order = make_order(INDEX)

    with psycopg.connect(users) as writer:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        with killed_while("query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'", order, users, target) as pid:
            busy = _refusal(order, users, pid)
            writer.rollback()
    outcome = reconcile.resolve(order, users)
    resumed = execute(order, users, Portal())

    assert busy
    assert outcome.status in {RunStatus.SUCCEEDED, RunStatus.FAILED_DIRTY}, outcome.message
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert target.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass").fetchone() == (True,)
    assert applied(target) == [("20261122.0910",)]


def _refusal(order, url, pid):
    """That the target is busy with the backend; none when the server has noticed the death of its client first."""
    try:
        reconcile.reconcile(order, url)
    except TargetBusy as refusal:
        return str(pid) in refusal.holder
    return False


def test_statement_that_no_catalogue_knows_is_indeterminate_and_never_run_again(users, target):
    order = make_order({"V20261122_0910__rebuild.sql": "REINDEX TABLE CONCURRENTLY users;"})

    with psycopg.connect(users) as writer:
        writer.execute("UPDATE users SET name = name WHERE id = 1")
        with killed_while("query LIKE 'REINDEX%' AND wait_event_type = 'Lock'", order, users, target):
            writer.rollback()
            outcome = reconcile.resolve(order, users)
    resumed = execute(order, users, Portal())

    assert outcome.status is RunStatus.INDETERMINATE
    assert "Not known whether applied: V20261122_0910__rebuild.sql." in outcome.message
    assert resumed.status is RunStatus.INDETERMINATE
    assert "no catalogue tells" in resumed.message


def test_lost_word_of_the_commit_is_found_in_the_ledger(users, target):
    with proxied(users) as (proxy, conninfo):

        def portal(step):
            proxy.armed = step.status is StepStatus.RUNNING and step.position == 2
            return Wish.NONE

        outcome = execute(make_order(ADD, counted=("public.users",)), conninfo, portal)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert [step.status for step in outcome.steps] == [StepStatus.DONE, StepStatus.DONE]
    assert [result.evidence for result in outcome.checks] == ["1,000 before, 1,000 after"]
    assert applied(target) == [("20261122.0900",)]


def test_lost_word_of_the_commit_is_indeterminate_while_the_target_is_gone(users, target, monkeypatch):
    monkeypatch.setattr(reconcile, "PATIENCE", 0.2)
    order = make_order(ADD)
    with proxied(users) as (proxy, conninfo):

        def portal(step):
            proxy.closed_for_good = proxy.armed = step.status is StepStatus.RUNNING and step.position == 2
            return Wish.NONE

        outcome = execute(order, conninfo, portal)
    later = reconcile.reconcile(order, users)

    assert outcome.status is RunStatus.INDETERMINATE
    assert "cannot be known yet" in outcome.message
    assert later.status is RunStatus.SUCCEEDED


def test_terminated_backend_leaves_a_clean_target(users, target):
    def portal(step):
        if step.position == 2 and step.seconds:
            target.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [f"lockgate {order.run}"])
        return Wish.NONE

    order = make_order(SLEEP)
    outcome = execute(order, users, portal)

    assert outcome.status is RunStatus.FAILED_CLEAN, outcome.message
    assert [step.status for step in outcome.steps] == [StepStatus.UNDONE, StepStatus.FAILED]
    assert outcome.steps[1].note == "the connection was lost"


def test_run_goes_on_in_a_new_session_after_its_backend_was_terminated_once(users, target):
    terminated = []

    def portal(step):
        if step.script == "V20261122_0910__wait.sql" and step.seconds and not terminated:
            target.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [f"lockgate {order.run}"])
            terminated.append(step)
        return Wish.NONE

    order = make_order({**ADD, "V20261122_0910__wait.sql": "CREATE TABLE waited (id int);\nSELECT pg_sleep(1);"})
    outcome = execute(order, users, portal)

    assert terminated
    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert applied(target) == [("20261122.0900",), ("20261122.0910",)]


def test_portal_that_gives_up_takes_the_transaction_with_it(users, target):
    class ClaimLost(Exception):
        pass

    def portal(step):
        if step.seconds:
            raise ClaimLost
        return Wish.NONE

    began = time.monotonic()
    with pytest.raises(ClaimLost):
        execute(make_order(SLEEP), users, portal)

    assert time.monotonic() - began < 10
    assert target.execute("SELECT to_regclass('slept')").fetchone() == (None,)


def test_reconciled_run_that_never_started_is_clean(users, target):
    outcome = reconcile.reconcile(make_order(ADD), users)

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert target.execute("SELECT to_regnamespace('lockgate')").fetchone() == (None,)


def test_reconciled_run_that_had_finished_is_succeeded_with_its_checks(users):
    order = make_order(ADD, counted=("public.users",))
    finished = execute(order, users, Portal())

    outcome = reconcile.reconcile(order, users)

    assert outcome.status is RunStatus.SUCCEEDED
    assert [replace(check, seconds=0) for check in outcome.checks] == [replace(check, seconds=0) for check in finished.checks]
    assert outcome.schema == finished.schema


def test_reconciled_rollback_and_dry_run(users):
    order = make_order(PAIR)
    execute(order, users, Portal())
    back = replace(order, run="back", kind=RunKind.ROLLBACK)

    before = reconcile.reconcile(back, users)
    execute(back, users, Portal())
    after = reconcile.reconcile(back, users)
    dry = reconcile.reconcile(replace(order, kind=RunKind.DRY_RUN), users)

    assert [outcome.status for outcome in (before, after, dry)] == [RunStatus.FAILED_CLEAN, RunStatus.ROLLED_BACK, RunStatus.FAILED_CLEAN]
