"""Bookings as a calendar shows them: each with its forecast, its run, and what speaks against it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.timezone import localtime

from governance import oncall
from governance.acts import ACTS
from governance.collisions import ASKS
from governance.expectation import forecasts, latest_sizes
from governance.forecast import Interval
from governance.lifecycle import PhaseStatus
from governance.models import Booking, Collision, Run, StartMode
from governance.openings import holds_for
from governance.orders import RunKind, RunStatus
from governance.pages.occurrences import Occurrence
from governance.pages.values import address_of

BAR, WINDOW_ENDS = 120, 100  # a bar's width, and where on it the window ends
MOST_TOLD = 5  # conflicts
SHORTEST = 2  # a forecast of a moment is still a line
Place = tuple[int, int]  # person and day
SHOWN = (
    "phase__name", "phase__stage", "phase__status", "phase__spec__title", "target__name", "target__environment", "booked_by__username",
    "window__name", "window__starts", "window__ends", "window__rule", "window__zone", "starts", "ends", "start",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conflict:
    """`kind`: late, outside, blackout, operator or collision; `detail` names what is in the way, `seconds` by how much."""

    kind: str
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    booking: Booking
    forecast: Interval | None  # None: never analysed on its target
    run: RunStatus | None  # of the latest
    conflicts: tuple[Conflict, ...]
    closes: datetime  # when the window that it lies in does
    people: str = ""  # who runs it and who is on call, in words

    @property
    def url(self) -> str:
        return f"{address_of(self.booking.phase)}&tab=schedule"

    def move_url(self, now: datetime) -> str:
        """Of the form that moves it; "" once its change waits for no time any more, or something has begun."""
        rule, phase = ACTS["book"], self.booking.phase
        waits = phase.status == PhaseStatus.OPEN and rule.first <= phase.at <= rule.last
        movable = waits and not self.run and self.booking.starts > now
        return reverse("admin:governance_spec_form", args=[phase.spec_id, phase.pk, "book"]) if movable else ""

    @property
    def run_word(self) -> str:
        return self.run.replace("_", " ") if self.run else ""

    @property
    def title(self) -> str:
        return f"{self.booking.phase.spec.number} on {self.booking.target}, booked by {self.booking.booked_by}"

    @property
    def begins(self) -> str:
        return f"{localtime(self.booking.starts):%H:%M}"

    @property
    def hours(self) -> str:
        return f"{self.begins} to {localtime(self.booking.ends):%H:%M}"

    @property
    def known(self) -> bool:
        return self.forecast is not None and math.isfinite(self.forecast.p90)

    @property
    def why_unknown(self) -> str:
        return "; ".join(self.forecast.reasons) if self.forecast else "it was not analysed on this target yet"

    @property
    def bar(self) -> dict[str, str]:
        """Where the likely end and that of nine runs in ten lie between the start and the window's end, as SVG writes numbers."""
        if self.forecast is None or not self.known:
            return {}
        unit = WINDOW_ENDS / max((self.closes - self.booking.starts).total_seconds(), 1.0)
        likely = min(BAR, max(SHORTEST, round(unit * self.forecast.likely, 1)))
        p90 = min(BAR, max(likely + 1, round(unit * self.forecast.p90, 1)))
        return {"likely": str(likely), "rest": str(round(p90 - likely, 1))}


def live_bookings() -> QuerySet[Booking]:
    """With what a calendar shows of each, and no more: there are hundreds on a page."""
    runs = Run.objects.filter(booking=OuterRef("pk"), kind=RunKind.DEPLOY).order_by("-requested_at")
    unknown = Collision.objects.filter(booking=OuterRef("pk"), other__cancelled_at=None, score__gte=ASKS, acknowledged_at=None)
    unknown = unknown.filter(other__phase__status=PhaseStatus.OPEN)
    return (
        Booking.objects.live()
        .exclude(phase__status=PhaseStatus.CANCELLED)
        .select_related("phase__spec", "target", "window", "booked_by")
        .only(*SHOWN)
        .annotate(clashes=ArraySubquery(unknown.values_list("why")), people=oncall.people_column(), run=Subquery(runs.values("status")[:1]))
        .order_by("starts", "pk")
    )


