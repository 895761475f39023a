"""Recurring times over changes of clocks, leap days and ends of months."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.errors import BadRecurrence
from governance.recurrence import Recurrence, check, holidays_of, occurrences
from governance.windows import Interval, Slot, WindowKind, next_slot

HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def starts(recurrence: Recurrence, after: str, before: str) -> list[str]:
    return [f"{start:%y-%m-%d %H:%M}" for start, _ in occurrences(recurrence, utc(after), utc(before))]


@pytest.mark.parametrize(
    ("zone", "wall", "around", "expected"),
    [
        # clocks go forward: the wall time of the second day is left out, so it is taken with the offset of before
        ("Europe/Berlin", "2026-03-28T02:30", ("2026-03-28", "2026-03-31"), ["26-03-28 01:30", "26-03-29 01:30", "26-03-30 00:30"]),
        (
            "America/New_York",
            "2026-03-07T02:30",
            ("2026-03-07", "2026-03-10"),
            ["26-03-07 07:30", "26-03-08 07:30", "26-03-09 06:30"],
        ),
        (
            "Australia/Sydney",
            "2026-10-03T02:15",
            ("2026-10-02", "2026-10-05"),
            ["26-10-02 16:15", "26-10-03 16:15", "26-10-04 15:15"],
        ),
        # clocks go back: the first of the two
        ("Europe/Berlin", "2026-10-24T02:30", ("2026-10-24", "2026-10-27"), ["26-10-24 00:30", "26-10-25 00:30", "26-10-26 01:30"]),
        (
            "America/New_York",
            "2026-10-31T01:30",
            ("2026-10-31", "2026-11-03"),
            ["26-10-31 05:30", "26-11-01 05:30", "26-11-02 06:30"],
        ),
        (
            "Australia/Lord_Howe",
            "2026-04-04T01:45",
            ("2026-04-03", "2026-04-06"),
            ["26-04-03 14:45", "26-04-04 14:45", "26-04-05 15:15"],
        ),
        # a zone without any
        ("Asia/Kolkata", "2026-03-28T02:30", ("2026-03-27", "2026-03-30"), ["26-03-27 21:00", "26-03-28 21:00", "26-03-29 21:00"]),
    ],
)
def test_daily_windows_keep_their_wall_time_over_changes_of_clocks(zone, wall, around, expected):
    night = Recurrence(local(wall), HOUR, "FREQ=DAILY;COUNT=3", zone)

    assert starts(night, *around) == expected


def test_a_window_of_four_hours_lasts_four_hours_in_the_night_of_a_change():
    night = Recurrence(local("2026-10-24T23:00"), 4 * HOUR, "FREQ=DAILY", "Europe/Berlin")

    [(start, end)] = [each for each in occurrences(night, utc("2026-10-24T22:00"), utc("2026-10-25T01:00")) if each[0].day == 24]

    assert end - start == 4 * HOUR
    assert f"{end:%H:%M}" == "01:00"


@pytest.mark.parametrize(
    ("rule", "first", "around", "expected"),
    [
        ("FREQ=YEARLY", "2024-02-29T01:00", ("2024-01-01", "2029-01-01"), ["24-02-29 01:00", "28-02-29 01:00"]),
        ("FREQ=MONTHLY", "2026-01-31T01:00", ("2026-01-01", "2026-06-01"), ["26-01-31 01:00", "26-03-31 01:00", "26-05-31 01:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T01:00", ("2026-01-15", "2026-03-15"), ["26-01-31 01:00", "26-02-28 01:00"]),
        ("FREQ=MONTHLY;BYDAY=2SA", "2026-01-10T01:00", ("2026-01-01", "2026-03-01"), ["26-01-10 01:00", "26-02-14 01:00"]),
        ("FREQ=WEEKLY;BYDAY=SA;UNTIL=20260117T010000", "2026-01-03T01:00", ("2026-01-01", "2026-03-01"),
         ["26-01-03 01:00", "26-01-10 01:00", "26-01-17 01:00"]),
        ("", "2026-01-03T01:00", ("2026-01-01", "2026-03-01"), ["26-01-03 01:00"]),
    ],
)  # fmt: skip
def test_leap_days_ends_of_months_and_ends_of_rules(rule, first, around, expected):
    assert starts(Recurrence(local(first), HOUR, rule), *around) == expected


def test_what_began_before_and_is_not_over_counts_and_what_only_touches_does_not():
    night = Recurrence(local("2026-01-03T23:00"), 4 * HOUR)

    assert starts(night, "2026-01-04T02:59", "2026-01-04T04:00") == ["26-01-03 23:00"]
    assert starts(night, "2026-01-04T03:00", "2026-01-04T04:00") == []
    assert starts(night, "2026-01-03T22:00", "2026-01-03T23:00") == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"zone": "Europe/Berlim"}, "no time zone"),
        ({"length": timedelta(0)}, "ends before"),
        ({"rule": "FREQ=HOURLY"}, "too often"),
        ({"rule": "every Saturday"}, "cannot be read"),
        ({"rule": "FREQ=WEEKLY;UNTIL=20200101T000000"}, "never happens"),
        ({"rule": "FREQ=WEEKLY;UNTIL=20290101T000000Z"}, "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_with_what_would_be_right(given, why):
    usual = {"starts": local("2026-01-03T01:00"), "length": HOUR, "rule": "FREQ=WEEKLY"}

    with pytest.raises(BadRecurrence, match=why):
        check(Recurrence(**{**usual, **given}))


def test_holidays_are_known_by_country_and_part_of_it():
    assert holidays_of("DE", 2026)[date(2026, 10, 3)]
    assert date(2026, 1, 6) in holidays_of("DE", 2026, "BY")
    assert date(2026, 1, 6) not in holidays_of("DE", 2026)
    with pytest.raises(BadRecurrence, match="no holidays"):
        holidays_of("ZZ", 2026)


def test_the_next_slot_in_ninety_days_is_found_in_a_moment():
    begin, end = utc("2026-01-01"), utc("2026-04-01")
    nightly = Recurrence(local("2026-01-01T01:00"), 4 * HOUR, "FREQ=DAILY", "Europe/Berlin")
    nights = [Interval(WindowKind.MAINTENANCE, "night", *each) for each in occurrences(nightly, begin, end)]
    taken = [Slot(each.starts, each.ends) for each in nights[:-1]]
    started = time.perf_counter()

    slot = next_slot({"a": nights, "b": nights}, taken, begin, 2 * HOUR, end + 24 * HOUR)

    assert time.perf_counter() - started < 0.05
    assert slot == Slot(nights[-1].starts, nights[-1].starts + 2 * HOUR)
