"""Who is beside a run's long readings: the portal hears how far they are and what people want, and the readings rest when others suffer."""

import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType

from governance.orders import CHECKING, Activity, Step, StepStatus, Wish
from runner.engine.keys import Keys
from runner.engine.session import Session
from runner.engine.steps import Steps
from runner.engine.throttle import Throttle
from runner.engine.work import Helper, Paused


@dataclass(slots=True)
class Company(AbstractContextManager["Company"]):
    steps: Steps
    helper: Helper
    _throttles: dict[str, Throttle] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _began: tuple[str, int, float] = ("", 0, 0.0)  # what, from which row on, and when

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def told(self, what: str, done: int, total: int) -> None:
        """
        Raises:
            Stopped, Paused
        """
        now = time.monotonic()
        if self._began[0] != what:
            self._began = (what, done, now)
        _, first, since = self._began
        rate = (done - first) / (now - since) if now > since and done > first else None
        activity = Activity(what, done, max(done, total), "rows", rate)
        self.steps.aside(Step(CHECKING, "", 0, what, StepStatus.RUNNING, datetime.now(UTC), activity=activity))
        self.steps.heed()
        if self.steps.wish is Wish.PAUSE:
            raise Paused(f"Paused while {what}, after {done:,} rows.")

    def crowded(self, table: str, keys: Keys) -> str:
        if table not in self._throttles:
            self._throttles[table] = Throttle(self._open.enter_context(self.helper()), keys, table)
        return self._throttles[table].why()


def in_company(session: Session, company: Company) -> Session:
    """The session, whose long readings are told."""
    return replace(session, beside=company)
