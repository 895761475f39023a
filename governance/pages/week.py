"""A week, drawn to time: a line for each target, with windows, blackouts, bookings and how long they are likely to take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime

from governance.gates import clock
from governance.models import Target
from governance.pages.agenda import days_of
from governance.pages.bookings import Entry, entries, in_conflict, live_bookings
from governance.pages.calendar import midnight, read_day, zone_of
from governance.pages.occurrences import Occurrence, known_windows, occurrences
from governance.wording import some

WIDTH, HEIGHT = 1680, 40  # of a line: ten units an hour, where no clock is changed
MOST = 120  # bookings that are drawn
WINDOW, BAR, LIKELY = (2, 36), (8, 24), (14, 12)  # top and height of each


@dataclass(frozen=True, slots=True)
class Axis:
    """From a moment to a place on the line."""

    starts: datetime
    ends: datetime

    def box(self, starts: datetime, ends: datetime, place: tuple[int, int]) -> dict[str, float]:
        left, right = self._at(starts), self._at(ends)
        return {"x": left, "width": round(max(right - left, 2), 1), "y": place[0], "height": place[1]}

    def _at(self, moment: datetime) -> float:
        return round(WIDTH * (min(max(moment, self.starts), self.ends) - self.starts) / (self.ends - self.starts), 1)


def week_page(wanted: str, *, keeper: bool, mover: bool) -> dict[str, Any]:
    """`wanted`: a day of it, "2026-12-05"; anything else is today. `mover`: may book, and so move what is booked."""
    now = localtime(clock())
    day = read_day(wanted) or now.date()
    monday = day - timedelta(days=day.weekday())
    axis = Axis(midnight(monday), midnight(monday + timedelta(days=7)))
    times = occurrences(known_windows(axis.starts), axis.starts, axis.ends)
    bookings = list(live_bookings().filter(starts__lt=axis.ends, ends__gt=axis.starts)[: MOST + 1])
    found = entries(bookings[:MOST], now, times)
    return {
        "view": "week",
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "previous": f"?view=week&from={monday - timedelta(days=7)}",
        "next": f"?view=week&from={monday + timedelta(days=7)}",
        "zone": zone_of(axis.starts),
        "axis": _axis(monday, axis, now),
        "starts": axis.starts,
        "seconds": (axis.ends - axis.starts).total_seconds(),
        "lines": _lines(times, found, axis, mover=mover, now=now),
        "days": days_of(monday, 7, times, found),
        "more": len(bookings) > MOST,
        "booked": len(found),
        "conflicts": in_conflict(found, now, mover=mover),
        "keeper": keeper,
        "add_url": reverse("admin:governance_window_add"),
    }


def _axis(monday: date, axis: Axis, now: datetime) -> dict[str, Any]:
    days = [monday + timedelta(days=number) for number in range(7)]
    marks = [{"day": day, **axis.box(midnight(day), midnight(day), (0, HEIGHT))} for day in days]
    here = axis.box(now, now, (0, HEIGHT))["x"] if axis.starts <= now < axis.ends else None
    return {"days": marks, "width": WIDTH, "height": HEIGHT, "now": here}


def _lines(times: Sequence[Occurrence], found: Iterable[Entry], axis: Axis, *, mover: bool, now: datetime) -> list[dict[str, Any]]:
    """Every target of production, and others where something is booked."""
    by_target: dict[int, list[Entry]] = {}
    for entry in found:
        by_target.setdefault(entry.booking.target_id, []).append(entry)
    targets = [target for target in Target.objects.in_rank_order() if target.environment.production or target.pk in by_target]
    by_place: dict[tuple[int | None, int | None], list[Occurrence]] = {}
    for each in times:
        by_place.setdefault((each.window.environment_id, each.window.target_id), []).append(each)  # a domain's lie on no line
    drawn = {place: _drawn(own, axis) for place, own in by_place.items() if place != (None, None)}
    return [
        {
            "target": target,
            "times": [drawn.get((target.environment_id, None), ""), drawn.get((None, target.pk), "")],
            "booked": [_booked(entry, axis, mover=mover, now=now) for entry in by_target.get(target.pk, [])],
        }
        for target in targets
    ]


def _drawn(times: Iterable[Occurrence], axis: Axis) -> str:
    """As SVG, once for all lines that show it. Those of one kind that touch are one shape, which names them all."""
    by_look: dict[str, list[Occurrence]] = {"c-win": [], "c-soft": [], "c-hard": []}
    for each in times:
        by_look[_look(each)].append(each)
    shapes = [_shape(look, group, axis) for look, own in by_look.items() for group in _touching(own)]
    return render_to_string("governance/_parts/week_times.html", {"times": shapes})


def _shape(look: str, group: list[Occurrence], axis: Axis) -> dict[str, Any]:
    starts, ends = group[0].starts, max(each.ends for each in group)
    names = some(list(dict.fromkeys(each.name for each in group)))
    title = f"{group[0].word} {names}, {localtime(starts):%a %H:%M} to {localtime(ends):%a %H:%M}"
    return {**axis.box(starts, ends, WINDOW), "look": look, "url": group[0].url, "title": title}


def _look(time: Occurrence) -> str:
    return ("c-hard" if time.closes else "c-soft") if time.is_blackout else "c-win"


def _touching(times: Iterable[Occurrence]) -> list[list[Occurrence]]:
    groups: list[list[Occurrence]] = []
    until: datetime | None = None
    for each in times:
        if until is not None and each.starts <= until:
            groups[-1].append(each)
            until = max(until, each.ends)
        else:
            groups.append([each])
            until = each.ends
    return groups


def _booked(entry: Entry, axis: Axis, *, mover: bool, now: datetime) -> dict[str, Any]:
    booking, phase = entry.booking, entry.booking.phase
    begin, end = localtime(booking.starts), localtime(booking.ends)
    drawn = {"entry": entry, "box": axis.box(begin, end, BAR), "begin": begin.isoformat(), "end": end.isoformat()}
    drawn["title"] = f"{phase.spec.number} {phase}, {begin:%a %H:%M} to {end:%a %H:%M}"
    drawn["move"] = entry.move_url(now) if mover else ""
    if entry.forecast and entry.known:
        ends = [booking.starts + timedelta(seconds=seconds) for seconds in (entry.forecast.likely, entry.forecast.p90)]
        drawn |= {"likely": axis.box(booking.starts, ends[0], LIKELY), "p90": axis.box(booking.starts, ends[1], LIKELY)}
    return drawn
