"""Maintenance windows and blackouts: is a target open at a moment, why, and when is there room. Half-open intervals [starts, ends)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum


class WindowKind(StrEnum):
    MAINTENANCE = "maintenance"
    BLACKOUT = "blackout"


class Tier(StrEnum):
    """How strongly a blackout closes."""

    HARD = "hard"  # only an emergency goes through
    SOFT = "soft"  # one approval more
    ADVISORY = "advisory"  # it is said, and closes nothing


@dataclass(frozen=True, slots=True)
class Interval:
    kind: WindowKind
    name: str
    starts: datetime
    ends: datetime
    tier: Tier = Tier.HARD

    def covers(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends

    def overlaps(self, starts: datetime, ends: datetime) -> bool:
        return self.starts < ends and starts < self.ends

    @property
    def closes(self) -> bool:
        return self.kind is WindowKind.BLACKOUT and self.tier is Tier.HARD

    @property
    def advice(self) -> str:
        return f"{self.tier} blackout “{self.name}” until {self.ends:%d %b %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class GateState:
    open: bool
    why: str
    changes_at: datetime | None  # the next moment at which the answer may be another
    asks_for_more: bool = False  # a soft blackout: one approval more
    advice: tuple[str, ...] = ()  # what is to be known, though it closes nothing


@dataclass(frozen=True, slots=True)
class Slot:
    starts: datetime
    ends: datetime


def state_at(intervals: Iterable[Interval], moment: datetime) -> GateState:
    """A hard blackout closes; otherwise a maintenance window opens; otherwise closed."""
    known = tuple(intervals)
    here = [each for each in known if each.covers(moment)]
    changes = min((edge for each in known for edge in (each.starts, each.ends) if edge > moment), default=None)
    blackout = next((each for each in here if each.closes), None)
    if blackout:
        return GateState(False, f"blackout “{blackout.name}” until {blackout.ends:%d %b %H:%M} UTC", changes)
    lighter = [each for each in here if each.kind is WindowKind.BLACKOUT]
    soft, advice = any(each.tier is Tier.SOFT for each in lighter), tuple(each.advice for each in lighter)
    window = next((each for each in here if each.kind is WindowKind.MAINTENANCE), None)
    if window:
        return GateState(True, f"window “{window.name}” until {window.ends:%d %b %H:%M} UTC", changes, soft, advice)
    return GateState(False, "no booked window is open", changes, soft, advice)


def state_of_all(intervals: Mapping[str, Iterable[Interval]], moment: datetime) -> GateState:
    """Open when every target is; the first one that is closed says why."""
    states = {target: state_at(known, moment) for target, known in intervals.items()}
    closed = next(((target, state) for target, state in states.items() if not state.open), None)
    changes = min((state.changes_at for state in states.values() if state.changes_at), default=None)
    why = f"{closed[0]}: {closed[1].why}" if closed else "; ".join(dict.fromkeys(state.why for state in states.values()))
    advice = tuple(dict.fromkeys(text for state in states.values() for text in state.advice))
    return GateState(closed is None, why, changes, any(state.asks_for_more for state in states.values()), advice)


def next_slot(
    intervals: Mapping[str, Iterable[Interval]], taken: Iterable[Slot], after: datetime, needs: timedelta, before: datetime
) -> Slot | None:
    """The first `needs` long time in [after, before) in which all targets are open and nothing that is taken lies. None: there is none.

    `taken`: bookings of these targets, and of the people and resources that are wanted.
    """
    free = [Slot(after, before)]
    for known in intervals.values():
        own = tuple(known)
        free = _common(free, _merged(Slot(each.starts, each.ends) for each in own if each.kind is WindowKind.MAINTENANCE))
        free = _without(free, _merged(Slot(each.starts, each.ends) for each in own if each.closes))
    free = _without(free, _merged(taken))
    return next((Slot(each.starts, each.starts + needs) for each in free if each.ends - each.starts >= needs), None)


def crowded(taken: Iterable[Slot], capacity: int) -> list[Slot]:
    """When so many of those that are taken last at once that no more fit."""
    edges = sorted(edge for slot in taken for edge in ((slot.starts, 1), (slot.ends, -1)))  # an end before a start at the same moment
    found: list[Slot] = []
    count, since = 0, None
    for moment, step in edges:
        count += step
        if count >= capacity and since is None:
            since = moment
        elif count < capacity and since is not None:
            found.append(Slot(since, moment))
            since = None
    return _merged(each for each in found if each.starts < each.ends)


def without(interval: Interval, closed: Iterable[Slot]) -> list[Interval]:
    """What is left of a window when some of its time is taken."""
    left = _without([Slot(interval.starts, interval.ends)], _merged(closed))
    return [replace(interval, starts=each.starts, ends=each.ends) for each in left]


def _merged(slots: Iterable[Slot]) -> list[Slot]:
    """In order, those that touch as one."""
    merged: list[Slot] = []
    for slot in sorted(slots, key=lambda each: each.starts):
        if merged and slot.starts <= merged[-1].ends:
            merged[-1] = Slot(merged[-1].starts, max(merged[-1].ends, slot.ends))
        else:
            merged.append(slot)
    return merged


def _common(left: list[Slot], right: list[Slot]) -> list[Slot]:
    return list(_walk(left, right))


def _walk(left: list[Slot], right: list[Slot]) -> Iterator[Slot]:
    here = there = 0
    while here < len(left) and there < len(right):
        starts, ends = max(left[here].starts, right[there].starts), min(left[here].ends, right[there].ends)
        if starts < ends:
            yield Slot(starts, ends)
        if left[here].ends <= right[there].ends:
            here += 1
        else:
            there += 1


def _without(slots: list[Slot], closed: list[Slot]) -> list[Slot]:
    """What is left of the slots; both are in order, and neither overlaps itself."""
    if not slots:
        return []
    edges = [slots[0].starts, *(edge for each in closed for edge in (each.starts, each.ends)), slots[-1].ends]
    gaps = [Slot(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
    return _common(slots, gaps)


class BusyDays(StrEnum):
    EVERY_DAY = "every_day"
    WORKDAYS = "workdays"
    WEEKEND = "weekend"


DAYS: Mapping[BusyDays, Collection[int]] = {BusyDays.EVERY_DAY: range(7), BusyDays.WORKDAYS: range(5), BusyDays.WEEKEND: range(5, 7)}


def busy_between(starts: datetime, ends: datetime, begins: time, until: time, zone: tzinfo, on: BusyDays = BusyDays.EVERY_DAY) -> bool:
    """Whether any of the time lies in the hours of these days, on the zone's clock; hours past midnight reach into the next day."""
    first, last = starts.astimezone(zone), ends.astimezone(zone)
    for day in range(-1, (last.date() - first.date()).days + 1):
        date = first.date() + timedelta(days=day)
        busy = datetime.combine(date, begins, zone), datetime.combine(date + timedelta(days=until <= begins), until, zone)
        if date.weekday() in DAYS[on] and busy[0] < last and first < busy[1]:
            return True
    return False
