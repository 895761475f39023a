"""Bookings as a calendar shows them: each with its forecast, its run, and what speaks against it."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from governance.forecast import Interval
from governance.lifecycle import PhaseStatus
from governance.models import Analysis, Booking, Run, StartMode, Window
from governance.orders import RunKind, RunStatus
from governance.pages.facts import forecast, latest_facts
from governance.pages.values import address_of

BAR, WINDOW_ENDS = 120, 100  # a bar's width, and where on it the window ends
SHORTEST = 2  # a forecast of a moment is still a line


@dataclass(frozen=True, slots=True)
class Conflict:
    """`kind`: late, outside, blackout or operator; `detail` names what is in the way, `seconds` by how much."""

    kind: str
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    booking: Booking
    forecast: Interval | None  # None: never analysed on its target
    run: Run | None
    conflicts: tuple[Conflict, ...]

    @property
    def url(self) -> str:
        return f"{address_of(self.booking.phase)}&tab=schedule"

    @property
    def known(self) -> bool:
        return self.forecast is not None and math.isfinite(self.forecast.p90)

    @property
    def why_unknown(self) -> str:
        return "; ".join(self.forecast.reasons) if self.forecast else "it was not analysed on this target yet"

    @property
    def bar(self) -> dict[str, float]:
        """Where the likely end and that of nine runs in ten lie between the start and the window's end."""
        if self.forecast is None or not self.known:
            return {}
        unit = WINDOW_ENDS / (self.booking.window.ends - self.booking.starts).total_seconds()
        likely = min(BAR, max(SHORTEST, round(unit * self.forecast.likely, 1)))
        p90 = min(BAR, max(likely + 1, round(unit * self.forecast.p90, 1)))
        return {"likely": likely, "rest": round(p90 - likely, 1)}


def touching(starts: datetime, ends: datetime, now: datetime) -> Q:
    """What lies between the two moments, and what is now or still to come."""
    return Q(starts__lt=ends, ends__gt=starts) | Q(ends__gt=now)


def entries(starts: datetime, ends: datetime, now: datetime, blackouts: Sequence[Window]) -> list[Entry]:
    bookings = list(
        Booking.objects.filter(touching(starts, ends, now), cancelled_at=None)
        .exclude(phase__status=PhaseStatus.CANCELLED)
        .select_related("phase__spec", "target__environment", "window", "booked_by")
        .order_by("starts", "pk")
    )
    runs = {run.booking_id: run for run in Run.objects.filter(booking__in=bookings, kind=RunKind.DEPLOY).order_by("requested_at")}
    forecasts = _forecasts(bookings)
    found = []
    for booking in bookings:
        interval, run = forecasts.get((booking.phase_id, booking.target_id)), runs.get(booking.pk)
        over = booking.ends <= now or (run is not None and run.status == RunStatus.SUCCEEDED)
        found.append(Entry(booking, interval, run, () if over else tuple(_conflicts(booking, interval, bookings, blackouts))))
    return found


def _forecasts(bookings: Sequence[Booking]) -> dict[tuple[int, int], Interval]:
    """By phase and target: the latest analysis, with the target's latest facts."""
    facts = latest_facts(booking.target_id for booking in bookings)
    latest = latest_analyses({booking.phase_id for booking in bookings})
    return {(row.phase_id, target): forecast(row.report, facts.get(target)) for row in latest if (target := row.target_id) is not None}


def latest_analyses(phases: Collection[int]) -> QuerySet[Analysis]:
    """One for each target of each phase."""
    analyses = Analysis.objects.filter(phase__in=phases, target__isnull=False)
    return analyses.order_by("phase_id", "target_id", "-pk").distinct("phase_id", "target_id")


def _conflicts(booking: Booking, interval: Interval | None, bookings: Iterable[Booking], blackouts: Iterable[Window]) -> list[Conflict]:
    found = [
        Conflict("blackout", blackout.name)
        for blackout in blackouts
        if blackout.environment_id == booking.target.environment_id and blackout.interval.overlaps(booking.starts, booking.ends)
    ]
    window = booking.window
    if booking.starts < window.starts or booking.ends > window.ends:
        found.append(Conflict("outside", window.name))
    left = (window.ends - booking.starts).total_seconds()
    if interval and math.isfinite(interval.p90) and interval.p90 > left:
        found.append(Conflict("late", window.name, interval.p90 - left))
    others = (other.phase for other in bookings if _need_the_same_person(booking, other))
    found += [Conflict("operator", f"{phase.spec.number} {phase}") for phase in others]
    return found


def _need_the_same_person(one: Booking, other: Booking) -> bool:
    """Two changes at once that wait for the same person's start."""
    by_hand = one.start == other.start == StartMode.MANUAL
    at_once = one.starts < other.ends and other.starts < one.ends
    return by_hand and at_once and one.phase_id != other.phase_id and one.booked_by_id == other.booked_by_id
