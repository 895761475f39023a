"""B11: runs outside their window or inside a blackout are refused at the start and pause at the next boundary; each refusal is an event."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import handoff, workflow
from governance.models import AuditEvent, Booking, Run
from governance.orders import Wish
from tests import factories
from tests.governance.behaviours.ways import WAYS, by_act, by_api, by_function


def start(way, api, cast, phase) -> str:
    deployment = factories.on(phase, production=True)
    if way == "function":
        return by_function(workflow.start, actor=cast.operator, deployment=deployment)
    if way == "page":
        return by_act(cast.operator, phase, "deploy_production", deployment=deployment.pk)
    return by_api(api, cast.operator, "POST", f"/changes/{phase.spec.number}/runs", {"target": deployment.target.name, "kind": "deploy"})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b11_run_inside_a_blackout_is_refused_and_told(api, cast, spec, way):
    phase = factories.phase_of(spec)
    factories.make_blackout(factories.on(phase, production=True).target)

    refused = start(way, api, cast, phase)

    assert refused in ("OutsideWindow", "MissingEvidence")
    assert AuditEvent.objects.filter(kind="refused.start", subject=spec.number).count() == 1
    assert not Run.objects.filter(target__environment__production=True, kind="deploy").exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b11_run_after_its_booking_is_refused(api, cast, spec, way):
    _end_booking()

    assert start(way, api, cast, factories.phase_of(spec)) in ("OutsideWindow", "MissingEvidence")


@pytest.mark.at("production")
def test_b11_run_that_waits_is_refused_when_the_runner_takes_it(cast, spec):
    phase = factories.phase_of(spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))
    factories.make_blackout(run.target)

    assert handoff.claim("run", run.pk) is None


@pytest.mark.at("production")
def test_b11_running_job_pauses_at_its_next_boundary(cast, spec):
    run = workflow.start(actor=cast.operator, deployment=factories.on(factories.phase_of(spec), production=True))
    claim = handoff.claim("run", run.pk)
    factories.make_blackout(run.target)

    wish = handoff.wish(claim)

    assert wish is Wish.PAUSE
    assert AuditEvent.objects.filter(kind="run.pause", actor="system:runner").exists()


def _end_booking() -> None:
    past = timezone.now() - timedelta(seconds=1)
    factories.at_once("UPDATE governance_booking SET ends = %s WHERE id = %s", [past, Booking.objects.get().pk])
