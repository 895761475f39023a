"""What comes, day by day: windows, blackouts and bookings in the order in which they begin."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime

from governance.gates import clock
from governance.pages.bookings import Entry, entries, in_conflict, live_bookings
from governance.pages.calendar import midnight, read_day, zone_of
from governance.pages.occurrences import Occurrence, known_windows, occurrences

DAYS = 14
MOST, MOST_IN_A_DAY = 100, 6  # bookings, and times of windows a day


def agenda_page(wanted: str, *, keeper: bool, mover: bool) -> dict[str, Any]:
    """`wanted`: its first day, "2026-12-05"; anything else is today. `mover`: may book, and so move what is booked."""
    now = localtime(clock())
    first = read_day(wanted) or now.date()
    starts, ends = midnight(first), midnight(first + timedelta(days=DAYS))
    times = occurrences(known_windows(starts), starts, ends)
    bookings = list(live_bookings().filter(starts__lt=ends, ends__gt=starts)[: MOST + 1])
    found = entries(bookings[:MOST], now, times)
    return {
        "view": "agenda",
        "first": first,
        "last": first + timedelta(days=DAYS - 1),
        "previous": f"?view=agenda&from={first - timedelta(days=DAYS)}",
        "next": f"?view=agenda&from={first + timedelta(days=DAYS)}",
        "zone": zone_of(starts),
        "days": days_of(first, DAYS, times, found),
        "more": len(bookings) > MOST,
        "booked": len(found),
        "conflicts": in_conflict(found, now, mover=mover),
        "keeper": keeper,
        "add_url": reverse("admin:governance_window_add"),
    }


def days_of(first: date, count: int, times: Iterable[Occurrence], found: Iterable[Entry]) -> list[dict[str, Any]]:
    """Days on which something begins, or goes on since before the first."""
    by_day: dict[date, dict[str, Any]] = {}
    for day in (first + timedelta(days=number) for number in range(count)):
        by_day[day] = {"date": day, "times": [], "booked": [], "more": 0}
    for each in times:
        day = _day(each.starts, first)
        here = by_day.get(day)
        if here and len(here["times"]) < MOST_IN_A_DAY:
            here["times"].append({"of": each, "hours": f"{_at(each.starts, day)} to {_at(each.ends, day)}"})
        elif here:
            here["more"] += 1
    for entry in found:
        if here := by_day.get(_day(entry.booking.starts, first)):
            here["booked"].append(entry)
    return [day for day in by_day.values() if day["times"] or day["booked"]]


def _at(moment: datetime, day: date) -> str:
    """The hour, and its day where that is another one."""
    here = localtime(moment)
    return f"{here:%H:%M}" if here.date() == day else f"{here:%a %-d %b, %H:%M}"


def _day(moment: datetime, first: date) -> date:
    return max(localtime(moment).date(), first)
