"""From rows to the values that `windows` judges: are targets open at a moment, and when is there room for a change."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from governance.models import Availability, Booking, Duty, Phase, Reservation, Resource, Target, Window
from governance.models.windows import touching
from governance.windows import GateState, Interval, Slot, WindowKind, crowded, next_slot, state_of_all, without

AHEAD = timedelta(days=90)  # how far the next change of an answer, and the next slot, are looked for
NO_WINDOW_NEEDED = "runs below production need no window"


def domains_of(phase: Phase) -> list[str]:
    """Slugs of the domains that its change touches."""
    return list(phase.spec.domains.order_by("slug").values_list("slug", flat=True))


def intervals(rows: Iterable[Window], after: datetime, before: datetime) -> list[Interval]:
    return [each for row in rows for each in row.intervals(after, before)]


def state_of(target: Target, domains: Iterable[str], moment: datetime) -> GateState:
    """Of one target, whatever its environment, for a change that touches the domains."""
    rows = Window.objects.of(target, domains).touching(moment, moment + AHEAD)
    return state_of_all({target.name: intervals(rows, moment, moment + AHEAD)}, moment)


def state_at(targets: Sequence[Target], moment: datetime, domains: Collection[str] = ()) -> GateState:
    """Open when every target is. `targets`: with their environments."""
    known = _windows(_in_production(targets), domains, moment, moment + AHEAD)
    if not known:
        return GateState(True, NO_WINDOW_NEEDED, None)
    return state_of_all({name: intervals(rows, moment, moment + AHEAD) for name, rows in known.items()}, moment)


def first_slot(
    targets: Sequence[Target],
    needs: timedelta,
    after: datetime,
    *,
    domains: Collection[str] = (),
    people: Collection[User] = (),
    resources: Collection[Resource] = (),
    phase: Phase | None = None,
) -> Slot | None:
    """The first time in which all targets are open and free, and people and resources are there. `phase`: its own bookings may move."""
    before = after + AHEAD
    own = Booking.objects.live().filter(starts__lt=before, ends__gt=after).exclude(phase=phase)
    known = _windows(_in_production(targets), domains, after, before)
    taken = _by_window(own.filter(window__in={row.pk for rows in known.values() for row in rows}))
    open_times = {name: _free(rows, taken, after, before) for name, rows in known.items()}
    open_times |= _availability(people, after, before)
    busy = [Slot(*each) for each in own.filter(target__in=targets).values_list("starts", "ends")]
    busy += _busy_people(people, after, before, phase) + _busy_resources(resources, after, before, phase)
    return next_slot(open_times, busy, after, needs, before)


def _in_production(targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if target.environment.production]


def _windows(targets: Sequence[Target], domains: Collection[str], after: datetime, before: datetime) -> dict[str, list[Window]]:
    """By the name of the target, in one query."""
    if not targets:
        return {}
    environments = {target.environment_id for target in targets}
    scope = Q(environment__in=environments) | Q(target__in=targets) | Q(domain__slug__in=domains)
    rows = list(Window.objects.filter(scope).touching(after, before).order_by("starts", "pk"))
    return {target.name: [row for row in rows if holds_for(row, target)] for target in targets}


def holds_for(window: Window, target: Target) -> bool:
    """A domain's holds for every target of a change that touches it."""
    return window.domain_id is not None or window.target_id == target.pk or window.environment_id == target.environment_id


def _by_window(bookings: QuerySet[Booking]) -> dict[int, list[Slot]]:
    found: dict[int, list[Slot]] = {}
    for window, *times in bookings.values_list("window", "starts", "ends"):
        found.setdefault(window, []).append(Slot(*times))
    return found


def _free(rows: Iterable[Window], taken: Mapping[int, list[Slot]], after: datetime, before: datetime) -> list[Interval]:
    """Windows without the times in which they are full; blackouts as they are."""
    found: list[Interval] = []
    for row in rows:
        there = taken.get(row.pk, ())
        full = crowded(there, row.capacity) if row.kind == WindowKind.MAINTENANCE and len(there) >= row.capacity else []
        for each in row.intervals(after, before):
            found += without(each, full) if full else [each]
    return found


def _availability(people: Collection[User], after: datetime, before: datetime) -> dict[str, list[Interval]]:
    """Of those people who have said when they can be booked, by name."""
    rows = Availability.objects.filter(touching(after, before), person__in=people).select_related("person") if people else []
    found: dict[str, list[Interval]] = {}
    for row in rows:
        name = row.person.get_username()
        times = row.occurrences(after, before)
        found.setdefault(name, []).extend(Interval(WindowKind.MAINTENANCE, name, *each) for each in times)
    for silent in Availability.objects.filter(person__in=people).values_list("person__username", flat=True) if people else ():
        found.setdefault(silent, [])  # who could be booked once, and never in this span
    return found


def _busy_people(people: Collection[User], after: datetime, before: datetime, phase: Phase | None) -> list[Slot]:
    if not people:
        return []
    rows = Reservation.objects.live().filter(person__in=people, duty=Duty.OPERATES, starts__lt=before, ends__gt=after).exclude(phase=phase)
    return [Slot(*each) for each in rows.values_list("starts", "ends")]


def _busy_resources(resources: Collection[Resource], after: datetime, before: datetime, phase: Phase | None) -> list[Slot]:
    """When a resource has no slot left."""
    if not resources:
        return []
    rows = Reservation.objects.live().filter(resource__in=resources, starts__lt=before, ends__gt=after).exclude(phase=phase)
    taken: dict[int | None, list[Slot]] = {}
    for resource, *times in rows.values_list("resource", "starts", "ends"):
        taken.setdefault(resource, []).append(Slot(*times))
    return [slot for resource in resources for slot in crowded(taken.get(resource.pk, ()), resource.capacity)]


def is_available(person: User, starts: datetime, ends: datetime) -> bool:
    """Whether one time of the person's covers all of it; who has said nothing is always there."""
    rows = list(Availability.objects.filter(person=person))
    return not rows or any(begin <= starts and ends <= end for row in rows for begin, end in row.occurrences(starts, ends))
