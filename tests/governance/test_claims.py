"""Who works on a row: one at a time, fenced, and taken over when silent."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System
from governance.expectation import forecast_of
from governance.models import AuditEvent, Heartbeat, Rehearsal, Run, RunProgress
from governance.orders import Progress, RunKind, RunStatus, Step, StepStatus
from tests import factories
from tests.factories import Cast
from tests.governance.claiming import at_the_same_moment, fall_silent, statuses

STEP = Step(1, "V20260101_0900__levels.sql", 3, "ALTER TABLE", StepStatus.RUNNING, timezone.now())


@pytest.fixture
def run(cast: Cast, spec) -> Run:
    """Queued, on staging."""
    phase = factories.bring_to_staging(cast, spec)
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))


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
def test_abandoned_row_waits_again_with_the_reason(run):
    claim = handoff.claim("run", run.pk)

    handoff.abandon(claim, "the target is busy")

    run.refresh_from_db()
    assert (run.status, run.message, run.started_at) == (RunStatus.QUEUED, "the target is busy", None)
    assert ("run", run.pk) in handoff.due()
    assert not handoff.claim("run", run.pk).again


@pytest.mark.at("staging")
def test_steps_are_kept_as_they_happen(run):
    claim = handoff.claim("run", run.pk)
    handoff.progress(claim, STEP)
    assert run.steps.get().status == StepStatus.RUNNING

    handoff.progress(claim, Step(1, STEP.script, 3, "ALTER TABLE", StepStatus.DONE, STEP.started_at, 0.2, 3, None, "waited"))

    step = run.steps.get()
    assert (step.status, step.seconds, step.attempts, step.note) == (StepStatus.DONE, 0.2, 3, "waited")
    assert list(step.history.order_by("history_id").values_list("status", flat=True)) == ["running", "done"]


@pytest.mark.at("staging")
def test_progress_of_a_backfill_is_kept_without_history(run):
    claim = handoff.claim("run", run.pk)

    for rows in (100, 200, 300):
        handoff.progress(claim, replace(STEP, progress=Progress(rows, rows, 1000, 50.0, 20, throttled="a standby is 12.0 s behind")))

    found = RunProgress.objects.get(run=run)
    assert (found.position, found.rows, found.total, found.batch, found.throttled) == (1, 300, 1000, 20, "a standby is 12.0 s behind")
    assert run.steps.get().history.count() == 1


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


@pytest.mark.at("staging")
def test_run_keeps_what_was_forecast_when_it_began(cast, run):
    expected = forecast_of(run.deployment.phase_id, run.target_id)

    handoff.claim("run", run.pk)

    kept = Run.objects.get(pk=run.pk)
    assert (kept.forecast_likely, kept.forecast_p90) == (expected.likely, expected.p90)


@pytest.mark.at("staging")
def test_what_several_workers_die_of_ends_and_is_not_taken_for_ever(cast, spec):
    workflow.request_rehearsal(actor=cast.engineer, phase=factories.phase_of(spec))
    row, ends = Rehearsal.objects.get(status=RunStatus.QUEUED), []

    for _ in range(3):
        assert handoff.claim("rehearse", row.pk)
        fall_silent()
        handoff.give_back(handoff.reclaim("rehearse", row.pk))
        row.refresh_from_db()
        ends.append(row.status)

    assert ends == ["queued", "queued", "failed_clean"]
    assert row.message.startswith("3 workers died of it one after the other")
    assert ("rehearse", row.pk) not in handoff.due()
    workflow.request_rehearsal(actor=cast.engineer, phase=factories.phase_of(spec))
    assert Rehearsal.objects.get(status=RunStatus.QUEUED).pk != row.pk
