"""A month of windows, blackouts and bookings, and each target's gate as it is now."""

from calendar import Calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from governance.gates import clock
from governance.lifecycle import PhaseStatus
from governance.models import Booking, Target, Window
from governance.oncall import on_call
from governance.pages.bookings import Entry, entries, in_conflict, live_bookings
from governance.pages.occurrences import Occurrence, known_windows, occurrences
from governance.windows import Interval, Tier, WindowKind, state_at

COMING = 6
MOST_GATES = 12
MOST_IN_A_DAY = 3  # of bookings, windows and blackouts each
YEARS = range(2000, 2100)
MOMENT = timedelta(microseconds=1)
Scope = tuple[int | None, int | None]  # environment or target


class Booked(NamedTuple):
    """When a booking is."""

    pk: int
    window: int
    starts: datetime
    ends: datetime


def calendar_page(wanted: str, *, keeper: bool, mover: bool) -> dict[str, Any]:
    """`wanted`: "2026-12"; anything else is the present month. `keeper`: may add windows. `mover`: may book."""
    now = localtime(clock())
    first = _read_month(wanted) or now.date().replace(day=1)
    days = [day for week in Calendar().monthdatescalendar(first.year, first.month) for day in week]
    starts, ends = midnight(days[0]), midnight(days[-1] + timedelta(days=1))
    rows = known_windows(min(starts, now))
    times = occurrences(rows, starts, ends)
    booked, coming = _booked(starts, ends, now)
    by_day, on_day = _by_day(booked), _times_by_day(times, days[0], days[-1])
    told = _told(by_day, coming)
    found = {entry.booking.pk: entry for entry in entries(told, now, _blackouts(rows, told, now))}
    shown = [found[each.pk] for each in booked if each.pk in found]
    return {
        "view": "month",
        "month": first,
        "previous": f"?month={first - timedelta(days=1):%Y-%m}",
        "next": f"?month={first + timedelta(days=31):%Y-%m}",
        "zone": zone_of(midnight(first)),
        "days": [_day(day, days[0], first.month, now.date(), by_day.get(day, []), found, on_day.get(day, [])) for day in days],
        "booked": len(booked),
        "empty": not booked and not times,
        "conflicts": in_conflict(shown, now, mover=mover),
        "gates": gates(rows, now),
        "on_call": on_call(now),
        "coming": [found[each.pk] for each in coming if each.pk in found],
        "keeper": keeper,
        "add_url": reverse("admin:governance_window_add"),
    }


def _booked(starts: datetime, ends: datetime, now: datetime) -> tuple[list[Booked], list[Booked]]:
    """The bookings of the span, and the next ones: most of them are only counted."""
    live = Booking.objects.live().exclude(phase__status=PhaseStatus.CANCELLED).order_by("starts", "pk")
    columns = live.values_list("pk", "window_id", "starts", "ends")
    union = columns.filter(starts__gte=starts, starts__lt=ends).order_by().union(columns.filter(ends__gt=now)[:COMING])
    rows = [Booked(*row) for row in union.order_by("starts", "pk")]
    return [row for row in rows if starts <= row.starts < ends], [row for row in rows if row.ends > now][:COMING]


def _by_day(booked: Iterable[Booked]) -> dict[date, list[Booked]]:
    zone = timezone.get_current_timezone()
    found: dict[date, list[Booked]] = {}
    for each in booked:
        found.setdefault(each.starts.astimezone(zone).date(), []).append(each)
    return found


