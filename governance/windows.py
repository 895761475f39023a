"""Maintenance windows and blackouts: is a target open at a moment, and why. Half-open intervals [starts, ends)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WindowKind(StrEnum):
    MAINTENANCE = "maintenance"
    BLACKOUT = "blackout"


@dataclass(frozen=True, slots=True)
class Interval:
    kind: WindowKind
    name: str
    starts: datetime
    ends: datetime

    def covers(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends

    def overlaps(self, starts: datetime, ends: datetime) -> bool:
        return self.starts < ends and starts < self.ends


@dataclass(frozen=True, slots=True)
class GateState:
    open: bool
    why: str
    changes_at: datetime | None  # the next moment at which the answer may be another


def state_at(intervals: Iterable[Interval], moment: datetime) -> GateState:
    """A blackout closes; otherwise a maintenance window opens; otherwise closed."""
    known = tuple(intervals)
    changes = min((edge for each in known for edge in (each.starts, each.ends) if edge > moment), default=None)
    blackout = next((each for each in known if each.kind is WindowKind.BLACKOUT and each.covers(moment)), None)
    if blackout:
        return GateState(False, f"blackout “{blackout.name}” until {blackout.ends:%d %b %H:%M} UTC", changes)
    window = next((each for each in known if each.kind is WindowKind.MAINTENANCE and each.covers(moment)), None)
    if window:
        return GateState(True, f"window “{window.name}” until {window.ends:%d %b %H:%M} UTC", changes)
    return GateState(False, "no booked window is open", changes)
