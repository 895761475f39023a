"""What is measured around a run: kept, and acted upon when a trigger is pulled; and what an operator decides then."""

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.errors import MissingRole, NeedsReason, NotReady, StillNeeded
from governance.lifecycle import Stage
from governance.models import AfterFailedCheck, AuditEvent, Choice, DecisionPoint, Environment, Notice, Run, Target, Threshold
from governance.monitoring import Action, Metric, Period, Reading, measured
from governance.notices import NoticeKind
from governance.orders import CheckResult, Moment, Question, RunKind, RunStatus, Verdict, Wish
from tests import factories
from tests.governance.surroundings import require


def measure(run, latency, period=Period.DURING):
    reading = Reading(timezone.now(), latencies={"public.contractors": latency})
    handoff.keep_sample(run.pk, period, reading, measured(None, reading))


def own_threshold(run, action, times=1):
    """The only one of its metric, in the run's environment."""
    audit.append(System.FIXTURES, "test.set_up", "", "A threshold for a test.")
    environment = Environment.objects.get(targets=run.target)
    return save(System.FIXTURES, Threshold(environment=environment, metric=Metric.LATENCY, action=action, limit=0.25, times=times))


def start(cast, phase, production=False):
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=production))


def running(cast, spec):
    """On staging, with its claim."""
    run = start(cast, factories.bring_to_staging(cast, spec))
    return handoff.claim("run", run.pk), Run.objects.get(pk=run.pk)


def fresh(run):
    return Run.objects.get(pk=run.pk)


FAILED = CheckResult("levels are known", Question.BUSINESS_RULES, Moment.AFTER, Verdict.FAILED, "3 rows")


@pytest.mark.at("staging")
@pytest.mark.parametrize(
    ("action", "wish", "words"),
    [
        (Action.WARN, Wish.NONE, "The run goes on."),
        (Action.PAGE, Wish.NONE, "The run goes on."),
        (Action.PAUSE, Wish.PAUSE, "The run pauses."),
        (Action.STOP, Wish.STOP, "The run stops."),
        (Action.ROLL_BACK, Wish.STOP, "The run stops and is rolled back."),
    ],
)
def test_pulled_trigger_does_what_its_threshold_says_and_asks_for_a_decision(cast, spec, action, wish, words):
    _, run = running(cast, spec)
    own_threshold(run, action)
    measure(run, 0.01, Period.BEFORE)

    measure(run, 0.5)

    point = DecisionPoint.objects.get(run=run)
    assert fresh(run).wish == wish
    assert point.text == f"Latency of a query for one row above 250.0 ms: it is 500.0 ms, 10.0 ms before the run. {words}"
    assert AuditEvent.objects.filter(kind=f"trigger.{action}", subject=spec.number).count() == 1


@pytest.mark.at("staging")
def test_trigger_that_was_pulled_rests_until_somebody_has_decided(cast, spec):
    claim, run = running(cast, spec)
    own_threshold(run, Action.PAUSE)
    for _ in range(3):
        measure(run, 0.5)
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED))

    workflow.resume(actor=cast.operator, run=run)

    assert DecisionPoint.objects.get(run=run).choice == Choice.KEEP
    measure(run, 0.5)
    assert DecisionPoint.objects.filter(run=run).count() == 2


@pytest.mark.at("staging")
def test_what_was_measured_before_the_decision_does_not_count_again(cast, spec):
    claim, run = running(cast, spec)
    own_threshold(run, Action.PAUSE, times=2)
    measure(run, 0.5)
    measure(run, 0.5)
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED))
    workflow.resume(actor=cast.operator, run=run)

    measure(run, 0.5)

    assert DecisionPoint.objects.filter(run=run, decided_at=None).count() == 0


@pytest.mark.at("staging")
def test_run_that_a_trigger_stops_half_way_is_rolled_back(cast, spec):
    claim, run = running(cast, spec)
    own_threshold(run, Action.ROLL_BACK)
    measure(run, 0.5)

    handoff.finish_run(claim, factories.outcome(RunStatus.FAILED_DIRTY))

    rollback = Run.objects.get(kind=RunKind.ROLLBACK)
    assert rollback.status == RunStatus.QUEUED
    assert rollback.reason == "latency went beyond its threshold"
    factories.finish(rollback, status=RunStatus.ROLLED_BACK)
    assert not DecisionPoint.objects.filter(decided_at=None).exists()