def _told(by_day: Mapping[date, Sequence[Booked]], coming: Iterable[Booked]) -> list[Booking]:
    """Those that a month has room for, and the next ones: the others are counted, and told by week and agenda."""
    shown = [each.pk for own in by_day.values() for each in own[:MOST_IN_A_DAY]]
    return list(live_bookings().filter(pk__in=[*shown, *(each.pk for each in coming)]))


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
    booked: Sequence[Booked],
    found: Mapping[int, Entry],
    here: Sequence[Occurrence],
) -> dict[str, Any]:
    starts, ends = midnight(day), midnight(day + timedelta(days=1))
    in_window: dict[int, list[Booked]] = {}
    for each in booked:
        in_window.setdefault(each.window, []).append(each)
    opening = [each for each in here if each.starts >= starts or day == first_shown]
    blackouts, beginning = ([each for each in times if each.is_blackout] for times in (here, opening))
    whole = any(each.closes and each.starts <= starts and each.ends >= ends for each in blackouts)
    free = [each for each in opening if not each.is_blackout and not _is_taken(each, in_window.get(each.window.pk, ()))]
    classes = {"today": day == today, "out": day.month != month, "hard": whole, "soft": bool(blackouts) and not whole}
    classes["bare"] = not (booked or blackouts or free)
    return {
        "date": str(day),
        "name": f"{day:%-d %b}" if day.day == 1 or day == first_shown else str(day.day),
        "weekday": f"{day:%A}",
        "classes": " ".join(name for name, holds in classes.items() if holds),
        "booked": [found[each.pk] for each in booked if each.pk in found],
        "blackouts": [_blackout(each, day) for each in beginning[:MOST_IN_A_DAY]],
        "windows": [_window(each, day, in_window.get(each.window.pk, ())) for each in free[:MOST_IN_A_DAY]],
        "more": _more(len(booked), len(free), len(beginning)),
    }


def _more(*counts: int) -> int:
    """How much a day holds besides what it shows."""
    return sum(max(count - MOST_IN_A_DAY, 0) for count in counts)


def _is_taken(time: Occurrence, booked: Iterable[Booked]) -> bool:
    """By one booking from beginning to end, which then stands for it."""
    return any(each.starts <= time.starts and each.ends >= time.ends for each in booked)


def _window(time: Occurrence, day: date, booked: Iterable[Booked]) -> dict[str, str]:
    """ "22:00 to 02:00 free"; the day of its end is named where it is not the night's."""
    starts, ends = localtime(time.starts), localtime(time.ends)
    elsewhere = (ends - MOMENT).date() > day and ends - starts >= timedelta(days=1)
    free = "" if any(time.overlaps(each.starts, each.ends) for each in booked) else " free"
    text = f"{starts:%H:%M} to {f'{ends:%-d %b}, ' if elsewhere else ''}{ends:%H:%M}{free}"
    return {"url": time.url, "name": time.name, "scope": time.scope, "text": text}


def _blackout(time: Occurrence, day: date) -> dict[str, str]:
    """Whom it is for and when: "production, soft, 20:00 to 22:00", "production to 20 Dec"."""
    starts, ends = localtime(time.starts), localtime(time.ends)
    last = (ends - MOMENT).date()
    whole_days = starts == midnight(starts.date()) and ends == midnight(ends.date())
    text = time.scope if time.closes else f"{time.scope}, {time.window.get_tier_display().lower()}"
    text += "" if whole_days else f", {starts:%H:%M}"
    if last != day:
        text += f" to {last:%-d %b}" if whole_days else f" to {ends:%-d %b, %H:%M}"
    elif not whole_days:
        text += f" to {ends:%H:%M}"
    return {"url": time.url, "name": time.name, "text": text}


def gates(rows: Iterable[Window], now: datetime) -> list[dict[str, Any]]:
    """Whether a booked run could start on the targets now, production first. The next time of every window tells what is and what comes."""
    coming: dict[Scope, list[Interval]] = {}
    for row in rows:
        if row.domain_id is None and (time := row.next_occurrence(now)):
            coming.setdefault((row.environment_id, row.target_id), []).append(row.as_interval(*time))
    targets = sorted(Target.objects.in_rank_order(), key=lambda target: not target.environment.production)[:MOST_GATES]
    own = (coming.get((target.environment_id, None), []) + coming.get((None, target.pk), []) for target in targets)
    return [_gate(target, intervals, now) for target, intervals in zip(targets, own, strict=True)]


def _gate(target: Target, own: Sequence[Interval], now: datetime) -> dict[str, Any]:
    gate = {"name": target.name, "environment": target.environment.name, "url": reverse("admin:schema_target", args=[target.name])}
    if not target.environment.production:
        return {**gate, "open": True, "why": "Runs here need no window", "changes_at": None}
    state = state_at(own, now)
    wanted = (each.kind is WindowKind.MAINTENANCE if state.open else each.closes for each in own)
    holding = next((each for each, decides in zip(own, wanted, strict=True) if decides and each.covers(now)), None)
    why = f"{holding.kind.capitalize()} “{holding.name}”" if holding else "No window is open"
    return {**gate, "open": state.open, "why": why, "changes_at": state.changes_at}
