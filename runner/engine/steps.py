"""Steps: each statement of the run from planned to done, told to the portal as it happens."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, repeat

import psycopg

from governance.orders import Script, Statement, Step, StepStatus, Wish
from runner.engine.monitor import Monitor

LOOKS = (0.2, 0.2, 0.5)  # seconds between the first looks at a running statement; later ones are a second apart

Progress = Callable[[Step], Wish]


class Stopped(Exception):
    """A person wants the run to stop."""

    def __init__(self) -> None:
        super().__init__("Stopped on request.")


class Steps:
    """The steps of one run by position; `current` is the one whose statement is executed now."""

    def __init__(self, scripts: Iterable[Script], progress: Progress) -> None:
        self._progress = progress
        self._first: dict[str, int] = {}
        self._steps: dict[int, Step] = {}
        self.wish = Wish.NONE
        self.current: Step | None = None
        position = 1
        for script in scripts:
            self._first[script.name] = position
            position += len(script.statements)

    def all(self) -> tuple[Step, ...]:
        return tuple(self._steps[position] for position in sorted(self._steps))

    def new(self, script: Script, number: int, attempt: int = 1) -> Step:
        """The step of the script's statement `number`, counted from 1."""
        statement = script.statements[number - 1]
        position = self._first[script.name] + number - 1
        return Step(position, script.name, statement.line, statement.text, StepStatus.RUNNING, datetime.now(UTC), attempts=attempt)

    def report(self, step: Step) -> None:
        self._steps[step.position] = step
        self.wish = self._progress(step)

    def aside(self, step: Step) -> None:
        """Told, and not one of the run's steps."""
        self.wish = self._progress(step)

    @property
    def undisturbed(self) -> bool:
        """Nobody wants it to rest or to end."""
        return self.wish in (Wish.NONE, Wish.SLOW)

    def heed(self) -> None:
        if self.wish is Wish.STOP:
            raise Stopped

    def start(self, step: Step) -> None:
        self.current = step
        self.report(step)

    def executed(self, seconds: float, rows: int | None) -> None:
        """Remembered, not told: between BEGIN and COMMIT every word to the portal makes the target's clients wait."""
        if self.current:
            self._steps[self.current.position] = replace(self.current, seconds=seconds, rows=rows, activity=None)
        self.current = None

    def finish(self, script: Script) -> None:
        """What the script did is committed."""
        self._end(script, StepStatus.DONE)

    def fail(self, script: Script, note: str) -> None:
        """The current statement failed, if it is one of the script's, and what the script did before it is rolled back."""
        if self.current and self.current.script == script.name:
            self.report(replace(self.current, status=StepStatus.FAILED, note=note, activity=None))
        self.undo(script)

    def undo(self, script: Script, note: str = "rolled back with its script") -> None:
        self._end(script, StepStatus.UNDONE, note)
        if self.current and self.current.script == script.name:
            self.current = None

    def skip(self, script: Script, note: str) -> None:
        for number in range(1, len(script.statements) + 1):
            self.report(replace(self.new(script, number), status=StepStatus.SKIPPED, note=note))

    def _end(self, script: Script, status: StepStatus, note: str = "") -> None:
        first = self._first.get(script.name, 0)  # 0: none of the run's
        for position in range(first, first + len(script.statements)) if first else ():
            step = self._steps.get(position)
            if step and step.status is StepStatus.RUNNING:
                self.report(replace(step, status=status, note=note or step.note))


class Executor:
    """Executes statements in a thread of its own, so that the run can be watched and stopped meanwhile."""

    def __init__(self, connection: psycopg.Connection, monitor: Monitor, steps: Steps, pool: ThreadPoolExecutor) -> None:
        self._connection, self._monitor, self._steps, self._pool = connection, monitor, steps, pool

    def execute(self, statement: Statement) -> None:
        """Execute the current step's statement; somebody else commits it.

        Raises:
            Stopped: a person wanted it while the statement ran.
            psycopg.Error: the statement failed; its step is still the current one.
        """
        began = time.monotonic()
        future = self._pool.submit(self._connection.execute, statement.text.encode())
        try:
            self._watch(future, began)
        finally:
            if not future.done():  # the portal does not want us any more
                self._monitor.cancel()
        try:
            cursor = future.result()
        except psycopg.errors.QueryCanceled:
            self._steps.heed()
            raise
        self._steps.executed(time.monotonic() - began, cursor.rowcount if cursor.rowcount >= 0 else None)

    def _watch(self, future: "Future[psycopg.Cursor]", began: float) -> None:
        for look in chain(LOOKS, repeat(1.0)):
            step = self._steps.current
            if wait([future], look).done or not step:
                return
            activity = self._monitor.activity()
            note = f"waits for {activity.waits_for}" if activity.waits_for else step.note
            self._steps.start(replace(step, seconds=time.monotonic() - began, note=note, activity=activity))
            if self._steps.wish is Wish.STOP:
                self._monitor.cancel()
