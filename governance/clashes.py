"""Bookings as the values that `collisions` judges, and its verdicts as rows: found again whenever one of them moves."""

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from governance import audit, collisions, heralding
from governance.audit import save
from governance.collisions import Work, collide
from governance.expectation import forecasts, latest_analyses, latest_facts
from governance.facts import Facts
from governance.lifecycle import PhaseStatus
from governance.models import Booking, Collision, Dependency, DependencyKind, Duty, Phase, Reservation, Resource, ResourceKind, StartMode

OVERRUN = timedelta(days=1)  # how long after its booked end a change is still looked at


def works(bookings: Collection[Booking]) -> dict[int, Work]:
    """By the key of the booking, in as many queries as there are kinds of rows."""
    facts = latest_facts(booking.target_id for booking in bookings)
    seconds = forecasts(bookings, facts)
    reports = {(row.phase_id, row.target_id): row.report for row in latest_analyses({booking.phase_id for booking in bookings})}
    links = _links(bookings)
    servers = _servers(bookings)
    operators = dict(Reservation.objects.live().filter(booking__in=bookings, duty=Duty.OPERATES).values_list("booking", "person__username"))
    found = {}
    for booking in bookings:
        key = (booking.phase_id, booking.target_id)
        tables = frozenset(reports[key]["tables"]) if key in reports else frozenset()
        found[booking.pk] = Work(
            change=booking.phase.spec.number,
            target=booking.target.name,
            starts=booking.starts,
            ends=booking.ends,
            p90=seconds[key].p90 if key in seconds else None,
            by_hand=booking.start == StartMode.MANUAL,
            person=operators.get(booking.pk) or booking.booked_by.get_username(),
            servers=servers.get(booking.target_id, frozenset()),
            tables=tables,
            neighbours=neighbours(tables, facts.get(booking.target_id)),
            requires=links[DependencyKind.REQUIRES].get(booking.phase.spec_id, frozenset()),
            conflicts=links[DependencyKind.CONFLICTS].get(booking.phase.spec_id, frozenset()),
        )
    return found


def neighbours(tables: frozenset[str], facts: Facts | None) -> frozenset[str]:
    """Tables at the other end of their foreign keys."""
    if facts is None:
        return frozenset()
    keys = {(table.identity, each.references) for table in facts.tables for each in table.constraints if each.references}
    return frozenset(b if a in tables else a for a, b in keys if (a in tables) != (b in tables))


def _links(bookings: Iterable[Booking]) -> dict[str, dict[int, frozenset[str]]]:
    found: dict[str, dict[int, frozenset[str]]] = {kind: {} for kind in DependencyKind}
    rows = Dependency.objects.filter(spec__in={booking.phase.spec_id for booking in bookings})
    for spec, other, kind in rows.values_list("spec", "other", "kind"):
        found[kind][spec] = found[kind].get(spec, frozenset()) | {f"CHG-{other}"}
    return found


def _servers(bookings: Iterable[Booking]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    shared = Resource.objects.filter(kind=ResourceKind.SERVER, targets__in={booking.target_id for booking in bookings})
    for target, name in shared.values_list("targets", "name"):
        found[target] = found.get(target, frozenset()) | {name}
    return found


def found_for(booking: Booking) -> list[tuple[Booking, collisions.Collision]]:
    """Worst first."""
    others = _near(booking)
    known = works([booking, *others])
    pairs = ((other, collide(known[booking.pk], known[other.pk])) for other in others)
    return sorted(((other, verdict) for other, verdict in pairs if verdict), key=lambda pair: -pair[1].score)


def _near(booking: Booking) -> list[Booking]:
    """Live bookings of other changes about that time, and those of changes that this one has to do with."""
    spec = booking.phase.spec_id
    until = booking.ends + OVERRUN
    near = Q(starts__lt=until, ends__gt=booking.starts - OVERRUN)
    tied = Q(phase__spec__dependants__spec=spec) | Q(phase__spec__dependencies__other=spec)
    rows = Booking.objects.live().filter(near | tied, phase__status=PhaseStatus.OPEN).exclude(phase__spec=spec)
    undone = rows.exclude(runs__status="succeeded", runs__kind="deploy").distinct()
    return list(undone.select_related("phase__spec", "target", "booked_by"))


def keep(actor: audit.Actor, booking: Booking, found: Iterable[tuple[Booking, collisions.Collision]], known_by: Any = None) -> None:
    """`known_by`: who acknowledges them, and when."""
    for other, verdict in found:
        person, moment = known_by if known_by and verdict.asks else (None, None)
        values = {"score": verdict.score, "why": f"{other.phase.spec.number} on {other.target}: {verdict.why}"}
        row = Collision(booking=booking, other=other, **values, acknowledged_by=person, acknowledged_at=moment)
        save(actor, row)
        if verdict.asks:
            heralding.collides(actor, row)


def refresh(actor: audit.Actor, phase: Phase) -> None:
    """Judge the phase's bookings anew. What was acknowledged stays so unless it became worse."""
    for booking in phase.bookings.live().select_related("phase__spec", "target", "booked_by"):
        pairs = Q(booking=booking) | Q(other=booking)
        before = {
            frozenset((row.booking_id, row.other_id)): row
            for row in Collision.objects.filter(pairs, booking__cancelled_at=None, other__cancelled_at=None)
        }
        for other, verdict in found_for(booking):
            row = before.pop(frozenset((booking.pk, other.pk)), None) or Collision(booking=booking, other=other, score=0.0)
            _judge_anew(actor, row, verdict)
        for row in before.values():
            audit.delete(actor, row)


def _judge_anew(actor: audit.Actor, row: Collision, verdict: collisions.Collision) -> None:
    worse = verdict.score > row.score
    why = f"{row.other.phase.spec.number} on {row.other.target}: {verdict.why}"
    if (row.score, row.why) == (verdict.score, why):
        return
    row.score, row.why = verdict.score, why
    if worse:
        row.acknowledged_by, row.acknowledged_at = None, None
    save(actor, row)
    if worse and (verdict.asks or verdict.blocks):
        heralding.collides(actor, row)


def over(booking: Booking, seconds: float) -> datetime:
    """When it is over in nine runs of ten; as booked where nobody knows."""
    return booking.ends if math.isinf(seconds) else booking.starts + timedelta(seconds=seconds)