def in_conflict(found: Iterable[Entry], now: datetime, *, mover: bool) -> dict[str, Any]:
    """How many, and the first of them with the way out for whoever may book."""
    clashing = [entry for entry in found if entry.conflicts]
    told = [{"entry": entry, "move": entry.move_url(now) if mover else ""} for entry in clashing[:MOST_TOLD]]
    return {"count": len(clashing), "first": told}


def entries(bookings: Sequence[Booking], now: datetime, blackouts: Sequence[Occurrence]) -> list[Entry]:
    """A domain's blackouts are told on the page of the change instead."""
    expected = forecasts(bookings, latest_sizes(booking.target_id for booking in bookings))
    by_person = _by_person(bookings)
    closing = [each for each in blackouts if each.closes and each.window.domain_id is None]
    return [_entry(booking, expected.get((booking.phase_id, booking.target_id)), now, closing, by_person) for booking in bookings]


def _entry(
    booking: Any, interval: Interval | None, now: datetime, closing: Iterable[Occurrence], by_person: Mapping[Place, list[Booking]]
) -> Entry:
    run = RunStatus(booking.run) if booking.run else None
    over, around = booking.ends <= now or run is RunStatus.SUCCEEDED, _around(booking)
    conflicts = [] if over else [*_in_the_way(booking, interval, around, closing), *_of_others(booking, by_person)]
    closes = around[1] if around else booking.window.ends
    return Entry(booking, interval, run, tuple(dict.fromkeys(conflicts)), closes, oncall.in_words(booking.people))


def _around(booking: Booking) -> tuple[datetime, datetime] | None:
    """The occurrence of its window that it lies in."""
    times = booking.window.occurrences(booking.starts, booking.ends)
    return next(((begin, end) for begin, end in times if begin <= booking.starts and booking.ends <= end), None)


def _in_the_way(
    booking: Booking, interval: Interval | None, around: tuple[datetime, datetime] | None, blackouts: Iterable[Occurrence]
) -> list[Conflict]:
    found = [
        Conflict("blackout", each.name)
        for each in blackouts
        if each.starts < booking.ends and booking.starts < each.ends and holds_for(each.window, booking.target)
    ]
    if around is None:
        found.append(Conflict("outside", booking.window.name))
    left = ((around[1] if around else booking.ends) - booking.starts).total_seconds()
    if interval and math.isfinite(interval.p90) and interval.p90 > left:
        found.append(Conflict("late", booking.window.name, interval.p90 - left))
    return found


def _of_others(booking: Booking, by_person: Mapping[Place, list[Booking]]) -> list[Conflict]:
    near = {other.pk: other for place in _places(booking) for other in by_person.get(place, ())}
    others = (other.phase for other in near.values() if _need_the_same_person(booking, other))
    found = [Conflict("operator", f"{phase.spec.number} {phase}") for phase in others]
    return found + [Conflict("collision", why) for why in booking.clashes]  # type: ignore[attr-defined]


def _by_person(bookings: Iterable[Booking]) -> dict[Place, list[Booking]]:
    """Those that somebody starts by hand, by person and day: the others of a month need not be looked at."""
    found: dict[Place, list[Booking]] = {}
    for booking in bookings:
        for place in _places(booking) if booking.start == StartMode.MANUAL else ():
            found.setdefault(place, []).append(booking)
    return found


def _places(booking: Booking) -> Iterator[Place]:
    for day in range(booking.starts.toordinal(), booking.ends.toordinal() + 1):
        yield booking.booked_by_id, day


def _need_the_same_person(one: Booking, other: Booking) -> bool:
    """Two changes at once that wait for the same person's start."""
    by_hand = one.start == other.start == StartMode.MANUAL
    at_once = one.starts < other.ends and other.starts < one.ends
    return by_hand and at_once and one.phase_id != other.phase_id and one.booked_by_id == other.booked_by_id
