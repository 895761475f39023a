"""Booking time in a window."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.errors import BookingTaken, OutsideWindow
from governance.gates import blackouts_over
from governance.lifecycle import Stage
from governance.manifest import digests_of
from governance.models import Booking, Phase, StartMode, Target, Window
from governance.windows import WindowKind
from governance.workflow.acts import act, carry_on, lock, move, permit, void_approvals


@act
def book(
    *,
    actor: User,
    phase: Phase,
    target: Target,
    window: Window,
    starts: datetime | None = None,
    ends: datetime | None = None,
    start: str = StartMode.MANUAL,
) -> Booking:
    """Time on a target, the whole window unless said otherwise. Booking again moves it, which voids the business approval.

    Raises:
        OutsideWindow, BookingTaken
    """
    phase = lock(phase)
    permit(actor, "book", stage=phase.at)
    booking = Booking(
        window=window, phase=phase, target=target, starts=starts or window.starts, ends=ends or window.ends, start=start, booked_by=actor
    )
    _refuse_outside(booking)
    _cancel_earlier(actor, phase, target)
    try:
        with transaction.atomic():
            save(actor, booking)
    except IntegrityError as error:
        raise BookingTaken(target.name, _holder(booking)) from error
    audit.append(
        actor,
        "booking.book",
        phase.spec.number,
        f"{actor} booked {target} from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC.",
        window=window.name,
        start=start,
    )
    void_approvals(actor, phase, digests_of(phase), "the booking changed", timezone.now())
    move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), "the booking changed")
    carry_on(actor, phase)
    return booking


def _refuse_outside(booking: Booking) -> None:
    window, name = booking.window, booking.target.name
    if window.kind != WindowKind.MAINTENANCE or window.environment_id != booking.target.environment_id:
        raise OutsideWindow(name, f"“{window}” is not a maintenance window of its environment", "Choose one that is.")
    if booking.starts < window.starts or booking.ends > window.ends:
        raise OutsideWindow(name, f"“{window}” is from {window.starts:%d %b %H:%M} to {window.ends:%d %b %H:%M} UTC", "Book inside it.")
    if blackouts := blackouts_over(booking):
        raise OutsideWindow(name, f"blackout “{blackouts[0]}” lies over that time", "Choose another time.")


def _cancel_earlier(actor: User, phase: Phase, target: Target) -> None:
    for earlier in Booking.objects.select_for_update().filter(phase=phase, target=target, cancelled_at=None):
        earlier.cancelled_at = timezone.now()
        save(actor, earlier)


def _holder(booking: Booking) -> str:
    others = Booking.objects.filter(target=booking.target, cancelled_at=None, starts__lt=booking.ends, ends__gt=booking.starts)
    return ", ".join(f"{other.phase.spec.number} from {other.starts:%d %b %H:%M}" for other in others.select_related("phase__spec"))
