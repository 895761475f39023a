"""Booking time in a window, moving and withdrawing it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import assessment, audience, audit, clashes, heralding, openings
from governance.audit import save
from governance.case import load
from governance.errors import BookingTaken, NotReady, OutsideWindow
from governance.gates import check_clients, clock, hard_blackouts_over
from governance.lifecycle import PhaseStatus, Stage
from governance.models import Booking, Collision, DependencyKind, Deployment, Phase, Spec, StartMode, Target, Window
from governance.refused_bookings import BookingCollides, OutOfOrder, Unacknowledged
from governance.windows import WindowKind
from governance.workflow.acts import act, carry_on, lock, move, permit, void_approvals
from governance.workflow.freeing import give_up
from governance.workflow.reserving import hold, reserve, take_slot


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
    operator: User | None = None,
    on_call: User | None = None,
    acknowledge: bool = False,
) -> Booking:
    """Time on a target, the next occurrence of the window unless said otherwise. Booking again moves it, which voids the business approval.

    `acknowledge`: the person knows what it disturbs, as far as that does not block it.

    Raises:
        OutsideWindow, OutOfOrder, BookingTaken, WindowFull, PersonBusy, PersonAway, ResourceFull, BookingCollides, Unacknowledged,
        MissingEvidence: a client cannot live with it, or nobody knows
    """
    phase = lock(phase)
    permit(actor, "book", stage=phase.at)
    begin, end = _times(window, target, starts, ends)
    booking = Booking(window=window, phase=phase, target=target, starts=begin, ends=end, start=start, booked_by=actor)
    _refuse_outside(booking)
    _refuse_out_of_order(booking)
    if target.environment.production:
        check_clients(load(phase.pk), "book")
    before = _keep(actor, booking, operator, on_call)
    _settle_collisions(actor, booking, acknowledge)
    audit.append(
        actor,
        "booking.book",
        phase.spec.number,
        f"{actor} booked {target} from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC.",
        window=window.name,
        start=start,
        operator=operator.get_username() if operator else "",
        on_call=on_call.get_username() if on_call else "",
    )
    heralding.booked(actor, booking, before)
    _follow(actor, phase, "the booking changed")
    return booking


def _follow(actor: User, phase: Phase, why: str) -> None:
    assessment.weigh_booking(actor, phase)
    void_approvals(actor, phase, load(phase.pk).digests, why, timezone.now())
    move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), why)
    carry_on(actor, phase)


def _times(window: Window, target: Target, starts: datetime | None, ends: datetime | None) -> tuple[datetime, datetime]:
    """Those asked for, completed from the occurrence that they lie in. Raises OutsideWindow."""
    if not window.rule:
        return starts or window.starts, ends or window.ends
    found = window.occurrence_at(starts) if starts else window.next_occurrence(clock())
    if found is None:
        after = window.next_occurrence(starts or clock())
        asked = f"it is not open at {starts:%d %b %H:%M} UTC" if starts else "it does not come again"
        todo = f"It is open next from {after[0]:%d %b %H:%M} to {after[1]:%d %b %H:%M} UTC." if after else "Choose another window."
        raise OutsideWindow(target.name, f"“{window}” is {window.recurs_in_words()}, and {asked}", todo)
    return starts or found[0], ends or found[1]


def _refuse_outside(booking: Booking) -> None:
    window, name = booking.window, booking.target.name
    domains = openings.domains_of(booking.phase)
    if window.kind != WindowKind.MAINTENANCE or not Window.objects.of(booking.target, domains).filter(pk=window.pk).exists():
        why = f"“{window}” is not a maintenance window of its environment, of itself or of a domain that the change touches"
        raise OutsideWindow(name, why, "Choose one that is.")
    around = next(((begin, end) for begin, end in window.occurrences(booking.starts, booking.ends) if begin <= booking.starts), None)
    if around is None or booking.ends > around[1]:
        begin, end = around or window.next_occurrence(booking.starts) or (window.starts, window.ends)
        raise OutsideWindow(name, f"“{window}” is from {begin:%d %b %H:%M} to {end:%d %b %H:%M} UTC", "Book inside it.")
    if blackouts := hard_blackouts_over(booking):
        raise OutsideWindow(name, f"blackout “{blackouts[0].name}” lies over that time", "Choose another time.")


def _refuse_out_of_order(booking: Booking) -> None:
    """What it requires is deployed to the target, or booked there; that it is booked to end before is the collisions' to say."""
    required = Spec.objects.filter(dependants__spec=booking.phase.spec, dependants__kind=DependencyKind.REQUIRES)
    to_come = Deployment.objects.filter(phase__spec__in=required, target=booking.target, applied=False).select_related("phase__spec")
    booked = set(Booking.objects.live().filter(phase__spec__in=required, target=booking.target).values_list("phase", flat=True))
    for deployment in to_come:
        if deployment.phase_id not in booked:
            raise OutOfOrder(booking.phase.spec.number, deployment.phase.spec.number, booking.target.name)