@pytest.mark.at("staging")
def test_run_that_a_trigger_stops_before_anything_is_applied_has_nothing_to_roll_back(cast, spec):
    claim, run = running(cast, spec)
    own_threshold(run, Action.ROLL_BACK)
    measure(run, 0.5)

    handoff.finish_run(claim, factories.outcome(RunStatus.FAILED_CLEAN))

    assert not Run.objects.filter(kind=RunKind.ROLLBACK).exists()


@pytest.mark.at("staging")
def test_no_trigger_stops_a_rollback(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome())
    rollback = workflow.roll_back_run(actor=cast.operator, run=run, reason="bids fail")
    own_threshold(rollback, Action.STOP)
    handoff.claim("run", rollback.pk)

    measure(rollback, 0.5)

    assert fresh(rollback).wish == Wish.NONE
    assert "A rollback goes on" in DecisionPoint.objects.get(run=rollback).text


@pytest.mark.at("production")
def test_trigger_in_the_monitoring_period_rolls_back_what_was_applied(cast, spec):
    run = factories.finish(start(cast, factories.bring_to_production(cast, spec), production=True))
    own_threshold(run, Action.ROLL_BACK)

    measure(run, 0.5, Period.AFTER)

    assert Run.objects.get(kind=RunKind.ROLLBACK).reason == "latency went beyond its threshold"
    assert "The approved rollback begins by itself." in DecisionPoint.objects.get(run=run).text


@pytest.mark.at("production")
def test_monitoring_period_is_not_left_before_somebody_has_decided(cast, spec):
    Environment.objects.get(production=True)
    phase = factories.bring_to_production(cast, spec)
    run = start(cast, phase, production=True)
    own_threshold(run, Action.WARN)
    claim = handoff.claim("run", run.pk)
    measure(run, 0.5)
    handoff.finish_run(claim, factories.outcome())
    assert factories.phase_of(spec).at is Stage.MONITORING_PERIOD

    workflow.keep(actor=cast.operator, run=run, reason="it was the backup")

    handoff.tick()
    assert factories.phase_of(spec).at is Stage.CLOSURE


@pytest.mark.at("staging")
def test_check_that_fails_behind_a_run_asks_for_a_decision(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome(checks=(FAILED,)))

    point = DecisionPoint.objects.get(run=run)

    assert set(Notice.objects.filter(kind=NoticeKind.RUN_WAITS).values_list("person", flat=True)) == {cast.operator.pk, cast.engineer.pk}
    assert point.text == "Checks that did not pass behind the run: levels are known. An operator decides whether the change stays."
    assert not Run.objects.filter(kind=RunKind.ROLLBACK).exists()


@pytest.mark.at("staging")
def test_check_that_fails_behind_a_run_rolls_it_back_where_the_environment_says_so(cast, spec):
    claim, run = running(cast, spec)
    environment = run.target.environment
    environment.after_failed_check = AfterFailedCheck.ROLL_BACK
    workflow.save_record(actor=cast.operator, record=environment)

    handoff.finish_run(claim, factories.outcome(checks=(FAILED,)))

    assert Run.objects.get(kind=RunKind.ROLLBACK).reason == "the check “levels are known” did not pass behind it"


@pytest.mark.at("staging")
def test_only_an_operator_decides_and_gives_a_reason(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome(checks=(FAILED,)))

    with pytest.raises(MissingRole):
        workflow.keep(actor=cast.engineer, run=run, reason="fine")
    with pytest.raises(NeedsReason):
        workflow.keep(actor=cast.operator, run=run, reason=" ")
    with pytest.raises(MissingRole):
        workflow.roll_back_run(actor=cast.reviewer, run=run, reason="bad")
    assert not DecisionPoint.objects.get(run=run).decided_at


@pytest.mark.at("staging")
def test_nothing_is_kept_about_which_nothing_is_open(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome())

    with pytest.raises(NotReady, match="there is nothing to decide"):
        workflow.keep(actor=cast.operator, run=run, reason="fine")


