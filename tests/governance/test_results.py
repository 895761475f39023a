"""What comes of a run: versions, snapshots, the matrix, and where the change goes next."""

import pytest

from governance import workflow
from governance.case import load
from governance.dossier import gather
from governance.errors import MissingEvidence
from governance.lifecycle import PhaseStatus, Stage
from governance.models import Binding, CheckResult, MatrixEntry, Release, Run, SchemaSnapshot, TableVersion, Target
from governance.orders import CheckResult as Result
from governance.orders import Moment, Observed, Question, RunKind, RunStatus, SchemaReading, Verdict
from tests import factories
from tests.governance.surroundings import make_surroundings

OLD, NEW = SchemaReading("a" * 64, {"tables": ["old"]}), SchemaReading("b" * 64, {"tables": ["new"]})
HEADER = "-- Purpose: p\n-- Impact: i\n"
ANSWERS = {"Who sees the level?": "Everybody."}
BLOCKED = "ALTER TABLE public.contractors ALTER COLUMN level SET NOT NULL;\n"
PASSED = factories.outcome().checks


def start(cast, phase, *, production=True, **given) -> Run:
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=production), **given)


def stage(spec) -> Stage:
    return factories.phase_of(spec).at


def version(name: str) -> str:
    return Target.objects.get(name=name).version


@pytest.mark.parametrize(
    ("forward", "after"),
    [
        ("ALTER TABLE public.contractors ADD COLUMN level integer;", "1.1.0"),
        ("CREATE INDEX CONCURRENTLY ON public.contractors (name);", "1.0.1"),
        ("UPDATE public.contractors SET name = 'x' WHERE id = 1;", "1.0.1"),
        ("GRANT SELECT ON public.contractors TO reader;", "1.0.1"),
        ("ALTER TABLE public.contractors DROP COLUMN name;", "2.0.0"),
    ],
)
def test_success_bumps_the_version_by_the_class_of_the_change(cast, forward, after):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=HEADER + forward))
    phase = factories.bring_to_staging(cast, spec)

    factories.finish(start(cast, phase, production=False))

    deployment = factories.on(phase, production=False)
    assert (version("staging_db"), version("production_db")) == (after, "1.0.0")
    assert (deployment.applied, deployment.version_before, deployment.version_after) == (True, "1.0.0", after)
    assert stage(spec) is Stage.PRODUCTION_DRY_RUN


