"""A month of windows, blackouts and bookings, and each target's gate as it is now."""

from calendar import Calendar
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from governance.gates import clock
from governance.models import Target, Window
from governance.pages.bookings import Entry, entries, touching
from governance.pages.values import address_of
from governance.windows import WindowKind, state_at

COMING = 6
YEARS = range(2000, 2100)
MOMENT = timedelta(microseconds=1)


def calendar_page(wanted: str, *, keeper: bool) -> dict[str, Any]:
    """`wanted`: "2026-12"; anything else is the present month. `keeper`: may add windows."""
    now = localtime(clock())
    first = _read_month(wanted) or now.date().replace(day=1)
    days = [day for week in Calendar().monthdatescalendar(first.year, first.month) for day in week]
    starts, ends = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    windows = list(Window.objects.select_related("environment").filter(touching(starts, ends, now)).order_by("starts"))
    known = entries(starts, ends, now, [window for window in windows if window.kind == WindowKind.BLACKOUT])
    shown = [entry for entry in known if starts <= entry.booking.starts < ends]
    return {
        "month": first,
        "previous": f"{first - timedelta(days=1):%Y-%m}",
        "next": f"{first + timedelta(days=31):%Y-%m}",
        "zone": _zone(_midnight(first)),
        "days": [_day(day, days[0], first.month, now.date(), shown, windows) for day in days],
        "booked": len(shown),
        "empty": not shown and not any(window.interval.overlaps(starts, ends) for window in windows),
        "conflicts": [entry for entry in shown if entry.conflicts],
        "gates": [_gate(target, windows, now) for target in Target.objects.in_rank_order()],
        "coming": [entry for entry in known if entry.booking.ends > now][:COMING],
        "keeper": keeper,
        "add_url": reverse("admin:governance_window_add"),
    }


def _read_month(text: str) -> date | None:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return first if first.year in YEARS else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _zone(moment: datetime) -> str:
    """ "New York, UTC−5", or "UTC"."""
    name = timezone.get_current_timezone_name().rpartition("/")[2].replace("_", " ")
    minutes = int((localtime(moment).utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{name}, UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}" if minutes else name


def _day(day: date, first_shown: date, month: int, today: date, shown: Iterable[Entry], windows: Sequence[Window]) -> dict[str, Any]:
    starts, ends = _midnight(day), _midnight(day + timedelta(days=1))
    here = [window for window in windows if window.interval.overlaps(starts, ends)]
    opening = [window for window in here if window.starts >= starts or day == first_shown]
    blackouts = [window for window in here if window.kind == WindowKind.BLACKOUT]
    whole = any(window.starts <= starts and window.ends >= ends for window in blackouts)
    booked = [entry for entry in shown if starts <= entry.booking.starts < ends]
    free = [window for window in opening if window.kind == WindowKind.MAINTENANCE and not _is_taken(window, booked)]
    classes = {"today": day == today, "out": day.month != month, "hard": whole, "soft": bool(blackouts) and not whole}
    classes["bare"] = not (booked or blackouts or free)
    return {
        "date": day,
        "names_month": day.day == 1 or day == first_shown,
        "classes": " ".join(name for name, holds in classes.items() if holds),
        "booked": booked,
        "blackouts": [_window(window, day, booked) for window in opening if window.kind == WindowKind.BLACKOUT],
        "windows": [_window(window, day, booked) for window in free],
    }


def _is_taken(window: Window, booked: Iterable[Entry]) -> bool:
    """By one booking from beginning to end, which then stands for it."""
    bookings = (entry.booking for entry in booked)
    return any(each.window_id == window.pk and each.starts <= window.starts and each.ends >= window.ends for each in bookings)


def _window(window: Window, day: date, booked: Iterable[Entry]) -> dict[str, Any]:
    starts, ends = localtime(window.starts), localtime(window.ends)
    last = (ends - MOMENT).date()
    return {
        "url": address_of(window),
        "name": window.name,
        "environment": window.environment.name,
        "starts": starts,
        "ends": ends,
        "last": last,
        "until_another_day": last > day and ends - starts >= timedelta(days=1),
        "whole_days": starts == _midnight(starts.date()) and ends == _midnight(ends.date()),
        "free": not any(entry.booking.window_id == window.pk for entry in booked),
    }


def _gate(target: Target, windows: Iterable[Window], now: datetime) -> dict[str, Any]:
    """Whether a booked run could start on the target now."""
    gate = {"name": target.name, "environment": target.environment.name, "url": reverse("admin:schema_target", args=[target.name])}
    if not target.environment.production:
        return {**gate, "open": True, "why": "Runs here need no window", "changes_at": None}
    own = [window for window in windows if window.environment_id == target.environment_id]
    state = state_at([window.interval for window in own], now)
    decisive = WindowKind.MAINTENANCE if state.open else WindowKind.BLACKOUT
    holding = next((window for window in own if window.kind == decisive and window.interval.covers(now)), None)
    why = f"{holding.get_kind_display()} “{holding.name}”" if holding else "No window is open"
    return {**gate, "open": state.open, "why": why, "changes_at": state.changes_at}
