"""The four figures of delivery, from runs in production. Pure. What they are: https://dora.dev/guides/dora-metrics-four-keys/"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from statistics import median

from governance.orders import RunKind, RunStatus

PERIOD = timedelta(days=90)
FAILED = frozenset({RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE})
RESTORED = frozenset({RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK})


@dataclass(frozen=True, slots=True)
class Ended:
    """A deployment or a rollback that has ended."""

    deployment: int
    kind: RunKind
    status: RunStatus
    submitted: datetime  # when the change was
    asked: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """Each list is in order of time; an empty one says that there is nothing to tell."""

    deployed: tuple[datetime, ...]
    lead_times: tuple[float, ...]  # seconds from submission to success
    failed: int  # deployments that failed or had to be rolled back
    tried: int
    failure_shares: tuple[float, ...]  # after each change that was tried
    restored: tuple[float, ...]  # seconds from each failure to the run that made it good
    unrestored: int

    @property
    def lead_time(self) -> float | None:
        return median(self.lead_times) if self.lead_times else None

    @property
    def failure_share(self) -> float | None:
        return self.failed / self.tried if self.tried else None

    @property
    def time_to_restore(self) -> float | None:
        return median(self.restored) if self.restored else None


def figures(runs: Iterable[Ended]) -> Delivery:
    ordered = sorted(runs, key=lambda run: (run.deployment, run.ended))
    histories = [list(history) for _, history in groupby(ordered, key=lambda run: run.deployment)]
    done = sorted((run for run in ordered if _succeeded(run)), key=lambda run: run.ended)
    failures = [failure for history in histories for failure in _failures(history)]
    restored = [seconds for seconds in failures if seconds is not None]
    failed = [bool(_failures(history)) for history in sorted(histories, key=lambda history: history[0].ended)]
    return Delivery(
        deployed=tuple(run.ended for run in done),
        lead_times=tuple((run.ended - run.submitted).total_seconds() for run in done),
        failed=sum(failed),
        tried=len(failed),
        failure_shares=tuple(so_far / number for number, so_far in enumerate(accumulate(failed), 1)),
        restored=tuple(restored),
        unrestored=len(failures) - len(restored),
    )


def _succeeded(run: Ended) -> bool:
    return run.kind is RunKind.DEPLOY and run.status is RunStatus.SUCCEEDED


def _failures(history: Sequence[Ended]) -> list[float | None]:
    """Per time that something was wrong, seconds until it was right again; None while it is not."""
    found: list[float | None] = []
    wrong: datetime | None = None
    for run in history:
        if wrong is None and (run.status in FAILED or run.kind is RunKind.ROLLBACK):
            wrong = run.asked if run.kind is RunKind.ROLLBACK else run.ended
        if wrong is not None and run.status in RESTORED:
            found.append((run.ended - wrong).total_seconds())
            wrong = None
    return found if wrong is None else [*found, None]


def weekly(moments: Iterable[datetime], now: datetime, weeks: int = 13) -> list[int]:
    """How many fell into each of the last weeks, oldest first."""
    ages = [(now - moment).days // 7 for moment in moments]
    return [ages.count(week) for week in reversed(range(weeks))]
