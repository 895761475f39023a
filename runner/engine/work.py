"""What a run carries from script to script, and how it speaks of errors and rests between attempts."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import psycopg

from governance.analysis import StatementReport
from governance.orders import CheckResult, Limits, Script, Statement, Step
from runner.engine import ledger, retry
from runner.engine.session import Session
from runner.engine.steps import Executor, Steps

TELL = 1.0  # seconds between two words to the portal while nothing happens

Helper = Callable[[], AbstractContextManager[Session]]  # opens another session of the same run
Reports = Mapping[tuple[str, int, str], StatementReport]  # by script, line and text


class ScriptFailed(Exception):
    """The message says for people which statement failed, and why."""


class Paused(Exception):
    """A person wants the run to rest: between two scripts, or two batches."""


@dataclass(slots=True)
class Work:
    session: Session
    executor: Executor
    steps: Steps
    random: Random
    reports: Reports  # what the analysis says of each statement
    helper: Helper
    longest_lock: float = 0.0
    checks: tuple[CheckResult, ...] = ()  # inside a transaction

    @property
    def limits(self) -> Limits:
        return self.session.order.manifest.limits

    def report(self, script: Script, statement: Statement) -> StatementReport | None:
        return self.reports.get((script.name, statement.line, statement.text))


def explain(work: Work, error: psycopg.Error) -> str:
    if work.session.connection.closed:
        raise error
    message = error.diag.message_primary or str(error).partition("\n")[0]
    step = work.steps.current
    blocked = f"; {step.note}" if step and step.note else ""
    return f"{message} ({error.sqlstate}){blocked}"


def failed(work: Work, script: Script, why: str, began: datetime) -> ScriptFailed:
    """Also told to the portal, and written into the ledger."""
    step = work.steps.current
    place = f"{script.name}, line {step.line}: {shown(step.statement)}" if step else f"{script.name}, at the end of its transaction,"
    work.steps.fail(script, why)
    ledger.record_failure(work.session, script, began)
    return ScriptFailed(f"{place} failed: {why}.")


def leave_others_alone(work: Work, script: Script, attempt: int, why: str) -> None:
    """Outside any transaction and any queue."""
    seconds = retry.pause(attempt, work.limits, work.random)
    step = work.steps.current or work.steps.new(script, len(script.statements), attempt)
    work.steps.current = None
    rest(work.steps, replace(step, note=f"{why}; tries again after {seconds:.1f} s"), seconds)


def rest(steps: Steps, step: Step, seconds: float) -> None:
    """
    Raises:
        Stopped: a person wanted it meanwhile.
    """
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        steps.report(step)
        steps.heed()
        time.sleep(min(left, TELL))


def where(script: Script, statement: Statement) -> str:
    return f"{script.name}, line {statement.line}: {shown(statement.text)}"


def shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
