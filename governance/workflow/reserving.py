"""What a booking takes besides its target: a slot of its window, people, and slots of what its target shares with others.

Whoever books holds, in one order, the rows of the target, the window, the people and the resources: so bookings of the same thing wait
for each other instead of meeting at the exclusion constraints, which would refuse them by deadlock. The constraints stay the guarantee.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from governance.audit import save
from governance.errors import BookingTaken, MissingRole
from governance.expectation import latest_analyses
from governance.lifecycle import Role
from governance.models import Booking, Duty, Reservation, Resource, ResourceKind, Target, Window
from governance.openings import is_available
from governance.refused_bookings import PersonAway, PersonBusy, ResourceFull, WindowFull
from governance.workflow.acts import roles_of

OPERATE = frozenset({Role.OPERATOR})
ON_CALL = frozenset({Role.OPERATOR, Role.ENGINEER, Role.REVIEWER})


def hold(booking: Booking, people: Collection[User]) -> list[Resource]:
    """The resources that the booking will take a slot of."""
    _held(Target.objects.filter(pk=booking.target_id))
    _held(Window.objects.filter(pk=booking.window_id))
    _held(User.objects.filter(pk__in=[person.pk for person in people]))
    return _held(Resource.objects.filter(pk__in=[resource.pk for resource in _used(booking)]))


def _held(rows: QuerySet[Any, Any]) -> list[Any]:
    return list(rows.order_by("pk").select_for_update(no_key=True))


def _used(booking: Booking) -> list[Resource]:
    kinds = [ResourceKind.SERVER, *([ResourceKind.REPLICATION] if _writes(booking) else [])]
    return list(Resource.objects.filter(targets=booking.target_id, kind__in=kinds))


def _writes(booking: Booking) -> bool:
    """Whether it writes or rewrites rows there; what was never analysed might."""
    report = next((row.report for row in latest_analyses({booking.phase_id}) if row.target_id == booking.target_id), None)
    return report is None or any(each["rewrite"] or each["writes_rows"] for each in report["statements"])


def take_slot(booking: Booking) -> None:
    """The first free one of its window. Raises BookingTaken, WindowFull."""
    at_once = Booking.objects.live().filter(starts__lt=booking.ends, ends__gt=booking.starts).exclude(phase=booking.phase)
    if here := list(at_once.filter(target=booking.target).select_related("phase__spec")):
        raise BookingTaken(booking.target.name, ", ".join(f"{other.phase.spec.number} from {other.starts:%d %b %H:%M}" for other in here))
    others = list(at_once.filter(window=booking.window).select_related("phase__spec"))
    booking.slot = _free_slot({other.slot for other in others}, booking.window.capacity)
    if not booking.slot:
        raise WindowFull(booking.window.name, booking.window.capacity, sorted({other.phase.spec.number for other in others}))


def _free_slot(taken: set[int], capacity: int) -> int:
    """0: none."""
    return next((slot for slot in range(1, capacity + 1) if slot not in taken), 0)


def reserve(actor: User, booking: Booking, operator: User | None, on_call: User | None, resources: Collection[Resource]) -> None:
    """Raises MissingRole, PersonBusy, PersonAway, ResourceFull."""
    if operator:
        _reserve_operator(actor, booking, operator)
    if on_call:
        _refuse_unfit(on_call, "be on call", ON_CALL, booking)
        watched = timedelta(seconds=booking.target.environment.monitoring_seconds)
        save(actor, _reservation(booking, Duty.ON_CALL, person=on_call, ends=booking.ends + watched))
    for resource in resources:
        _reserve_slot(actor, booking, resource)


def _reserve_operator(actor: User, booking: Booking, person: User) -> None:
    _refuse_unfit(person, "run it", OPERATE, booking)
    rows = _at_once(booking).filter(person=person, duty=Duty.OPERATES).exclude(phase=booking.phase)
    if other := rows.select_related("booking__phase__spec", "booking__target").first():
        raise PersonBusy(person.get_username(), f"{other.booking.phase.spec.number} on {other.booking.target}")
    save(actor, _reservation(booking, Duty.OPERATES, person=person))


def _reserve_slot(actor: User, booking: Booking, resource: Resource) -> None:
    others = list(_at_once(booking).filter(resource=resource).select_related("booking__phase__spec"))
    slot = _free_slot({other.slot for other in others}, resource.capacity)
    if not slot:
        raise ResourceFull(resource.name, resource.capacity, sorted({other.booking.phase.spec.number for other in others}))
    save(actor, _reservation(booking, Duty.CAPACITY, resource=resource, slot=slot))


def _at_once(booking: Booking) -> QuerySet[Reservation]:
    return Reservation.objects.live().filter(starts__lt=booking.ends, ends__gt=booking.starts).exclude(booking=booking)


def _reservation(booking: Booking, duty: Duty, **given: Any) -> Reservation:
    return Reservation(booking=booking, phase=booking.phase, duty=duty, **{"starts": booking.starts, "ends": booking.ends, **given})


def _refuse_unfit(person: User, act: str, roles: frozenset[Role], booking: Booking) -> None:
    if not person.is_active or not roles_of(person) & roles:
        raise MissingRole(person.get_username(), act, roles)
    if not is_available(person, booking.starts, booking.ends):
        raise PersonAway(person.get_username(), f"{booking.starts:%d %b %H:%M} to {booking.ends:%H:%M} UTC")
