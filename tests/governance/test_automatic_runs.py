"""Runs that start by themselves when their window opens."""

import pytest

from governance import handoff, workflow
from governance.models import AuditEvent, Booking, Run, StartMode
from governance.orders import RunKind, RunStatus
from governance.policy import ApprovalKind
from tests import factories
from tests.factories import Cast


@pytest.fixture
def automatic(cast: Cast, spec) -> Booking:
    """A booking that starts by itself in an hour."""
    phase = factories.bring_to_window(cast, spec)
    target = factories.on(phase, production=True).target
    window = factories.make_window(target, starts_in=1)
    booking = workflow.book(actor=cast.operator, phase=phase, target=target, window=window, start=StartMode.AUTOMATIC)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.BUSINESS)
    return booking


def move_clock(monkeypatch, hours: float) -> None:
    moment = factories.timezone.now() + factories.timedelta(hours=hours)
    monkeypatch.setattr("governance.gates.clock", lambda: moment)


@pytest.mark.at("window")
def test_automatic_run_starts_once_when_its_window_opens(spec, automatic, monkeypatch):
    handoff.tick()
    assert not Run.objects.filter(kind=RunKind.DEPLOY, target=automatic.target).exists()
    move_clock(monkeypatch, 1.5)

    handoff.tick()
    handoff.tick()

    run = Run.objects.get(kind=RunKind.DEPLOY, target=automatic.target)
    assert (run.status, run.booking, run.requested_by) == (RunStatus.QUEUED, automatic, None)
    assert AuditEvent.objects.get(kind="run.deploy", actor="system:clock").subject == spec.number
    assert factories.finish(run).status == RunStatus.SUCCEEDED


@pytest.mark.at("window")
def test_automatic_run_that_may_not_start_says_why_and_says_it_once(cast, spec, automatic, monkeypatch):
    cast.stakeholder.groups.clear()
    move_clock(monkeypatch, 1.5)

    for _ in range(3):
        handoff.tick()

    event = AuditEvent.objects.get(kind="refused.start")
    assert (event.actor, event.subject, event.data["code"]) == ("system:clock", spec.number, "MissingEvidence")
    assert not Run.objects.filter(booking=automatic).exists()


@pytest.mark.at("window")
def test_automatic_booking_of_a_cancelled_change_starts_nothing(cast, spec, automatic, monkeypatch):
    phase = factories.roll_back_staging(cast, factories.phase_of(spec))
    workflow.cancel(actor=cast.engineer, phase=phase, reason="not wanted")
    move_clock(monkeypatch, 1.5)

    handoff.tick()

    assert not Run.objects.filter(booking=automatic).exists()
    assert not AuditEvent.objects.filter(kind="refused.start").exists()


@pytest.mark.at("production")
def test_manual_booking_does_not_start_by_itself(cast, spec):
    factories.bring_to_production(cast, spec)

    handoff.tick()

    assert not Run.objects.filter(kind=RunKind.DEPLOY, status=RunStatus.QUEUED).exists()
