"""Times that recur: a rule of RFC 5545 on the wall clock of an IANA zone, and the half-open intervals in UTC that follow from it.

A start that a change of clocks leaves out is taken with the offset of before it, one that comes twice is the first of the two
(RFC 5545, 3.3.5). A length is elapsed time: a window of four hours lasts four hours in the night of such a change, too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from dateutil.rrule import rrule, rruleset, rrulestr

from governance.errors import BadRecurrence

TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday"}
PART = re.compile(r"(FREQ|INTERVAL|COUNT|UNTIL|WKST|BY(DAY|MONTHDAY|YEARDAY|WEEKNO|MONTH|SETPOS))=[A-Z0-9,+-]+")  # the start says the hour
HOW_TO = "Write it after RFC 5545, for example FREQ=WEEKLY;BYDAY=SA, with UNTIL in local time."
DAY = timedelta(days=1)  # more than any zone is away from UTC, and than any change of clocks
MOMENT = timedelta(microseconds=1)
FORESEEN = (10 * DAY, 40 * DAY, 400 * DAY)  # how far ahead the next time is looked for, in turn: a yearly one is found


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Without a rule it happens once. `starts` is the first start on the wall clock of the zone, and carries no zone itself."""

    starts: datetime
    length: timedelta
    rule: str = ""  # FREQ=WEEKLY;BYDAY=SA
    zone: str = "UTC"


def check(recurrence: Recurrence) -> None:
    """Raises BadRecurrence with what is wrong and what would be right."""
    check_zone(recurrence.zone)
    if recurrence.length <= timedelta(0):
        raise BadRecurrence(str(recurrence.length), "it ends before it starts", "Let it end after it starts.")
    if recurrence.rule:
        _check_rule(recurrence.rule, recurrence.starts)


def check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRecurrence(name, "no time zone has this name", "Write one of IANA's, for example Europe/Berlin.") from error


def _check_rule(text: str, starts: datetime) -> None:
    parts = _parts(text)
    if frequency := next((each for each in TOO_OFTEN if f"FREQ={each}" in parts), ""):
        raise BadRecurrence(text, f"{frequency} is too often", "Use DAILY, WEEKLY, MONTHLY or YEARLY.")
    if strange := next((part for part in parts if not PART.fullmatch(part)), ""):
        raise BadRecurrence(text, f"it cannot be read (“{strange[:40]}”)", HOW_TO)
    try:
        rule = _rule(text, starts)
    except (ValueError, TypeError, KeyError) as error:
        raise BadRecurrence(text, f"it cannot be read ({error})", HOW_TO) from error
    if next(iter(rule), None) is None:
        raise BadRecurrence(text, "it never happens", "Let UNTIL be later than the first start.")


def _parts(text: str) -> list[str]:
    return text.upper().removeprefix("RRULE:").split(";")


def in_words(rule: str, zone: str) -> str:
    """ "weekly on Saturday, Europe/Berlin"; a rule that says more than that is given as it is written."""
    found = dict(part.split("=", 1) for part in _parts(rule))
    days = [DAYS.get(day, "") for day in found.get("BYDAY", "").split(",") if day]
    if found.keys() - {"FREQ", "BYDAY"} or not all(days):
        return f"by {rule}, {zone}"
    return f"{found['FREQ'].lower()}{' on ' if days else ''}{', '.join(days)}, {zone}"


def occurrences(recurrence: Recurrence, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Those that overlap [after, before), in UTC and in order of their starts."""
    for starts in _starts(recurrence, after, before):
        ends = starts + recurrence.length
        if starts < before and after < ends:
            yield starts, ends


def _starts(recurrence: Recurrence, after: datetime, before: datetime) -> Iterable[datetime]:
    """In UTC; some more at both ends, since the zone moves them."""
    if not recurrence.rule:
        return (_in_utc(recurrence.starts, recurrence.zone),)
    earliest = (after.astimezone(UTC) - recurrence.length - DAY).date()
    latest = (before.astimezone(UTC) + 2 * DAY).date()
    return _between(recurrence.rule, recurrence.starts, recurrence.zone, earliest, latest)


@lru_cache(maxsize=8192)
def _between(text: str, starts: datetime, zone: str, earliest: date, latest: date) -> tuple[datetime, ...]:
    """By whole days, so that a page that is asked for again finds them."""
    begin, end = (datetime.combine(day, time.min) for day in (earliest, latest))
    found = _rule(text, _nearer(text, starts, begin)).between(begin, end, inc=True)
    return tuple(_in_utc(each.replace(microsecond=starts.microsecond), zone) for each in found)  # which the library leaves out


def _in_utc(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=8192)
def on_the_wall(moment: datetime, zone: str) -> datetime:
    """What clocks of the zone showed, without the zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _nearer(text: str, starts: datetime, begin: datetime) -> datetime:
    """A later start of the same rule: one that has gone on for years need not be counted through from its beginning."""
    found = dict(part.split("=", 1) for part in _parts(text))
    step = {"DAILY": DAY, "WEEKLY": 7 * DAY}.get(found["FREQ"])
    if step is None or "COUNT" in found or begin <= starts:
        return starts
    return starts + (begin - starts) // (step * int(found.get("INTERVAL", 1))) * step * int(found.get("INTERVAL", 1))


@lru_cache(maxsize=1024)
def _rule(text: str, starts: datetime) -> rrule | rruleset:
    return rrulestr(text.upper().removeprefix("RRULE:"), dtstart=starts)


def holidays_of(country: str, year: int, subdivision: str | None = None) -> dict[date, str]:
    """Public holidays by day, with their names. Raises BadRecurrence for a country that is not known."""
    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=year).items())
    except NotImplementedError as error:
        raise BadRecurrence(country, "no holidays are known for this country", "Write its two letters, for example DE.") from error