@pytest.mark.at("production")
def test_success_keeps_snapshots_with_their_time_and_the_versions_of_tables(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    target = factories.on(phase, production=True).target
    workflow.request_analysis(actor=cast.engineer, phase=phase)
    row = phase.observations.get(target=target, status="queued")
    factories.handoff.finish_observation(factories.handoff.claim("observe", row.pk), Observed(factories.facts(target.name), OLD))

    run = factories.finish(start(cast, phase), schema=NEW)

    present = SchemaSnapshot.objects.get(target=target, valid_to=None)
    before = SchemaSnapshot.objects.get(target=target, fingerprint=OLD.fingerprint)
    assert (present.fingerprint, present.content, present.version, present.run) == (NEW.fingerprint, NEW.content, "1.1.0", run)
    assert (before.version, before.run, before.valid_to) == ("1.0.0", None, present.valid_from)
    assert list(TableVersion.objects.filter(target=target).values_list("table", "version", "run")) == [
        ("public.contractors", "1.1.0", run.pk)
    ]


@pytest.mark.at("production")
def test_same_schema_makes_no_second_snapshot(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.finish(start(cast, phase), schema=NEW)

    factories.handoff.results.keep_snapshot(Target.objects.get(name="production_db"), NEW, factories.timezone.now())

    assert SchemaSnapshot.objects.count() == 1


@pytest.mark.at("submission")
def test_success_derives_the_matrix_of_every_live_client(cast, spec):
    make_surroundings(cast, factories.make_spec(cast, factories.script_files("20250101_0900")))
    phase = factories.bring_to_production(cast, factories.make_spec(cast, factories.script_files("20260102_0900"), answers=ANSWERS))

    run = factories.finish(start(cast, phase))

    entry = MatrixEntry.objects.get(backend__name="production_db", backend__version="1.1.0")
    assert (entry.client.name, entry.verdict, entry.source) == ("App", "full", "derived")
    assert (entry.run, entry.backend.run) == (run, run)
    assert entry.history.get().history_change_reason == entry.backend.history.get().history_change_reason == "system:runner"


@pytest.mark.at("submission")
def test_what_was_tested_of_a_pair_is_not_derived_over(cast, spec):
    make_surroundings(cast, factories.make_spec(cast, factories.script_files("20250101_0900")))
    backend = Release(kind="backend", name="production_db", version="1.1.0")
    workflow.save_record(actor=cast.operator, record=backend)
    tested = MatrixEntry(client=Release.objects.get(kind="client"), backend=backend, verdict="partial", reason="slow", source="tested")
    workflow.save_record(actor=cast.operator, record=tested)
    phase = factories.bring_to_production(cast, factories.make_spec(cast, factories.script_files("20260102_0900"), answers=ANSWERS))

    factories.finish(start(cast, phase))

    assert MatrixEntry.objects.get(backend=backend, source="tested").verdict == "partial"


def test_change_that_a_live_client_does_not_survive_may_not_go_out(cast):
    factories.make_targets()
    make_surroundings(cast, factories.make_spec(cast, factories.script_files("20250101_0900")))
    workflow.save_record(actor=cast.operator, record=Binding(client=Release.objects.get(kind="client"), object="public.contractors.name"))
    forward = HEADER + "ALTER TABLE public.contractors DROP COLUMN name;"
    spec = factories.make_spec(cast, factories.script_files("20260102_0900", forward=forward), answers=ANSWERS)

    answer = load(factories.phase_of(spec).pk).can_deploy()

    assert answer.startswith("no: App 1.0: CHG-")
    assert "public.contractors.name" in answer


@pytest.mark.at("window")
def test_change_of_which_a_client_is_unknown_is_not_booked_in_production(cast, spec):
    with factories.transaction.atomic():
        factories.make_client_release()

    with pytest.raises(MissingEvidence, match=r"book yet.*unknown: App 1.0"):
        factories.bring_to_production(cast, spec)

    assert stage(spec) is Stage.SCHEDULED_WINDOW


@pytest.mark.at("production")
def test_client_that_turns_up_after_the_booking_stops_the_start(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    with factories.transaction.atomic():
        factories.make_client_release()

    with pytest.raises(MissingEvidence, match=r"run yet.*unknown: App 1.0"):
        start(cast, phase)


@pytest.mark.parametrize("status", [RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE])
@pytest.mark.at("staging")
def test_failure_leads_back_to_the_stage_before(cast, spec, status):
    phase = factories.bring_to_staging(cast, spec)
    factories.finish(start(cast, phase, production=False), status=status)
    assert stage(spec) is Stage.INTEGRATION_TESTING

    assert not factories.on(phase, production=False).applied
    assert version("staging_db") == "1.0.0"


@pytest.mark.at("production")
def test_failure_in_production_leads_back_to_the_window_and_on_again(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.finish(start(cast, phase), status=RunStatus.FAILED_CLEAN, message="the lock was not to be had")
    assert stage(spec) is Stage.SCHEDULED_WINDOW

    workflow.advance(actor=cast.operator, phase=phase)

    assert factories.finish(start(cast, phase)).status == RunStatus.SUCCEEDED
    assert stage(spec) is Stage.CLOSURE
    statuses = Run.objects.filter(kind=RunKind.DEPLOY, target__name="production_db").order_by("requested_at")
    assert list(statuses.values_list("status", flat=True)) == ["failed_clean", "succeeded"]


@pytest.mark.at("staging")
def test_failed_dry_run_leads_back_to_staging(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    factories.finish(start(cast, phase, production=False))

    factories.finish(start(cast, phase, kind=RunKind.DRY_RUN), status=RunStatus.FAILED_CLEAN)

    assert stage(spec) is Stage.STAGING_DEPLOYMENT
    assert version("production_db") == "1.0.0"


@pytest.mark.at("window")
def test_dry_run_that_succeeds_applies_nothing(cast, spec):
    phase = factories.bring_to_window(cast, spec)

    assert phase.at is Stage.SCHEDULED_WINDOW
    assert not factories.on(phase, production=True).applied
    assert version("production_db") == "1.0.0"


@pytest.mark.at("production")
def test_rollback_in_production_restores_the_version_and_leads_back_to_script_development(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    deployed = factories.finish(start(cast, phase), schema=NEW)
    assert version("production_db") == "1.1.0"

    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")
    factories.finish(run, status=RunStatus.ROLLED_BACK, schema=OLD)

    assert stage(spec) is Stage.SCRIPT_DEVELOPMENT
    assert version("production_db") == "1.0.0"
    assert not factories.on(phase, production=True).applied
    assert SchemaSnapshot.objects.get(valid_to=None).fingerprint == OLD.fingerprint
    assert Run.objects.get(pk=deployed.pk).status == RunStatus.SUCCEEDED
    assert Run.objects.get(pk=run.pk).reason == "bids fail"


@pytest.mark.at("closure")
def test_rollback_that_fails_changes_neither_version_nor_stage(cast, spec):
    phase = factories.bring_to_closure(cast, spec)
    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")

    factories.finish(run, status=RunStatus.FAILED_DIRTY)

    assert stage(spec) is Stage.CLOSURE
    assert version("production_db") == "1.1.0"
    assert factories.on(phase, production=True).applied


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.UNKNOWN])
@pytest.mark.at("production")
def test_check_that_did_not_pass_keeps_the_change_at_verification(cast, spec, verdict):
    phase = factories.bring_to_production(cast, spec)
    checks = (*PASSED, Result("every level is known", Question.BUSINESS_RULES, Moment.AFTER, verdict, "3 rows"))

    factories.finish(start(cast, phase), checks=checks)

    assert stage(spec) is Stage.POST_MIGRATION_VERIFICATION
    with pytest.raises(MissingEvidence, match=f"business rules {verdict} on production_db"):
        workflow.advance(actor=cast.operator, phase=phase)
    assert CheckResult.objects.filter(verdict=verdict).get().evidence == "3 rows"


@pytest.mark.parametrize("question", Question)
@pytest.mark.at("production")
def test_question_that_nothing_answered_keeps_the_change_at_verification(cast, spec, question):
    phase = factories.bring_to_production(cast, spec)

    factories.finish(start(cast, phase), checks=tuple(check for check in PASSED if check.question is not question))

    assert stage(spec) is Stage.POST_MIGRATION_VERIFICATION


@pytest.mark.at("production")
def test_monitoring_period_is_over_by_time_alone(cast, spec):
    environment = Target.objects.get(name="production_db").environment
    environment.monitoring_seconds = 3600
    workflow.save_record(actor=cast.operator, record=environment)
    factories.bring_to_closure(cast, spec)
    assert stage(spec) is Stage.MONITORING_PERIOD
    factories.handoff.tick()
    assert stage(spec) is Stage.MONITORING_PERIOD
    assert 3500 < gather(factories.phase_of(spec)).on(production=True)[0].monitoring_left <= 3600

    factories.at_once("UPDATE governance_run SET finished_at = finished_at - interval '1 hour'")
    factories.handoff.tick()

    assert stage(spec) is Stage.CLOSURE


@pytest.mark.at("submission")
def test_result_for_a_cancelled_change_is_kept_and_moves_nothing(cast, spec):
    phase = factories.phase_of(spec)
    workflow.cancel(actor=cast.engineer, phase=phase, reason="not wanted")

    factories.observe(phase)

    phase = factories.phase_of(spec)
    assert (phase.status, phase.at) == (PhaseStatus.CANCELLED, Stage.IMPACT_ANALYSIS)
    assert phase.analyses.filter(target__isnull=False).count() == 2


def test_run_on_one_of_two_targets_leaves_the_change_where_it_is(cast):
    staging, _ = factories.make_targets()
    factories.make_target(staging.environment, "second_db")
    spec = factories.make_spec(cast)
    phase = factories.bring_to_staging(cast, spec)

    factories.finish(workflow.start(actor=cast.operator, deployment=phase.deployments.get(target=staging)))

    assert stage(spec) is Stage.STAGING_DEPLOYMENT
    factories.finish(workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__name="second_db")))
    assert stage(spec) is Stage.PRODUCTION_DRY_RUN


def test_finding_that_reviewers_had_not_seen_is_not_known_to_the_run(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=HEADER + BLOCKED))
    phase = factories.phase_of(spec)
    factories.observe(phase, rows=10**8)
    assert phase.analyses.filter(findings__level="blocking").exists()
    factories.edit(cast.engineer, phase)
    factories.bring_to_staging(cast, spec)

    claim = factories.handoff.claim("run", start(cast, phase, production=False).pk)

    assert claim.order.known_blockers == frozenset()


def test_finding_that_came_after_the_approval_is_not_known_to_the_run(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=HEADER + BLOCKED))
    phase = factories.bring_to_staging(cast, spec)
    workflow.request_analysis(actor=cast.reviewer, phase=phase)
    factories.observe(phase, rows=10**8)
    assert phase.analyses.latest("pk").findings.filter(level="blocking").exists()

    claim = factories.handoff.claim("run", start(cast, phase, production=False).pk)

    assert claim.order.known_blockers == frozenset()
