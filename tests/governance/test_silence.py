"""Rows whose holder fell silent, runs that rest, and runs of which nobody knows."""

import pytest
from django.db import transaction
from django.utils import timezone

from governance import handoff, workflow
from governance.handoff import ClaimLost
from governance.models import Observation, Rehearsal, Run
from governance.orders import Observed, Rehearsed, RunStatus, Step, StepStatus, Verdict, Wish
from tests import factories
from tests.factories import Cast
from tests.governance.claiming import at_the_same_moment, fall_silent, statuses

STEP = Step(1, "V20260101_0900__levels.sql", 3, "ALTER TABLE", StepStatus.RUNNING, timezone.now())


@pytest.fixture
def run(cast: Cast, spec) -> Run:
    """Queued, on staging."""
    phase = factories.bring_to_staging(cast, spec)
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))


def test_silent_run_is_taken_over_by_one_of_many(committed):
    cast = factories.make_cast()
    factories.make_targets()
    phase = factories.bring_to_staging(cast, factories.make_spec(cast))
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
    handoff.claim("run", run.pk)
    fall_silent()

    claims = at_the_same_moment(6, lambda _: handoff.reclaim("run", run.pk))

    assert len([claim for claim in claims if claim]) == 1


@pytest.mark.at("staging")
def test_reclaimed_row_refuses_every_word_of_its_old_holder(run):
    old = handoff.claim("run", run.pk)
    fall_silent()
    new = handoff.reclaim("run", run.pk)
    assert new.token != old.token
    assert new.again

    for word in (
        lambda: handoff.progress(old, STEP),
        lambda: handoff.wish(old),
        lambda: handoff.beat(old.token),
        lambda: handoff.abandon(old, "too late"),
        lambda: handoff.finish_run(old, factories.outcome()),
    ):
        with pytest.raises(ClaimLost, match=r"was claimed again\. Nothing was written"), transaction.atomic():
            word()

    assert statuses(run) == ["queued", "running", "running"]
    handoff.finish_run(new, factories.outcome())
    assert Run.objects.get(pk=run.pk).status == RunStatus.SUCCEEDED


@pytest.mark.at("staging")
def test_row_is_lost_after_silence_only(run):
    claim = handoff.claim("run", run.pk)
    assert handoff.lost() == []
    assert handoff.reclaim("run", run.pk) is None
    fall_silent()
    assert handoff.lost() == [("run", run.pk)]

    handoff.beat(claim.token)

    assert handoff.lost() == []


@pytest.mark.at("staging")
def test_reclaim_does_not_ask_for_approvals_again(cast, run):
    handoff.claim("run", run.pk)
    fall_silent()
    cast.reviewer.groups.clear()

    assert handoff.reclaim("run", run.pk)


@pytest.mark.at("staging")
def test_row_that_was_let_go_is_lost_at_once(run):
    claim = handoff.claim("run", run.pk)

    handoff.let_go(claim)

    assert handoff.lost() == [("run", run.pk)]


@pytest.mark.at("staging")
def test_run_of_which_nobody_knows_is_asked_after_now_and_then_until_somebody_does(cast, run, settings):
    factories.finish(run, status=RunStatus.INDETERMINATE)
    assert handoff.lost() == []
    settings.PROBE_AGAIN = 0
    assert handoff.lost() == [("run", run.pk)]

    claim = handoff.reclaim("run", run.pk)
    handoff.finish_run(claim, factories.outcome())

    assert statuses(run) == ["queued", "running", "indeterminate", "running", "succeeded"]
    assert factories.on(run.deployment.phase, production=False).applied
    assert handoff.lost() == []


@pytest.mark.at("staging")
def test_paused_run_goes_on_when_resumed(cast, run):
    workflow.control(actor=cast.operator, run=run, wish=Wish.PAUSE)
    claim = handoff.claim("run", run.pk)
    assert handoff.progress(claim, STEP) is Wish.PAUSE
    handoff.finish_run(claim, factories.outcome(status=RunStatus.PAUSED))
    assert handoff.due() == []

    workflow.resume(actor=cast.operator, run=run)
    again = handoff.claim("run", run.pk)

    assert handoff.wish(again) is Wish.NONE
    handoff.finish_run(again, factories.outcome())
    assert statuses(run) == ["queued", "queued", "running", "paused", "queued", "running", "succeeded"]


@pytest.mark.at("staging")
def test_resumed_run_that_may_not_go_on_is_not_called_clean(cast, run):
    factories.finish(run, status=RunStatus.PAUSED)
    workflow.resume(actor=cast.operator, run=run)
    cast.reviewer.groups.clear()

    assert handoff.claim("run", run.pk) is None

    run.refresh_from_db()
    assert run.status == RunStatus.INDETERMINATE
    assert "technical approval" in run.message
    assert handoff.lost() == [("run", run.pk)]


@pytest.mark.at("staging")
def test_paused_run_can_be_stopped_and_its_target_is_asked_what_it_holds(cast, run):
    factories.finish(run, status=RunStatus.PAUSED)

    workflow.control(actor=cast.operator, run=run, wish=Wish.STOP)

    claim = handoff.reclaim("run", run.pk)
    assert handoff.wish(claim) is Wish.STOP
    handoff.finish_run(claim, factories.outcome(status=RunStatus.FAILED_DIRTY))
    assert Run.objects.get(pk=run.pk).status == RunStatus.FAILED_DIRTY


@pytest.mark.parametrize("kind", ["observe", "rehearse"])
@pytest.mark.at("submission")
def test_every_kind_of_row_is_claimed_lost_and_given_back(cast, spec, kind):
    phase = factories.phase_of(spec)
    if kind == "rehearse":
        factories.observe(phase)
        workflow.request_rehearsal(actor=cast.engineer, phase=phase)
    row = (Observation.objects.filter(status="queued") if kind == "observe" else Rehearsal.objects).first()
    claim = handoff.claim(kind, row.pk)
    assert handoff.claim(kind, row.pk) is None
    fall_silent()

    again = handoff.reclaim(kind, row.pk)
    handoff.abandon(again, "its worker died")

    with pytest.raises(ClaimLost), transaction.atomic():
        handoff.finish_observation(claim, Observed(None)) if kind == "observe" else handoff.finish_rehearsal(
            claim, Rehearsed(Verdict.PASSED, ())
        )
    assert (kind, row.pk) in handoff.due()
