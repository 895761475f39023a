"""A feed as an iCalendar file (RFC 5545): bookings, and for a target or a domain its windows and blackouts. All times in UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from icalendar import Calendar, Event

from governance.lifecycle import PhaseStatus, Role
from governance.models import Booking, CalendarFeed, FeedKind, Window
from governance.openings import intervals
from governance.windows import Interval, WindowKind

PAST, AHEAD = timedelta(days=30), timedelta(days=180)
MOST = 1000  # events of a kind
OPERATORS = frozenset({Role.OPERATOR})


def as_icalendar(feed: CalendarFeed, now: datetime, root: str) -> bytes:
    """`root`: the portal's address, for links; what they lead to needs signing in."""
    calendar = Calendar()
    calendar.add("prodid", "-//Lockgate//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Lockgate: {feed}")
    for event in (*_booked(feed, now, root), *_opened(feed, now)):
        calendar.add_component(event)
    return calendar.to_ical()


def _booked(feed: CalendarFeed, now: datetime, root: str) -> Iterator[Event]:
    rows = Booking.objects.live().filter(ends__gt=now - PAST, starts__lt=now + AHEAD).exclude(phase__status=PhaseStatus.CANCELLED)
    for booking in _of(feed, rows).select_related("phase__spec", "target", "booked_by").order_by("starts", "pk").distinct()[:MOST]:
        spec = booking.phase.spec
        event = _event(f"booking-{booking.pk}", f"{spec.number} on {booking.target}: {booking.phase}", booking.starts, booking.ends, now)
        event.add(
            "description", f"{booking.phase.sentence or spec.purpose}\n\n{booking.get_start_display()}. Booked by {booking.booked_by}."
        )
        event.add("url", f"{root}/governance/spec/{spec.pk}/change/?phase={booking.phase_id}&tab=schedule")
        yield event


def _of(feed: CalendarFeed, rows: QuerySet[Booking]) -> QuerySet[Booking]:
    match feed.kind:
        case FeedKind.TARGET:
            return rows.filter(target=feed.target_id)
        case FeedKind.DOMAIN:
            return rows.filter(phase__spec__domains=feed.domain_id)
        case FeedKind.ROLE:
            return _of_role(Role(feed.role), rows)
    mine = Q(reservations__person=feed.owner_id, reservations__cancelled_at=None)
    return rows.filter(mine | Q(booked_by=feed.owner_id) | Q(phase__spec__author=feed.owner_id))


def _of_role(role: Role, rows: QuerySet[Booking]) -> QuerySet[Booking]:
    """What people of the role are booked for; operators start whatever nobody was named for."""
    theirs = Q(reservations__person__groups__name=role, reservations__cancelled_at=None)
    return rows.filter(theirs | Q(start="manual")) if role in OPERATORS else rows.filter(theirs)


def _opened(feed: CalendarFeed, now: datetime) -> Iterator[Event]:
    """The times of windows and blackouts, one by one: a reader need not know the rules of our zones."""
    if feed.target:
        rows = Window.objects.of(feed.target)
    elif feed.domain_id:
        rows = Window.objects.filter(domain=feed.domain_id)
    else:
        return
    for row in rows.touching(now - PAST, now + AHEAD):
        for each in intervals([row], now - PAST, now + AHEAD)[:MOST]:
            event = _event(f"window-{row.pk}-{each.starts:%Y%m%dT%H%M%S}", _title(each), each.starts, each.ends, now)
            event.add("transp", "TRANSPARENT")
            yield event


def _title(each: Interval) -> str:
    return f"Window: {each.name}" if each.kind is WindowKind.MAINTENANCE else f"{each.tier.capitalize()} blackout: {each.name}"


def _event(key: str, title: str, starts: datetime, ends: datetime, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{key}@lockgate")
    event.add("dtstamp", now)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", title)
    return event
