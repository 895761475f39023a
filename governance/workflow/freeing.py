"""Giving booked time back: the target, the slot of the window, people and resources."""

from datetime import datetime

from django.db.models import Model
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.models import Booking, Phase


def give_up(actor: audit.Actor, booking: Booking) -> None:
    """The booking and all that it took are free again."""
    now = timezone.now()
    rows: list[Model] = [booking, *booking.reservations.live()]
    for row in rows:
        row.cancelled_at = now  # type: ignore[attr-defined]
        save(actor, row)  # type: ignore[type-var]


def free_what_is_left(actor: audit.Actor, phase: Phase) -> None:
    """Of the time of a change that is closed. What was approved and done in it stays as it was."""
    now = timezone.now()
    for booking in phase.bookings.live().filter(ends__gt=now).select_related("target", "phase__spec"):
        said = f"{phase} is closed: {booking.target} is free again until {booking.ends:%d %b %H:%M} UTC."
        if booking.starts < now:
            _end(actor, booking, now)
        else:
            give_up(actor, booking)
        audit.append(actor, "booking.free", phase.spec.number, said, booking=booking.pk)


def _end(actor: audit.Actor, booking: Booking, now: datetime) -> None:
    booking.agreed_until, booking.ends = booking.ends, now
    save(actor, booking)
    for row in booking.reservations.live().filter(ends__gt=now):
        row.ends = now
        save(actor, row)
