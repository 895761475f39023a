"""Forward, back, schema compared, forward again, on a scratch database: what a rollback really does, before anybody approves it."""

import re
import textwrap
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from governance.errors import Refusal
from governance.orders import Manifest, RehearsalOrder, Rehearsed, Script, ScriptKind, Statement, Step, StepStatus, Verdict
from governance.schema.diff import Difference, Severity, diff
from governance.schema.model import Schema
from runner.engine.scratch import NotBuilt, scratch_database
from runner.engine.session import connect
from runner.engine.snapshot import read_schema

AGAIN = "the change can be applied again."
SHOWN = 120  # characters of a statement in a message
# What acts on the whole server cannot be tried on one database, and would reach the databases beside it.
_SERVER_WIDE = re.compile(
    r"(CREATE|ALTER|DROP) (ROLE|DATABASE|TABLESPACE|SYSTEM|SUBSCRIPTION)\b|(GRANT|REVOKE) ROLE\b"
    r"|(GRANT|REVOKE|COMMENT)\b.*\bON\s+(DATABASE|TABLESPACE|ROLE|PARAMETER)\b",
    re.IGNORECASE | re.DOTALL,
)


def rehearse(order: RehearsalOrder, target: psycopg.Connection | str, scratch_server: str, binaries: Path) -> Rehearsed:
    """The target is read, never written. The verdict is unknown when nothing could be proved.

    `scratch_server` is the connection string of a superuser on a server that holds nothing of value: scripts that nobody has
    approved yet run there. `binaries` is the directory of pg_dump and psql.
    """
    started = time.monotonic()
    if reason := _not_provable(order.manifest):
        return Rehearsed(Verdict.UNKNOWN, (), message=reason)
    try:
        with (
            _opened(order.target, target) as source,
            scratch_database(source, scratch_server, binaries) as scratch,
            connect("scratch database", scratch, "lockgate rehearsal") as connection,
        ):
            rehearsed = _proved(order.manifest, connection)
    except (NotBuilt, Refusal) as refusal:
        rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=f"The scratch database could not be built: {refusal}")
    except psycopg.OperationalError as error:
        rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=f"The rehearsal was cut short: {_reason(error)}. Start it again.")
    return replace(rehearsed, seconds=time.monotonic() - started)


def _opened(name: str, target: psycopg.Connection | str) -> AbstractContextManager[psycopg.Connection]:
    return connect(name, target, "lockgate rehearsal") if isinstance(target, str) else nullcontext(target)


def _not_provable(manifest: Manifest) -> str:
    for script in manifest.scripts:
        for statement in script.statements:
            if _SERVER_WIDE.match(f"{statement.tag} {statement.text}"):
                return (
                    f"{script.name}, line {statement.line}: {statement.tag} acts on the whole server, so no scratch database can prove it. "
                    "Move it to a change of its own and have it approved without a rehearsal."
                )
    return ""


class _ScriptFailed(Exception):
    """The message names script, line, statement, SQLSTATE and what PostgreSQL said."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """One connection to the scratch database, and what was done through it so far."""

    connection: psycopg.Connection
    statement_timeout: float
    steps: list[Step] = field(default_factory=list)

    def run(self, scripts: Iterable[Script]) -> None:
        for script in scripts:
            self._reset(autocommit=not script.transactional)
            try:
                for statement in script.statements:
                    self._execute(script, statement)
                self._commit()
            except psycopg.Error as error:
                raise _ScriptFailed(_last_words(self.steps[-1])) from error

    def schema(self) -> Schema:
        self._reset(autocommit=True)
        return read_schema(self.connection)

    def _reset(self, *, autocommit: bool) -> None:
        """Settings that one script left must not help the next one."""
        self.connection.autocommit = True
        self.connection.execute("DISCARD ALL")
        self.connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{self.statement_timeout * 1000:.0f}ms"])
        self.connection.autocommit = autocommit

    def _execute(self, script: Script, statement: Statement) -> None:
        step = Step(len(self.steps) + 1, script.name, statement.line, statement.text, StepStatus.FAILED, datetime.now(UTC))
        started = time.monotonic()
        try:
            cursor = self.connection.execute(statement.text.encode())
        except psycopg.Error as error:
            self.steps.append(replace(step, seconds=time.monotonic() - started, note=_reason(error)))
            raise
        rows = cursor.rowcount if cursor.rowcount >= 0 else None
        self.steps.append(replace(step, status=StepStatus.DONE, seconds=time.monotonic() - started, rows=rows))

    def _commit(self) -> None:
        """Where deferred constraints are checked: a failure here is the last statement's."""
        try:
            self.connection.commit()
        except psycopg.Error as error:
            self.steps[-1] = replace(self.steps[-1], status=StepStatus.FAILED, note=f"at COMMIT: {_reason(error)}")
            raise


def _proved(manifest: Manifest, connection: psycopg.Connection) -> Rehearsed:
    forward, backward = _forward(manifest), _backward(manifest)
    trial, difference, phase = _Trial(connection, manifest.limits.statement_timeout), Difference(()), "forward script"
    try:
        before = trial.schema()
        trial.run(forward)
        if backward:
            phase = "rollback"
            trial.run(backward)
            difference = diff(before, trial.schema())
            phase = "forward script, run again after the rollback,"
            trial.run(forward)
    except _ScriptFailed as failure:
        message = f"The {phase} fails: {failure}. Correct the script and submit it again."
        return Rehearsed(Verdict.FAILED, tuple(trial.steps), difference.in_words(), _cosmetic(difference), message)
    return _judged(tuple(trial.steps), difference, reversible=bool(backward))


def _judged(steps: tuple[Step, ...], difference: Difference, *, reversible: bool) -> Rehearsed:
    words, listed = difference.in_words(), difference.in_words().replace("\n", "; ")
    if not reversible:
        return Rehearsed(Verdict.PASSED, steps, message="Proved forward only: the change has no rollback script.")
    match difference.severity:
        case Severity.IDENTICAL:
            verdict, message = Verdict.PASSED, f"Proved: the rollback restores the schema exactly, and {AGAIN}"
        case Severity.COSMETIC:
            verdict, message = Verdict.PASSED, f"Proved: the rollback restores the schema but for its form ({listed}), and {AGAIN}"
        case Severity.DIFFERENT:
            verdict = Verdict.FAILED
            message = f"The rollback does not restore the schema: {listed}. Complete the rollback script and submit it again."
    return Rehearsed(verdict, steps, words, _cosmetic(difference), message)


def _cosmetic(difference: Difference) -> bool:
    return difference.severity is Severity.COSMETIC


def _forward(manifest: Manifest) -> list[Script]:
    return [script for script in manifest.scripts if script.kind is ScriptKind.FORWARD]


def _backward(manifest: Manifest) -> list[Script]:
    position = {script.version: number for number, script in enumerate(_forward(manifest))}
    rollbacks = (script for script in manifest.scripts if script.kind is ScriptKind.ROLLBACK)
    return sorted(rollbacks, key=lambda script: position[script.version], reverse=True)


def _last_words(step: Step) -> str:
    return f"{step.script}, line {step.line}: {textwrap.shorten(step.statement, SHOWN, placeholder=' …')}: {step.note}"


def _reason(error: psycopg.Error) -> str:
    return ": ".join(filter(None, (error.sqlstate, error.diag.message_primary or str(error))))
