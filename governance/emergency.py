"""The emergency way: how long it is open, what may be skipped in it, and only by name, and when somebody else has to look back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LONGEST = timedelta(hours=8)
USUAL = timedelta(hours=1)
REVIEW_WITHIN = timedelta(hours=48)


class Skip(StrEnum):
    """Evidence that an emergency may do without. What is not here protects data, and nobody can skip it: analysis, rollback scripts,
    blocking findings, the technical approval of somebody else, required changes, both digests, and the questions after the run."""

    CONSIDERATIONS = "considerations"
    REHEARSAL = "rehearsal"
    INTEGRATION_TESTS = "integration_tests"
    STAGING = "run_below_production"
    DRY_RUN = "dry_run"
    WINDOW = "window"
    BUSINESS = "business_approval"
    CLIENTS = "clients"

    @property
    def label(self) -> str:
        return SKIPPED[self]


SKIPPED = {
    Skip.CONSIDERATIONS: "Considerations of the touched domains",
    Skip.REHEARSAL: "Rehearsal of these scripts",
    Skip.INTEGRATION_TESTS: "Integration tests",
    Skip.STAGING: "Run below production",
    Skip.DRY_RUN: "Dry run in production",
    Skip.WINDOW: "Booked window: it may run at any time, hard blackouts included",
    Skip.BUSINESS: "Business approval",
    Skip.CLIENTS: "Clients that can live with it",
}


@dataclass(frozen=True, slots=True)
class Emergency:
    """One broken glass of a phase."""

    key: int
    incident: str
    reason: str
    opened_by: str
    skips: frozenset[Skip]
    opened_at: datetime
    expires_at: datetime
    review_due: datetime
    reviewed: bool
    live: bool  # neither ended nor expired, by the portal database's clock
    used_for: str  # digest of the scripts that a run under it has brought to production, where they still are; "" without one

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Emergency":
        """`row`: as the database's JSON has it."""
        times = {name: datetime.fromisoformat(row[name]) for name in ("opened_at", "expires_at", "review_due")}
        return cls(**{**row, **times, "skips": frozenset(map(Skip, row["skips"]))})

    def __str__(self) -> str:
        return f"{self.opened_by}, {self.incident}"


def skipped_in(emergencies: list[Emergency], digest: str) -> dict[Skip, str]:
    """What is skipped and by whom: while an emergency lasts, and afterwards for exactly those scripts that were deployed in it."""
    return {skip: str(each) for each in reversed(emergencies) if each.live or each.used_for == digest for skip in each.skips}
