"""Open or closed at a moment, and why."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from governance.windows import BusyDays, Interval, Slot, Tier, WindowKind, busy_between, next_slot, state_at, state_of_all

NIGHT = Interval(WindowKind.MAINTENANCE, "night", datetime(2026, 12, 5, 1, tzinfo=UTC), datetime(2026, 12, 5, 5, tzinfo=UTC))
SALE = Interval(WindowKind.BLACKOUT, "sale", datetime(2026, 12, 5, 3, tzinfo=UTC), datetime(2026, 12, 5, 4, tzinfo=UTC))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "is_open", "changes_at"),
    [
        (NIGHT.starts - SECOND, False, NIGHT.starts),
        (NIGHT.starts, True, SALE.starts),
        (SALE.starts, False, SALE.ends),
        (SALE.ends - SECOND, False, SALE.ends),
        (SALE.ends, True, NIGHT.ends),
        (NIGHT.ends, False, None),
    ],
)
def test_a_window_opens_and_a_blackout_closes_at_their_half_open_edges(moment, is_open, changes_at):
    state = state_at([NIGHT, SALE], moment)

    assert state.open is is_open
    assert state.changes_at == changes_at


def test_a_blackout_is_named_even_inside_a_window():
    assert "sale" in state_at([NIGHT, SALE], SALE.starts).why


def test_without_any_window_the_gate_is_closed():
    state = state_at([], NIGHT.starts)

    assert not state.open
    assert state.changes_at is None


def test_touching_intervals_do_not_overlap():
    assert not NIGHT.overlaps(NIGHT.ends, NIGHT.ends + SECOND)
    assert NIGHT.overlaps(NIGHT.ends - SECOND, NIGHT.ends + SECOND)


def at(hour: float) -> datetime:
    return datetime(2026, 12, 5, tzinfo=UTC) + timedelta(hours=hour)


def window(begin: float, end: float) -> Interval:
    return Interval(WindowKind.MAINTENANCE, "w", at(begin), at(end))


def blackout(begin: float, end: float, tier: Tier = Tier.HARD) -> Interval:
    return Interval(WindowKind.BLACKOUT, "b", at(begin), at(end), tier)


@pytest.mark.parametrize(("tier", "is_open", "more"), [(Tier.HARD, False, False), (Tier.SOFT, True, True), (Tier.ADVISORY, True, False)])
def test_only_a_hard_blackout_closes_a_soft_one_asks_for_more_and_any_is_said(tier, is_open, more):
    state = state_at([window(1, 5), blackout(2, 3, tier)], at(2))

    assert (state.open, state.asks_for_more) == (is_open, more)
    assert "blackout “b”" in " ".join([state.why, *state.advice])


def test_several_targets_are_open_together_or_the_closed_one_is_named():
    both = state_of_all({"a": [window(1, 5)], "b": [window(2, 6)]}, at(3))
    one = state_of_all({"a": [window(1, 5)], "b": [window(2, 6)]}, at(1))

    assert both.open
    assert not one.open
    assert one.why.startswith("b: ")
    assert one.changes_at == at(2)


@pytest.mark.parametrize(
    ("taken", "needs", "expected"),
    [
        ([], 1, 2.0),  # both are open from 2 on
        ([(2, 3)], 1, 4.0),  # from 3 to 4 is a blackout
        ([(2, 3), (4, 4.5)], 0.5, 4.5),
        ([(2, 3), (4, 4.5)], 1, None),
        ([(0, 2), (2, 2.5)], 0.5, 2.5),
    ],
)
def test_the_next_slot_is_open_everywhere_and_free(taken, needs, expected):
    intervals = {"a": [window(1, 5)], "b": [window(2, 6), blackout(3, 4)]}

    slot = next_slot(intervals, [Slot(at(begin), at(end)) for begin, end in taken], at(0), timedelta(hours=needs), at(24))

    assert slot == (Slot(at(expected), at(expected + needs)) if expected is not None else None)


def test_windows_that_touch_are_one():
    slot = next_slot({"a": [window(1, 3), window(3, 5)]}, [], at(0), timedelta(hours=4), at(24))

    assert slot == Slot(at(1), at(5))


@pytest.mark.parametrize(
    ("starts", "hours", "begins", "until", "busy"),
    [
        (datetime(2026, 3, 2, 7, tzinfo=UTC), 1, time(9), time(18), False),
        (datetime(2026, 3, 2, 7, tzinfo=UTC), 2, time(9), time(18), True),  # 08:00 to 10:00 in Berlin
        (datetime(2026, 3, 2, 17, tzinfo=UTC), 3, time(9), time(18), False),
        (datetime(2026, 3, 2, 0, tzinfo=UTC), 1, time(22), time(2), True),
        (datetime(2026, 3, 2, 3, tzinfo=UTC), 24, time(9), time(18), True),
    ],
)
def test_busy_hours_are_those_of_the_zones_clock(starts, hours, begins, until, busy):
    assert busy_between(starts, starts + timedelta(hours=hours), begins, until, ZoneInfo("Europe/Berlin")) is busy


@pytest.mark.parametrize(
    ("day", "hour", "on", "busy"),
    [
        (4, 10, BusyDays.WORKDAYS, True),  # a Friday
        (5, 10, BusyDays.WORKDAYS, False),
        (5, 10, BusyDays.WEEKEND, True),
        (5, 10, BusyDays.EVERY_DAY, True),
        (5, 3, BusyDays.WORKDAYS, True),  # the night that began on Friday
        (7, 3, BusyDays.WEEKEND, True),
        (8, 3, BusyDays.WEEKEND, False),
    ],
)
def test_busy_hours_are_those_of_their_days_and_a_night_belongs_to_the_day_on_which_it_begins(day, hour, on, busy):
    starts = datetime(2026, 12, day, hour, tzinfo=UTC)
    begins, until = (time(22), time(6)) if hour == 3 else (time(9), time(18))

    assert busy_between(starts, starts + timedelta(hours=1), begins, until, UTC, on) is busy
