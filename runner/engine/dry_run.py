"""The production dry run: what can be tried without making anybody wait is executed and rolled back, the rest is only planned.

Scripts that follow each other and run in transactions share one, so that a later one sees what an earlier one did. A statement is
executed when its forecast says that it holds its lock no longer than others may be made to wait, and is cancelled when it takes
longer all the same. A statement that fails because of one that was left out before it is left out too, and says so.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

import psycopg

from governance.batched import is_batched
from governance.facts import Facts
from governance.forecast import forecast_lock
from governance.orders import Moment, Outcome, RunStatus, Script, Statement, StepStatus
from governance.wording import counted
from runner.engine import retry, verify
from runner.engine.preflight import Readiness
from runner.engine.settings import MAY_SET, leaves_settings
from runner.engine.steps import Stopped
from runner.engine.work import ScriptFailed, Work, explain, leave_others_alone, shown

PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})  # what EXPLAIN takes
MISSING = ("42", "3F")  # SQLSTATE classes: something that an earlier statement would have made is not there
ONLINE = "not executed: it cannot run inside a transaction, so it could not be rolled back"
# Of the open transaction alone; an update leaves the new version, a delete nothing once it is rolled back.
WRITTEN = "SELECT coalesce(sum(n_tup_ins + n_tup_upd), 0)::bigint FROM pg_stat_xact_user_tables"
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE last_value IS NOT NULL"
BATCHED = "not executed: it runs in transactions of its own, batch by batch"


@dataclass(slots=True)
class Trial:
    work: Work
    facts: Facts
    left_out: int = 0  # statements so far
    dead_rows: int = 0  # versions that it wrote and rolled back: what VACUUM has to take away


def dry_run(work: Work, ready: Readiness) -> Outcome:
    trial = Trial(work, ready.facts)
    before = verify.baseline(work.session, verify.at(Moment.IN_TRANSACTION, work.session.order))
    sequences = _sequences(work)
    try:
        for transactional, scripts in groupby(ready.remaining, key=lambda script: script.transactional):
            if transactional:
                _try_scripts(trial, tuple(scripts), before)
            else:
                _leave_out(trial, tuple(scripts))
    except (ScriptFailed, Stopped) as ended:
        for script in ready.remaining:
            work.steps.undo(script)
        return Outcome(RunStatus.FAILED_CLEAN, checks=work.checks, message=f"{ended} Everything was rolled back.")
    executed = sum(step.status is StepStatus.DONE for step in work.steps.all())
    of_all = counted(executed + trial.left_out, "statement")
    message = f"{executed} executed and rolled back, {trial.left_out} only looked at, of {of_all}."
    return Outcome(RunStatus.SUCCEEDED, checks=work.checks, message=" ".join([message, *_left_behind(trial, sequences)]))


def _sequences(work: Work) -> dict[str, int]:
    return dict(work.session.connection.execute(SEQUENCES).fetchall())


def _left_behind(trial: Trial, before: dict[str, int]) -> list[str]:
    """What no rollback takes back, said: dead rows, and sequences that moved on."""
    moved = sorted(name for name, value in _sequences(trial.work).items() if value != before.get(name, value))
    rows = [f"It left {counted(trial.dead_rows, 'dead row')} for VACUUM."] if trial.dead_rows else []
    return [*rows, *([f"Sequences that moved on meanwhile, by it or by others: {', '.join(moved)}."] if moved else [])]


def _leave_out(trial: Trial, scripts: Sequence[Script]) -> None:
    for script in scripts:
        trial.left_out += len(script.statements)
        for number, statement in enumerate(script.statements, 1):
            note = f"{BATCHED}{_planned(trial, statement)}" if is_batched(statement.text) else ONLINE
            trial.work.steps.report(replace(trial.work.steps.new(script, number), status=StepStatus.SKIPPED, note=note))


def _try_scripts(trial: Trial, scripts: Sequence[Script], before: verify.Baseline) -> None:
    work, left_out = trial.work, trial.left_out
    for attempt in count(1):
        trial.left_out = left_out
        try:
            _prepare(work)
            return _transaction(trial, scripts, attempt, before)
        except psycopg.Error as error:
            why = explain(work, error)
            if not retry.again(error.sqlstate, attempt, work.limits):
                raise _failed(trial, scripts, why) from error
        leave_others_alone(work, scripts[-1], attempt, why)


def _prepare(work: Work) -> None:
    work.session.prepare(*_patience(work))


def _patience(work: Work) -> tuple[float, float]:
    """To get the lock, and to work under it."""
    return work.limits.lock_timeout, 2 * work.limits.lock_timeout


def _transaction(trial: Trial, scripts: Sequence[Script], attempt: int, before: verify.Baseline) -> None:
    work, began = trial.work, time.monotonic()
    with work.session.connection.transaction(force_rollback=True):
        for script in scripts:
            for number in range(1, len(script.statements) + 1):
                _try_statement(trial, script, number, attempt)
            if leaves_settings(script):
                _prepare(work)
        trial.dead_rows = (work.session.connection.execute(WRITTEN).fetchone() or (0,))[0]
        if not trial.left_out:
            work.checks = verify.verify(work.session, verify.at(Moment.IN_TRANSACTION, work.session.order), before)
    work.longest_lock = max(work.longest_lock, time.monotonic() - began)
    for script in scripts:
        work.steps.finish(script)
    wrong = verify.first_wrong(work.checks)
    if wrong:
        raise ScriptFailed(f"The check “{wrong.name}” did not pass inside the transaction ({wrong.evidence}).")


def _try_statement(trial: Trial, script: Script, number: int, attempt: int) -> None:
    work, statement = trial.work, script.statements[number - 1]
    step = work.steps.new(script, number, attempt)
    work.steps.start(step)
    work.steps.heed()
    why = _too_long(trial, script, statement) or _execute(trial, statement)
    if why:
        skipped = replace(step, status=StepStatus.SKIPPED, note=f"not executed: {why}{_planned(trial, statement)}")
        work.steps.current = None
        work.steps.report(skipped)
        trial.left_out += 1


def _too_long(trial: Trial, script: Script, statement: Statement) -> str:
    """Why others would wait for it longer than they may; "" when they would not."""
    report = trial.work.report(script, statement)
    p90 = forecast_lock(report, trial.facts).p90 if report else math.inf
    if p90 <= trial.work.limits.lock_timeout:
        return ""
    return f"others could wait for it for up to {p90:.1f} s" if math.isfinite(p90) else "how long others would wait for it is not known"


def _execute(trial: Trial, statement: Statement) -> str:
    """Why the statement is left out after all; "" when it was executed."""
    try:
        with trial.work.session.connection.transaction():
            trial.work.executor.execute(statement)
            if statement.tag in MAY_SET:  # nobody has agreed to wait for a trial for as long as for the change
                trial.work.session.bound(trial.work.session.settings(*_patience(trial.work)))
    except psycopg.errors.QueryCanceled:
        return "it took longer than forecast and was cancelled"
    except psycopg.Error as error:
        if not _follows(trial, error):
            raise
        return f"it may need a statement that was left out ({error.diag.message_primary})"
    return ""


def _planned(trial: Trial, statement: Statement) -> str:
    if statement.tag not in PLANNED:
        return ""
    try:
        with trial.work.session.connection.transaction():
            trial.work.session.connection.execute(f"EXPLAIN {statement.text}".encode())
    except psycopg.Error as error:
        if not _follows(trial, error):
            raise
        return "; it cannot be planned without a statement that was left out"
    return "; it can be planned"


def _follows(trial: Trial, error: psycopg.Error) -> bool:
    return trial.left_out > 0 and (error.sqlstate or "").startswith(MISSING)


def _failed(trial: Trial, scripts: Sequence[Script], why: str) -> ScriptFailed:
    step = trial.work.steps.current
    for script in scripts:
        trial.work.steps.fail(script, why)
    where = f"{step.script}, line {step.line}: {shown(step.statement)}" if step else "The dry run"
    return ScriptFailed(f"{where} failed: {why}.")
