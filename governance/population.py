"""The whole population of changes, whatever became of them, and what it says of how they were governed. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

PERIOD = timedelta(days=90)


class Outcome(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


FAILING = frozenset({"failed_clean", "failed_dirty", "indeterminate"})


def outcome_of(status: str, last_run: str, *, rejected: bool) -> Outcome:
    """Of a phase; its latest run says so where nobody decided otherwise."""
    if status in (Outcome.CLOSED, Outcome.CANCELLED):
        return Outcome(status)
    if rejected:
        return Outcome.REJECTED
    if last_run in FAILING:
        return Outcome.FAILED
    return Outcome.ROLLED_BACK if last_run == "rolled_back" else Outcome.OPEN


@dataclass(frozen=True, slots=True)
class Member:
    """One phase of a change. None ever leaves the population."""

    number: str
    phase: str
    title: str
    kind: str
    author: str
    submitted: datetime
    stage: int
    status: str
    risk: str
    change_class: str
    approvals: int
    rejections: int
    emergencies: int
    last_run: str  # status of the latest run, dry runs excepted
    rejected: bool  # a rejection stands

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.status, self.last_run, rejected=self.rejected)

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "submitted": self.submitted.isoformat(), "outcome": str(self.outcome)}


@dataclass(frozen=True, slots=True)
class Report:
    """Of a period: decisions and runs in production."""

    approvals: int
    rejections: int
    runs: int
    emergency_runs: int
    emergencies: int
    unreviewed: int
    overdue: int

    @property
    def rejection_rate(self) -> float | None:
        decisions = self.approvals + self.rejections
        return self.rejections / decisions if decisions else None

    @property
    def emergency_share(self) -> float | None:
        return self.emergency_runs / self.runs if self.runs else None

    @property
    def rubber_stamp(self) -> bool:
        """Nobody who decided ever said no."""
        return self.approvals > 0 and self.rejections == 0


def seal(members: Sequence[Member]) -> str:
    """SHA-256 of all rows in their order, each as JSON with sorted keys on a line: of the same population always the same."""
    lines = (json.dumps(member.as_row(), sort_keys=True, ensure_ascii=False) for member in members)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