def _keep(actor: User, booking: Booking, operator: User | None, on_call: User | None) -> list[Booking]:
    """With all that it takes; an earlier booking of the same gives way."""
    resources = hold(booking, [person for person in (operator, on_call) if person])
    before = list(Booking.objects.live().select_for_update(no_key=True).filter(phase=booking.phase, target=booking.target))
    for earlier in before:
        give_up(actor, earlier)
    take_slot(booking)
    try:
        with transaction.atomic():
            save(actor, booking)
    except IntegrityError as error:
        raise BookingTaken(booking.target.name, "another change") from error
    reserve(actor, booking, operator, on_call, resources)
    return before


def _settle_collisions(actor: User, booking: Booking, acknowledge: bool) -> None:
    found = clashes.found_for(booking)
    for other, verdict in found:
        if verdict.blocks:
            raise BookingCollides(f"{other.phase.spec.number} on {other.target}", verdict.why, verdict.score)
    asking = [f"{other.phase.spec.number} on {other.target}: {verdict.why}" for other, verdict in found if verdict.asks]
    if asking and not acknowledge:
        raise Unacknowledged(asking)
    clashes.keep(actor, booking, found, (actor, timezone.now()))
    if asking:
        audit.append(
            actor, "booking.acknowledge", booking.phase.spec.number, f"{actor} knows what {booking} disturbs: {'; '.join(asking)}."
        )


@act
def acknowledge_collisions(*, actor: User, booking: Booking) -> Booking:
    """Those that came up since it was booked, as far as they do not block it."""
    phase = lock(booking.phase)
    permit(actor, "acknowledge_collision", stage=phase.at)
    rows = booking.collisions.filter(acknowledged_at=None, other__cancelled_at=None, other__phase__status=PhaseStatus.OPEN)
    if severe := rows.filter(score__gte=clashes.collisions.BLOCKS).first():
        raise BookingCollides(str(severe.other), severe.why, severe.score)
    open_ones = list(rows.filter(score__gte=clashes.collisions.ASKS))
    if not open_ones:
        raise NotReady(f"{booking} disturbs nothing that was not acknowledged. Nothing is left to do.")
    for row in open_ones:
        row.acknowledged_by, row.acknowledged_at = actor, timezone.now()
        save(actor, row)
    texts = "; ".join(row.why for row in open_ones)
    audit.append(actor, "booking.acknowledge", phase.spec.number, f"{actor} knows what {booking} disturbs: {texts}.")
    carry_on(actor, phase)
    return booking


@act
def withdraw(*, actor: User, booking: Booking, reason: str) -> Booking:
    """The time is free again. A run that is under way in it pauses at its next boundary."""
    phase = lock(booking.phase)
    permit(actor, "withdraw_booking", reason=reason)
    held = Booking.objects.select_for_update(of=("self",), no_key=True).select_related("target", "phase").get(pk=booking.pk)
    if held.cancelled_at:
        raise NotReady(f"{held} was withdrawn at {held.cancelled_at:%d %b %H:%M} UTC. Nothing is left to do.")
    people = list(audience.concerned(phase, held.target))
    give_up(actor, held)
    heralding.unbooked(actor, held, people, reason)
    audit.append(actor, "booking.withdraw", phase.spec.number, f"{actor} withdrew {held}: {reason}")
    _follow(actor, phase, "the booking was withdrawn")
    return held


def collisions_of(booking: Booking) -> list[Collision]:
    """With live bookings, from either side, worst first."""
    rows = [*booking.collisions.filter(other__cancelled_at=None), *booking.collided_with.filter(booking__cancelled_at=None)]
    return sorted(rows, key=lambda row: -row.score)