@pytest.mark.at("staging")
def test_operator_rolls_back_a_run_that_is_under_way(cast, spec):
    claim, run = running(cast, spec)

    workflow.roll_back_run(actor=cast.operator, run=run, reason="wrong table")

    assert fresh(run).wish == Wish.STOP
    handoff.finish_run(claim, factories.outcome(RunStatus.FAILED_DIRTY))
    rollback = Run.objects.get(kind=RunKind.ROLLBACK)
    assert (rollback.requested_by, rollback.reason) == (cast.operator, "wrong table")


@pytest.mark.at("staging")
def test_operator_rolls_back_a_run_that_rests(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED))

    workflow.roll_back_run(actor=cast.operator, run=run, reason="wrong table")

    assert fresh(run).status == RunStatus.INDETERMINATE
    handoff.finish_run(handoff.reclaim("run", run.pk), factories.outcome(RunStatus.FAILED_DIRTY))
    assert Run.objects.get(kind=RunKind.ROLLBACK).status == RunStatus.QUEUED


@pytest.mark.at("staging")
def test_slow_run_gets_its_speed_back_and_a_stopped_one_does_not(cast, spec):
    _, run = running(cast, spec)

    workflow.control(actor=cast.operator, run=run, wish=Wish.SLOW)
    assert fresh(run).wish == Wish.SLOW
    workflow.control(actor=cast.operator, run=run, wish=Wish.NONE)
    assert fresh(run).wish == Wish.NONE

    workflow.control(actor=cast.operator, run=run, wish=Wish.STOP)
    with pytest.raises(NotReady, match="cannot be taken back"):
        workflow.control(actor=cast.operator, run=run, wish=Wish.SLOW)


@pytest.mark.at("staging")
def test_change_that_an_applied_one_requires_is_not_rolled_back(cast, spec):
    first = factories.bring_to_staging(cast, spec)
    factories.finish(start(cast, first))
    other = factories.make_spec(cast, factories.script_files("20260102_0900"))
    require(other, spec)
    second = factories.bring_to_staging(cast, other)
    factories.finish(start(cast, second))

    with pytest.raises(StillNeeded, match=f"{spec.number} is required by {other.number}"):
        workflow.roll_back(actor=cast.operator, deployment=factories.on(first, production=False), reason="bad")

    rollback = workflow.roll_back(actor=cast.operator, deployment=factories.on(second, production=False), reason="bad")
    factories.finish(rollback, status=RunStatus.ROLLED_BACK)
    assert workflow.roll_back(actor=cast.operator, deployment=factories.on(first, production=False), reason="bad").pk


@pytest.mark.at("staging")
def test_rollback_behind_another_change_leads_to_a_new_version(cast, spec):
    first = factories.bring_to_staging(cast, spec)
    factories.finish(start(cast, first))
    factories.finish(start(cast, factories.bring_to_staging(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))))
    target = Target.objects.get(name="staging_db")
    assert target.version == "1.2.0"

    rollback = workflow.roll_back(actor=cast.operator, deployment=factories.on(first, production=False), reason="bad")
    factories.finish(rollback, status=RunStatus.ROLLED_BACK)

    target.refresh_from_db()
    assert target.version == "1.3.0"


@pytest.mark.at("staging")
def test_database_refuses_a_status_that_cannot_follow(cast, spec):
    claim, run = running(cast, spec)
    handoff.finish_run(claim, factories.outcome())

    with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)

    assert fresh(run).status == RunStatus.SUCCEEDED


@pytest.mark.at("production")
def test_run_is_measured_again_and_again_until_its_monitoring_period_is_over(cast, spec, settings):
    run = factories.finish(start(cast, factories.bring_to_production(cast, spec), production=True))
    Environment.objects.get(production=True)
    assert list(handoff.due_for_watching()) == []  # no monitoring in this environment

    environment = Environment.objects.get(production=True)
    environment.monitoring_seconds = 3600
    workflow.save_record(actor=cast.operator, record=environment)
    assert list(handoff.due_for_watching()) == [run.pk]

    measure(run, 0.01, Period.AFTER)
    assert list(handoff.due_for_watching()) == []
    settings.MONITOR_EVERY = 0.001
    assert list(handoff.due_for_watching()) == [run.pk]
