"""A month of windows, blackouts and bookings, and each target's gate as it is now."""

from calendar import Calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from governance.gates import clock
from governance.lifecycle import PhaseStatus
from governance.models import Booking, Target, Window
from governance.oncall import on_call
from governance.openings import holds_for
from governance.pages.bookings import Entry, entries, live_bookings
from governance.pages.occurrences import Occurrence, known_windows, occurrences
from governance.windows import Interval, Tier, WindowKind, state_at

COMING = 6
MOST_GATES = 12
MOST_IN_A_DAY = 3  # of bookings, windows and blackouts each
YEARS = range(2000, 2100)
MOMENT = timedelta(microseconds=1)


def calendar_page(wanted: str, *, keeper: bool) -> dict[str, Any]:
    """`wanted`: "2026-12"; anything else is the present month. `keeper`: may add windows."""
    now = localtime(clock())
    first = _read_month(wanted) or now.date().replace(day=1)
    days = [day for week in Calendar().monthdatescalendar(first.year, first.month) for day in week]
    starts, ends = midnight(days[0]), midnight(days[-1] + timedelta(days=1))
    rows = known_windows()
    times = occurrences(rows, starts, ends)
    bookings, coming = _bookings(starts, ends, now)
    by_day, on_day = _by_day(bookings), _times_by_day(times, days[0], days[-1])
    told = _told(by_day, coming)
    found = {entry.booking.pk: entry for entry in entries(told, now, _blackouts(rows, told, now))}
    shown = [found[booking.pk] for booking in bookings if booking.pk in found]
    return {
        "view": "month",
        "month": first,
        "previous": f"?month={first - timedelta(days=1):%Y-%m}",
        "next": f"?month={first + timedelta(days=31):%Y-%m}",
        "zone": zone_of(midnight(first)),
        "days": [_day(day, days[0], first.month, now.date(), by_day.get(day, []), found, on_day.get(day, [])) for day in days],
        "booked": len(bookings),
        "empty": not bookings and not times,
        "conflicts": [entry for entry in shown if entry.conflicts],
        "gates": gates(rows, now),
        "on_call": on_call(now),
        "coming": [found[booking.pk] for booking in coming],
        "keeper": keeper,
        "add_url": reverse("admin:governance_window_add"),
    }


def _bookings(starts: datetime, ends: datetime, now: datetime) -> tuple[list[Booking], list[Booking]]:
    """Those of the span, and the next ones; with their own columns alone, as most of them are only counted."""
    live = Booking.objects.live().exclude(phase__status=PhaseStatus.CANCELLED).order_by("starts", "pk")
    soonest = live.filter(ends__gt=now)[:COMING]
    rows = list(live.filter(Q(starts__gte=starts, starts__lt=ends) | Q(pk__in=soonest.values("pk"))))
    return [row for row in rows if starts <= row.starts < ends], [row for row in rows if row.ends > now][:COMING]


def _by_day(bookings: Iterable[Booking]) -> dict[date, list[Booking]]:
    zone = timezone.get_current_timezone()
    found: dict[date, list[Booking]] = {}
    for booking in bookings:
        found.setdefault(booking.starts.astimezone(zone).date(), []).append(booking)
    return found


def _told(by_day: Mapping[date, Sequence[Booking]], coming: Iterable[Booking]) -> list[Booking]:
    """Those that a month has room for, and the next ones: the others are counted, and told by week and agenda."""
    shown = [booking.pk for own in by_day.values() for booking in own[:MOST_IN_A_DAY]]
    return list(live_bookings().filter(pk__in=[*shown, *(booking.pk for booking in coming)]))


def _blackouts(rows: Iterable[Window], bookings: Iterable[Booking], now: datetime) -> list[Occurrence]:
    """That could lie over one of the bookings."""
    moments = [moment for booking in bookings for moment in (booking.starts, booking.ends)]
    closing = (row for row in rows if row.kind == WindowKind.BLACKOUT and row.tier == Tier.HARD)
    return occurrences(closing, min(moments, default=now), max(moments, default=now))


def _times_by_day(times: Iterable[Occurrence], first: date, last: date) -> dict[date, list[Occurrence]]:
    """Each on every day that it touches."""
    zone = timezone.get_current_timezone()  # asked for once, as there are thousands
    found: dict[date, list[Occurrence]] = {}
    for each in times:
        day = max(each.starts.astimezone(zone).date(), first)
        until = min((each.ends - MOMENT).astimezone(zone).date(), last)
        while day <= until:
            found.setdefault(day, []).append(each)
            day += timedelta(days=1)
    return found


