"""How one script is executed: in one transaction, or statement by statement where PostgreSQL forbids that."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from random import Random

import psycopg

from governance.orders import Check, CheckResult, Limits, Script, Statement, StepStatus
from runner.engine import journal, ledger, probes, retry, verify
from runner.engine.journal import Entry
from runner.engine.probes import Effect
from runner.engine.session import Session
from runner.engine.steps import Executor, Steps, Stopped


class ScriptFailed(Exception):
    """The message says for people which statement failed, and why."""


class CheckFailed(ScriptFailed):
    """A check inside the transaction did not pass."""


@dataclass(slots=True)
class Work:
    """What a run carries from script to script."""

    session: Session
    executor: Executor
    steps: Steps
    random: Random
    longest_lock: float = 0.0
    checks: tuple[CheckResult, ...] = ()  # inside a transaction

    @property
    def limits(self) -> Limits:
        return self.session.order.manifest.limits


def run_script(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    """
    Raises:
        ScriptFailed, Stopped: the session lives on; the target says what is left of the script.
        psycopg.OperationalError: the session is lost, and only the target knows what became of the script.
    """
    try:
        if script.transactional:
            _run_transactional(work, script, checks, before)
        else:
            _run_online(work, script)
    except Stopped:
        work.steps.undo(script, "stopped")
        raise


def _run_transactional(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    """In one transaction with its ledger row and the checks inside it; all of it again when locks are not to be had."""
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
                raise _failed(work, script, why, began) from error
        leave_others_alone(work, script, attempt, why)


def _run_online(work: Work, script: Script) -> None:
    """Statement by statement, each one journalled before and after, so that an interrupted script is never a riddle."""
    began = datetime.now(UTC)
    journal.plan(work.session, script)
    entries = journal.read(work.session, script)
    for number in range(1, len(script.statements) + 1):
        if _is_done(work, script, number, entries.get(number)):
            work.steps.report(replace(work.steps.new(script, number), status=StepStatus.SKIPPED, note="took effect in an earlier attempt"))
        else:
            _online(work, script, number)
    with work.session.connection.transaction():
        ledger.record(work.session, script, began, (datetime.now(UTC) - began).total_seconds())


def _transaction(work: Work, script: Script, attempt: int, checks: Sequence[Check], before: verify.Baseline) -> None:
    began, clock = datetime.now(UTC), time.monotonic()
    with work.session.connection.transaction():
        for number, statement in enumerate(script.statements, 1):
            work.steps.start(work.steps.new(script, number, attempt))
            work.steps.heed()
            work.executor.execute(statement)
        _check(work, script, checks, before)
        work.steps.heed()
        ledger.record(work.session, script, began, time.monotonic() - clock)
    work.longest_lock = max(work.longest_lock, time.monotonic() - clock)
    work.steps.finish(script)


def _check(work: Work, script: Script, checks: Sequence[Check], before: verify.Baseline) -> None:
    work.checks = verify.verify(work.session, checks, before)
    wrong = verify.first_wrong(work.checks)
    if wrong:
        raise CheckFailed(f"{script.name} was rolled back: inside it the check “{wrong.name}” did not pass ({wrong.evidence}).")


def _online(work: Work, script: Script, number: int) -> None:
    statement = script.statements[number - 1]
    online = statement.tag.endswith("CONCURRENTLY")
    for attempt in count(1):
        began = datetime.now(UTC)
        try:
            # A lock timeout would also end the waiting that is a part of every concurrent statement, which blocks nobody.
            work.session.prepare(work.limits.online_timeout if online else work.limits.lock_timeout, work.limits.online_timeout)
            return _journalled(work, script, number, attempt)
        except psycopg.Error as error:
            why = explain(work, error)
            effect = probes.probe(work.session.connection, statement)
            if effect is not Effect.UNKNOWN or not online:
                journal.finish(work.session, script, number, Entry.FAILED)
            if not retry.again(error.sqlstate, attempt, work.limits) or effect is Effect.UNKNOWN:
                raise _failed(work, script, why, began) from error
        leave_others_alone(work, script, attempt, why)


def _journalled(work: Work, script: Script, number: int, attempt: int) -> None:
    statement, connection = script.statements[number - 1], work.session.connection
    work.steps.start(work.steps.new(script, number, attempt))
    work.steps.heed()
    if statement.tag == "CREATE INDEX CONCURRENTLY":
        probes.drop_leftover(connection, statement)
    journal.start(work.session, script, number)
    work.executor.execute(statement)
    if probes.probe(connection, statement) is Effect.LEFTOVER:
        raise ScriptFailed(f"{_where(script, statement)}: the index is there but invalid, and another session is building it.")
    journal.finish(work.session, script, number, Entry.DONE)
    work.steps.finish(script)


def _is_done(work: Work, script: Script, number: int, entry: Entry | None) -> bool:
    if entry is not Entry.STARTED:
        return entry is Entry.DONE
    statement = script.statements[number - 1]
    effect = probes.probe(work.session.connection, statement)
    if effect is Effect.UNKNOWN:
        raise ScriptFailed(f"{_where(script, statement)}: an earlier attempt started it, and no catalogue tells whether it took effect.")
    if effect is Effect.PRESENT:
        journal.finish(work.session, script, number, Entry.DONE)
    return effect is Effect.PRESENT


def _failed(work: Work, script: Script, why: str, began: datetime) -> ScriptFailed:
    step = work.steps.current
    where = f"{script.name}, line {step.line}: {shown(step.statement)}" if step else f"{script.name}, at the end of its transaction,"
    work.steps.fail(script, why)
    ledger.record_failure(work.session, script, began)
    return ScriptFailed(f"{where} failed: {why}.")


def explain(work: Work, error: psycopg.Error) -> str:
    if work.session.connection.closed:
        raise error
    message = error.diag.message_primary or str(error).partition("\n")[0]
    step = work.steps.current
    blocked = f"; {step.note}" if step and step.note else ""
    return f"{message} ({error.sqlstate}){blocked}"


def leave_others_alone(work: Work, script: Script, attempt: int, why: str) -> None:
    """Outside any transaction and any queue."""
    seconds = retry.pause(attempt, work.limits, work.random)
    deadline = time.monotonic() + seconds
    step = work.steps.current or work.steps.new(script, len(script.statements), attempt)
    work.steps.current = None
    while (left := deadline - time.monotonic()) > 0:
        work.steps.report(replace(step, note=f"{why}; tries again after {seconds:.1f} s"))
        work.steps.heed()
        time.sleep(min(left, 1.0))


def _where(script: Script, statement: Statement) -> str:
    return f"{script.name}, line {statement.line}: {shown(statement.text)}"


def shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
