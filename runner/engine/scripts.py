"""How scripts are executed: one, or all of an atomic group, in one transaction; statement by statement where PostgreSQL forbids that."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import psycopg

from governance.orders import Check, Script, Statement
from runner.engine import ledger, retry, verify
from runner.engine.courtesy import hurts_nobody, stand_back
from runner.engine.online import run_online
from runner.engine.settings import given_back, leaves_settings
from runner.engine.steps import Stopped
from runner.engine.work import Paused, ScriptFailed, Work, explain, failed, leave_others_alone

Unit = Sequence[Script]  # what is committed together, never empty


class CheckFailed(ScriptFailed):
    """A check inside the transaction did not pass."""


def run_unit(work: Work, unit: Unit, checks: Sequence[Check], before: verify.Baseline) -> None:
    """
    Raises:
        ScriptFailed, Stopped, Paused: the session lives on; the target says what is left of the scripts.
        psycopg.OperationalError: the session is lost, and only the target knows what became of them.
    """
    try:
        if unit[0].transactional:
            _run_transactional(work, unit, checks, before)
        else:
            run_online(work, unit[0])
    except (Stopped, Paused) as ended:
        _undo(work, unit, "stopped" if isinstance(ended, Stopped) else "paused")
        raise


def _run_transactional(work: Work, unit: Unit, checks: Sequence[Check], before: verify.Baseline) -> None:
    """In one transaction with its ledger rows and the checks inside it; all of it again when locks are not to be had."""
    for script in unit:
        stand_back(work, script, script.statements)
    for attempt in count(1):
        began = datetime.now(UTC)
        try:
            work.session.prepare(work.limits.lock_timeout, work.limits.statement_timeout)
            return _transaction(work, unit, attempt, checks, before)
        except CheckFailed:
            _undo(work, unit)
            ledger.record_failure(work.session, unit[-1], began)
            raise
        except psycopg.Error as error:
            why, script = explain(work, error), _current(work, unit)
            if not retry.again(error.sqlstate, attempt, work.limits):
                ended = failed(work, script, why, began)
                _undo(work, unit)
                raise ended from error
        leave_others_alone(work, script, attempt, why)


def _transaction(work: Work, unit: Unit, attempt: int, checks: Sequence[Check], before: verify.Baseline) -> None:
    began, clock, executed = datetime.now(UTC), time.monotonic(), list[tuple[Script, Statement]]()
    with work.session.connection.transaction():
        for script in unit:
            patient = False
            for number, statement in enumerate(script.statements, 1):
                work.steps.start(work.steps.new(script, number, attempt))
                work.steps.heed()
                executed.append((script, statement))
                patient = _execute(work, executed, patient)
            if patient or leaves_settings(script):  # neither the next script nor a check nor the ledger has asked for them
                work.session.prepare(work.limits.lock_timeout, work.limits.statement_timeout)
        _check(work, unit[-1], checks, before)
        work.steps.heed()
        with work.session.connection.pipeline():  # others wait for our locks: all rows go in one round trip
            for script in unit:
                ledger.record(work.session, script, began, time.monotonic() - clock)
    work.longest_lock = max(work.longest_lock, time.monotonic() - clock)
    for script in unit:
        work.steps.finish(script)


def _execute(work: Work, executed: Sequence[tuple[Script, Statement]], patient: bool) -> bool:
    """The last of them; with a limit of its own while it may take its time, since nobody waits for the transaction.

    `patient`: that is the limit now. Returns whether it is afterwards.
    """
    session, limits, statement = work.session, work.limits, executed[-1][1]
    harmless = all(hurts_nobody(work.report(*each)) for each in executed)
    ours = session.settings(*((limits.online_timeout,) * 2 if harmless else (limits.lock_timeout, limits.statement_timeout)))
    if harmless != patient:
        session.bound(ours)
    work.executor.execute(statement)
    if again := given_back(statement, ours):
        session.bound(again)
    return harmless


def _current(work: Work, unit: Unit) -> Script:
    """Whose statement it was; the last one's, when it was the commit."""
    step = work.steps.current
    return next((script for script in unit if step and step.script == script.name), unit[-1])


def _undo(work: Work, unit: Unit, *note: str) -> None:
    for script in unit:
        work.steps.undo(script, *note)


def _check(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    work.checks = verify.verify(work.session, checks, before)
    wrong = verify.first_wrong(work.checks)
    if wrong:
        raise CheckFailed(f"{script.name} was rolled back: inside it the check “{wrong.name}” did not pass ({wrong.evidence}).")