def read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _read_month(text: str) -> date | None:
    return read_day(f"{text}-01")


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def zone_of(moment: datetime) -> str:
    """ "New York, UTC−5", or "UTC"."""
    name = timezone.get_current_timezone_name().rpartition("/")[2].replace("_", " ")
    minutes = int((localtime(moment).utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{name}, UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}" if minutes else name


def _day(
    day: date,
    first_shown: date,
    month: int,
    today: date,
    bookings: Sequence[Booking],
    found: Mapping[int, Entry],
    here: Sequence[Occurrence],
) -> dict[str, Any]:
    starts, ends = midnight(day), midnight(day + timedelta(days=1))
    in_window: dict[int, list[Booking]] = {}
    for booking in bookings:
        in_window.setdefault(booking.window_id, []).append(booking)
    opening = [each for each in here if each.starts >= starts or day == first_shown]
    blackouts, beginning = ([each for each in times if each.is_blackout] for times in (here, opening))
    whole = any(each.closes and each.starts <= starts and each.ends >= ends for each in blackouts)
    free = [each for each in opening if not each.is_blackout and not _is_taken(each, in_window.get(each.window.pk, ()))]
    classes = {"today": day == today, "out": day.month != month, "hard": whole, "soft": bool(blackouts) and not whole}
    classes["bare"] = not (bookings or blackouts or free)
    return {
        "date": day,
        "names_month": day.day == 1 or day == first_shown,
        "classes": " ".join(name for name, holds in classes.items() if holds),
        "booked": [found[booking.pk] for booking in bookings if booking.pk in found],
        "blackouts": [_window(each, day, bookings) for each in beginning[:MOST_IN_A_DAY]],
        "windows": [_window(each, day, bookings) for each in free[:MOST_IN_A_DAY]],
        "more": _more(len(bookings), len(free), len(beginning)),
    }


def _more(*counts: int) -> int:
    """How much a day holds besides what it shows."""
    return sum(max(count - MOST_IN_A_DAY, 0) for count in counts)


def _is_taken(time: Occurrence, bookings: Iterable[Booking]) -> bool:
    """By one booking from beginning to end, which then stands for it."""
    return any(each.starts <= time.starts and each.ends >= time.ends for each in bookings)


def _window(time: Occurrence, day: date, bookings: Iterable[Booking]) -> dict[str, Any]:
    starts, ends = localtime(time.starts), localtime(time.ends)
    last = (ends - MOMENT).date()
    return {
        "url": time.url,
        "name": time.name,
        "environment": time.scope,
        "tier": "" if time.closes or not time.is_blackout else time.window.get_tier_display().lower(),
        "starts": starts,
        "ends": ends,
        "last": last,
        "until_another_day": last > day and ends - starts >= timedelta(days=1),
        "whole_days": starts == midnight(starts.date()) and ends == midnight(ends.date()),
        "free": not any(booking.window_id == time.window.pk and time.overlaps(booking.starts, booking.ends) for booking in bookings),
    }


def gates(rows: Iterable[Window], now: datetime) -> list[dict[str, Any]]:
    """Whether a booked run could start on the targets now, production first. The next time of every window tells what is and what comes."""
    coming = [(row, row.as_interval(*time)) for row in rows if row.domain_id is None and (time := row.next_occurrence(now))]
    targets = sorted(Target.objects.in_rank_order(), key=lambda target: not target.environment.production)[:MOST_GATES]
    return [_gate(target, [each for row, each in coming if holds_for(row, target)], now) for target in targets]


def _gate(target: Target, own: Sequence[Interval], now: datetime) -> dict[str, Any]:
    gate = {"name": target.name, "environment": target.environment.name, "url": reverse("admin:schema_target", args=[target.name])}
    if not target.environment.production:
        return {**gate, "open": True, "why": "Runs here need no window", "changes_at": None}
    state = state_at(own, now)
    wanted = (each.kind is WindowKind.MAINTENANCE if state.open else each.closes for each in own)
    holding = next((each for each, decides in zip(own, wanted, strict=True) if decides and each.covers(now)), None)
    why = f"{holding.kind.capitalize()} “{holding.name}”" if holding else "No window is open"
    return {**gate, "open": state.open, "why": why, "changes_at": state.changes_at}
