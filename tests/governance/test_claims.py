"""Who works on a row: one at a time, fenced, and taken over when silent."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System
from governance.handoff import ClaimLost
from governance.models import AuditEvent, Heartbeat, Observation, Rehearsal, Run
from governance.orders import Observed, Rehearsed, RunKind, RunStatus, Step, StepStatus, Verdict, Wish
from tests import factories
from tests.factories import Cast

STEP = Step(1, "V20260101_0900__levels.sql", 3, "ALTER TABLE", StepStatus.RUNNING, timezone.now())


@pytest.fixture
def run(cast: Cast, spec) -> Run:
    """Queued, on staging."""
    phase = factories.bring_to_staging(cast, spec)
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))


def fall_silent() -> None:
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=settings.CLAIM_SILENCE + 1))


def statuses(run: Run) -> list[str]:
    return list(run.history.order_by("history_id").values_list("status", flat=True))


def at_the_same_moment(count: int, work) -> list:
    """Each in a thread and a connection of its own, started together."""
    start = threading.Barrier(count)

    def one(number: int):
        try:
            connection.ensure_connection()
            start.wait(10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def queue_another(run: Run) -> Run:
    """A second run on the same target, as two requests at the same moment would leave it."""
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "A second run.")
        fields = {"deployment": run.deployment, "target": run.target, "kind": RunKind.DEPLOY, "script_digest": run.script_digest}
        return audit.save(System.FIXTURES, Run(**fields))


def test_twelve_claims_at_the_same_moment_have_one_winner(committed):
    cast = factories.make_cast()
    factories.make_targets()
    phase = factories.bring_to_staging(cast, factories.make_spec(cast))
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))

    claims = at_the_same_moment(12, lambda _: handoff.claim("run", run.pk))

    winners = [claim for claim in claims if claim]
    assert len(winners) == 1
    handoff.finish_run(winners[0], factories.outcome())
    assert statuses(run) == ["queued", "running", "succeeded"]
    assert AuditEvent.objects.filter(kind="run.claim", data__id=str(run.pk)).count() == 1
    assert Heartbeat.objects.count() == 0


def test_twelve_runs_on_one_target_claimed_at_the_same_moment_have_one_winner(committed):
    cast = factories.make_cast()
    factories.make_targets()
    phase = factories.bring_to_staging(cast, factories.make_spec(cast))
    runs = [workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))]
    runs += [queue_another(runs[0]) for _ in range(11)]

    claims = at_the_same_moment(12, lambda number: handoff.claim("run", runs[number].pk))

    assert len([claim for claim in claims if claim]) == 1
    assert sorted(Run.objects.values_list("status", flat=True)) == ["queued"] * 11 + ["running"]


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
def test_run_delivered_twice_runs_once(run):
    first = handoff.claim("run", run.pk)

    assert handoff.claim("run", run.pk) is None
    handoff.finish_run(first, factories.outcome())
    assert handoff.claim("run", run.pk) is None
    assert statuses(run) == ["queued", "running", "succeeded"]


@pytest.mark.at("staging")
def test_second_run_on_a_busy_target_stays_queued_until_the_first_has_ended(cast, run):
    second = queue_another(run)
    first = handoff.claim("run", run.pk)
    assert handoff.claim("run", second.pk) is None
    assert ("run", second.pk) in handoff.due()
    assert statuses(second) == ["queued"]

    handoff.finish_run(first, factories.outcome(status=RunStatus.FAILED_CLEAN))

    assert handoff.claim("run", second.pk)


def test_claim_of_a_row_that_is_not_there_finds_nothing(db):
    assert handoff.claim("run", uuid4()) is None
    assert handoff.reclaim("observe", uuid4()) is None


@pytest.mark.at("staging")
def test_order_holds_what_was_approved(cast, run):
    claim = handoff.claim("run", run.pk)

    order = claim.order
    assert (order.run, order.kind, order.target, order.connection) == (str(run.pk), RunKind.DEPLOY, "staging_db", "STAGING_DB_URL")
    assert (order.script_digest, order.release, order.release_digest, order.actor) == (run.script_digest, None, "", "otto")
    assert [script.name[0] for script in order.manifest.scripts] == ["V", "R", "C"]
    assert "every level is known" in {check.name for check in order.checks}
    assert not order.known_blockers


@pytest.mark.at("production")
def test_order_for_production_holds_the_release(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))

    order = handoff.claim("run", run.pk).order

    assert order.release.targets == ("production_db",)
    assert order.release.script_digest == order.script_digest == run.script_digest
    assert order.release_digest == run.release_digest


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
def test_abandoned_row_waits_again_with_the_reason(run):
    claim = handoff.claim("run", run.pk)

    handoff.abandon(claim, "the target is busy")

    run.refresh_from_db()
    assert (run.status, run.message, run.started_at) == (RunStatus.QUEUED, "the target is busy", None)
    assert ("run", run.pk) in handoff.due()
    assert not handoff.claim("run", run.pk).again


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


@pytest.mark.at("staging")
def test_steps_are_kept_as_they_happen(run):
    claim = handoff.claim("run", run.pk)
    handoff.progress(claim, STEP)
    assert run.steps.get().status == StepStatus.RUNNING

    handoff.progress(claim, Step(1, STEP.script, 3, "ALTER TABLE", StepStatus.DONE, STEP.started_at, 0.2, 3, None, "waited"))

    step = run.steps.get()
    assert (step.status, step.seconds, step.attempts, step.note) == (StepStatus.DONE, 0.2, 3, "waited")
    assert list(step.history.order_by("history_id").values_list("status", flat=True)) == ["running", "done"]


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


@pytest.mark.at("staging")
def test_bell_rings_after_the_commit_with_kind_and_row(cast, spec, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr("governance.bell._callbacks", [lambda kind, row: rung.append((kind, row))])
    phase = factories.bring_to_staging(cast, spec)
    rung.clear()

    with django_capture_on_commit_callbacks(execute=True):
        run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
        assert rung == []

    assert rung == [("run", run.pk)]
