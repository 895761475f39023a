"""Whoever comes at once: the database lets one through, and the others learn who was first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from governance import audit, workflow
from governance.audit import System, save
from governance.errors import Refusal
from governance.models import Booking, Deployment, Phase, Reservation, Target, Window
from tests import factories

AT_ONCE = 100
CONNECTIONS = 20  # that the server of the tests has to give at once


def prepare(capacity: int = 1, changes: int = AT_ONCE) -> tuple[Target, Window, User, list[Phase]]:
    """So many changes at the stage of booking; copies of one, as the way there is not what is tested."""
    cast = factories.make_cast()
    target = factories.make_targets()[0]  # below production, where no client has to be asked after
    first = factories.bring_to_window(cast, factories.make_spec(cast))
    window = factories.make_window(target, starts_in=24, capacity=capacity)
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "Changes that want the same time.")
        phases = [_copy(first, number) for number in range(changes)]
    return target, window, cast.operator, phases


def _copy(first: Phase, number: int) -> Phase:
    spec, deployment = first.spec, first.deployments.get(target__environment__production=False)
    spec = save(System.FIXTURES, type(spec)(title=f"Copy {number}", author=spec.author))
    phase = save(System.FIXTURES, Phase(spec=spec, stage=first.stage, risk=first.risk))
    save(System.FIXTURES, Deployment(phase=phase, target=deployment.target))
    return phase


def booked_at_once(phases, book) -> list[str]:
    """What each got: "" for a booking, else the kind of the refusal. Every thread has a connection of its own."""
    together = Barrier(CONNECTIONS)

    def attempt(phase: Phase) -> str:
        try:
            together.wait()
            book(phase)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return list(threads.map(attempt, phases))


def test_a_hundred_who_book_the_same_person_and_target_at_once_get_one_booking(committed):
    target, window, operator, phases = prepare(capacity=AT_ONCE)

    answers = booked_at_once(
        phases, lambda phase: workflow.book(actor=operator, phase=phase, target=target, window=window, operator=operator, acknowledge=True)
    )

    assert sorted(set(answers)) == ["", "BookingTaken"]
    assert answers.count("") == Booking.objects.live().count() == Reservation.objects.live().count() == 1


def test_a_window_with_room_for_three_takes_three_of_a_hundred(committed):
    target, window, operator, phases = prepare(capacity=3)
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "A target for each.")
        for number, phase in enumerate(phases):
            own = save(System.FIXTURES, Target(environment=target.environment, name=f"db_{number}", connection="X_URL"))
            save(System.FIXTURES, Deployment(phase=phase, target=own))

    def book(phase: Phase) -> None:
        own = phase.deployments.exclude(target=target).get().target
        workflow.book(actor=operator, phase=phase, target=own, window=window, acknowledge=True)

    answers = booked_at_once(phases, book)

    assert (answers.count(""), answers.count("WindowFull")) == (3, AT_ONCE - 3)
    assert sorted(Booking.objects.live().values_list("slot", flat=True)) == [1, 2, 3]


@pytest.mark.parametrize("constraint", ["booking_alone_in_slot", "reservation_person_once", "reservation_slot_once"])
def test_the_database_refuses_by_itself(db, constraint):
    target, window, operator, phases = prepare(changes=2)
    server = factories.make_resource(target)
    others = [factories.make_target(target.environment, f"other_{number}") for number in range(2)]
    slots = {"booking_alone_in_slot": (1, 1)}.get(constraint, (1, 2))
    taken = {"reservation_person_once": {"person": operator, "duty": "operates"}}.get(constraint, {"resource": server, "duty": "capacity"})

    def take_both() -> None:
        with transaction.atomic():
            audit.append(System.FIXTURES, "test.set_up", "", "Two that want the same.")
            for phase, own, slot in zip(phases, others, slots, strict=False):
                times = {"starts": window.starts, "ends": window.ends}
                booking = save(System.FIXTURES, Booking(phase=phase, target=own, window=window, slot=slot, booked_by=operator, **times))
                save(System.FIXTURES, Reservation(booking=booking, phase=phase, **times, **taken))

    with pytest.raises(IntegrityError, match=constraint):
        take_both()
