"""Runs the scripts of a rehearsal on its scratch database, statement by statement, timed, with the locks they hold."""

import textwrap
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import psycopg
from psycopg.conninfo import make_conninfo

from governance.orders import Script, Statement, Step, StepStatus
from governance.rehearsals import HeldLock
from governance.schema.model import Schema
from runner.engine.held import Watch
from runner.engine.play import reason
from runner.engine.session import connect
from runner.engine.snapshot import read_schema

SHOWN = 120  # characters of a statement in a message
NAME = "lockgate rehearsal"


class ScriptFailed(Exception):
    """The message names script, line, statement, SQLSTATE and what PostgreSQL said."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate

    @property
    def of_data(self) -> bool:
        """Rows that were there are the cause: https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 22 and 23."""
        return self.sqlstate[:2] in ("22", "23")


@dataclass(slots=True)
class Trial:
    """The connections to a scratch database, and what was done through them so far."""

    url: str
    connection: psycopg.Connection
    statement_timeout: float
    steps: list[Step] = field(default_factory=list)
    locks: list[HeldLock] = field(default_factory=list)

    def run(self, script: Script, first: int = 0) -> None:
        """From statement `first` on. Raises ScriptFailed."""
        self.reset(autocommit=not script.transactional)
        watch = Watch(self.connection, script.name)
        try:
            for statement in script.statements[first:]:
                began = time.monotonic()
                self.execute(self.connection, script, statement)
                watch.look(began)
            self._commit()
        except psycopg.Error as error:
            raise ScriptFailed(_last_words(self.steps[-1]), error.sqlstate or "") from error
        self.locks += watch.held()

    def schema(self) -> Schema:
        self.at_leisure()
        return read_schema(self.connection)

    def at_leisure(self) -> None:
        """What we do ourselves is not under the limit of the change's statements."""
        self.reset(autocommit=True)
        self.connection.execute("SET statement_timeout = 0")

    def reset(self, *, autocommit: bool) -> None:
        """Settings that one script left must not help the next one."""
        self.connection.autocommit = True
        self.connection.execute("DISCARD ALL")
        self.connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{self.statement_timeout * 1000:.0f}ms"])
        self.connection.autocommit = autocommit

    def second(self) -> psycopg.Connection:
        """Another connection, in autocommit, with the same patience."""
        options = f"-c statement_timeout={self.statement_timeout * 1000:.0f}"
        return connect("scratch database", make_conninfo(self.url, options=options), NAME)

    def execute(self, connection: psycopg.Connection, script: Script, statement: Statement) -> None:
        step = Step(len(self.steps) + 1, script.name, statement.line, statement.text, StepStatus.FAILED, datetime.now(UTC))
        started = time.monotonic()
        try:
            cursor = connection.execute(statement.text.encode())
        except psycopg.Error as error:
            self.steps.append(replace(step, seconds=time.monotonic() - started, note=reason(error)))
            raise
        rows = cursor.rowcount if cursor.rowcount >= 0 else None
        self.steps.append(replace(step, status=StepStatus.DONE, seconds=time.monotonic() - started, rows=rows))

    def seconds_of(self, scripts: Iterable[Script]) -> float:
        names = {script.name for script in scripts}
        return sum(step.seconds for step in self.steps if step.script in names)

    def _commit(self) -> None:
        """Where deferred constraints are checked: a failure here is the last statement's."""
        try:
            self.connection.commit()
        except psycopg.Error as error:
            if self.steps:
                self.steps[-1] = replace(self.steps[-1], status=StepStatus.FAILED, note=f"at COMMIT: {reason(error)}")
            raise


def _last_words(step: Step) -> str:
    return f"{step.script}, line {step.line}: {textwrap.shorten(step.statement, SHOWN, placeholder=' …')}: {step.note}"
