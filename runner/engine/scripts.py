"""How one script is executed: in one transaction, or statement by statement where PostgreSQL forbids that."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import psycopg

from governance.orders import Check, Script, Statement
from runner.engine import ledger, retry, verify
from runner.engine.courtesy import hurts_nobody, stand_back
from runner.engine.online import run_online
from runner.engine.steps import Stopped
from runner.engine.work import Paused, ScriptFailed, Work, explain, failed, leave_others_alone


class CheckFailed(ScriptFailed):
    """A check inside the transaction did not pass."""


def run_script(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    """
    Raises:
        ScriptFailed, Stopped, Paused: the session lives on; the target says what is left of the script.
        psycopg.OperationalError: the session is lost, and only the target knows what became of the script.
    """
    try:
        if script.transactional:
            _run_transactional(work, script, checks, before)
        else:
            run_online(work, script)
    except (Stopped, Paused) as ended:
        work.steps.undo(script, "stopped" if isinstance(ended, Stopped) else "paused")
        raise


def _run_transactional(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    """In one transaction with its ledger row and the checks inside it; all of it again when locks are not to be had."""
    stand_back(work, script, script.statements)
    for attempt in count(1):
        began = datetime.now(UTC)
        try:
            work.session.prepare(work.limits.lock_timeout, work.limits.statement_timeout)
            return _transaction(work, script, attempt, checks, before)
        except CheckFailed:
            work.steps.undo(script)
            ledger.record_failure(work.session, script, began)
            raise
        except psycopg.Error as error:
            why = explain(work, error)
            if not retry.again(error.sqlstate, attempt, work.limits):
                raise failed(work, script, why, began) from error
        leave_others_alone(work, script, attempt, why)


def _transaction(work: Work, script: Script, attempt: int, checks: Sequence[Check], before: verify.Baseline) -> None:
    began, clock = datetime.now(UTC), time.monotonic()
    with work.session.connection.transaction():
        for number, statement in enumerate(script.statements, 1):
            work.steps.start(work.steps.new(script, number, attempt))
            work.steps.heed()
            _execute(work, script, statement)
        _check(work, script, checks, before)
        work.steps.heed()
        ledger.record(work.session, script, began, time.monotonic() - clock)
    work.longest_lock = max(work.longest_lock, time.monotonic() - clock)
    work.steps.finish(script)


def _execute(work: Work, script: Script, statement: Statement) -> None:
    """With a limit of its own when it may take its time: while nobody waits for the transaction."""
    before = script.statements[: script.statements.index(statement)]
    patient = all(hurts_nobody(work.report(script, each)) for each in (*before, statement))
    if patient:
        work.session.bound(work.limits.online_timeout, work.limits.online_timeout)
    work.executor.execute(statement)
    if patient:
        work.session.bound(work.limits.lock_timeout, work.limits.statement_timeout)


def _check(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    work.checks = verify.verify(work.session, checks, before)
    wrong = verify.first_wrong(work.checks)
    if wrong:
        raise CheckFailed(f"{script.name} was rolled back: inside it the check “{wrong.name}” did not pass ({wrong.evidence}).")
