"""Every gate in front of a run, when it is asked for and again when it is claimed."""

import pytest

from governance import handoff, workflow
from governance.errors import (
    AlreadyApplied,
    MissingEvidence,
    MissingRole,
    NeedsReason,
    NothingToUndo,
    NotReady,
    TargetBusy,
    Undeployed,
    WrongStage,
)
from governance.lifecycle import Stage
from governance.models import Approval, AuditEvent, Run
from governance.orders import RunKind, RunStatus, Wish
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.surroundings import require


def start(cast, phase, *, production=False, **given):
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=production), **given)


def refused(run: Run) -> Run:
    """The run as it is after a claim that was refused."""
    assert handoff.claim("run", run.pk) is None
    return Run.objects.get(pk=run.pk)


@pytest.mark.at("approval")
def test_run_without_technical_approval_is_refused(cast, spec):
    phase = factories.bring_to_approval(cast, spec)

    with pytest.raises(MissingEvidence, match="technical approval, 0 of 1"):
        start(cast, phase)

    assert not Run.objects.exists()


@pytest.mark.at("window")
def test_production_run_without_business_approval_is_refused(cast, spec):
    phase = factories.bring_to_window(cast, spec)

    with pytest.raises(MissingEvidence, match="business approval, 0 of 1"):
        start(cast, phase, production=True)


@pytest.mark.at("staging")
def test_void_approval_is_named_as_such(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    factories.edit(cast.engineer, phase)

    with pytest.raises(MissingEvidence, match="earlier ones are void because the change was edited or moved"):
        start(cast, phase)


@pytest.mark.at("staging")
def test_production_run_before_staging_is_refused(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    with pytest.raises(MissingEvidence):
        start(cast, phase, production=True)


@pytest.mark.at("staging")
def test_dry_run_before_staging_is_refused(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    with pytest.raises(WrongStage, match="Production dry run"):
        start(cast, phase, production=True, kind=RunKind.DRY_RUN)


@pytest.mark.at("production")
def test_engineer_may_run_on_staging_and_not_in_production(cast, spec):
    phase = factories.bring_to_production(cast, spec)

    with pytest.raises(MissingRole):
        workflow.start(actor=cast.engineer, deployment=factories.on(phase, production=True))
    with pytest.raises(AlreadyApplied):
        workflow.start(actor=cast.engineer, deployment=factories.on(phase, production=False))


@pytest.mark.at("closure")
def test_run_of_what_is_applied_already_is_refused(cast, spec):
    phase = factories.bring_to_closure(cast, spec)

    with pytest.raises(AlreadyApplied, match=f"{spec.number} is applied on production_db already"):
        start(cast, phase, production=True)


@pytest.mark.at("staging")
def test_run_of_a_change_whose_required_change_is_not_deployed_is_refused(cast, spec):
    other = factories.make_spec(cast, factories.script_files("20251231_0900"))
    require(spec, other)
    phase = factories.bring_to_staging(cast, spec)
    with pytest.raises(Undeployed, match=f"{spec.number} requires {other.number}, which is not deployed to staging_db"):
        start(cast, phase)

    factories.finish(start(cast, factories.bring_to_staging(cast, other)))

    assert start(cast, phase).pk


@pytest.mark.at("staging")
def test_required_change_that_was_rolled_back_is_undeployed_again_at_the_claim(cast, spec):
    other = factories.make_spec(cast, factories.script_files("20251231_0900"))
    require(spec, other)
    first = factories.bring_to_staging(cast, other)
    factories.finish(start(cast, first))
    phase = factories.bring_to_staging(cast, spec)
    run = start(cast, phase)

    factories.at_once("UPDATE governance_deployment SET applied = false WHERE phase_id = %s", [first.pk])

    assert "requires" in refused(run).message


@pytest.mark.at("staging")
def test_two_runs_on_one_target_are_refused(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    other = factories.bring_to_staging(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))
    start(cast, phase)

    with pytest.raises(TargetBusy, match=r"staging_db is busy with Deploy of .* \(queued\)\. Wait until it has ended"):
        start(cast, other)


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.INDETERMINATE])
@pytest.mark.at("staging")
def test_target_stays_busy_while_a_run_rests_or_nobody_knows_how_it_ended(cast, spec, status):
    phase = factories.bring_to_staging(cast, spec)
    other = factories.bring_to_staging(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))
    factories.finish(start(cast, phase), status=status)

    with pytest.raises(TargetBusy, match=status.value):
        start(cast, other)


@pytest.mark.at("staging")
def test_rollback_of_what_is_not_applied_is_refused(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    with pytest.raises(NothingToUndo, match=f"{spec.number} is not applied on staging_db"):
        workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=False), reason="why not")


@pytest.mark.at("window")
def test_rollback_of_what_was_rolled_back_is_refused(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    factories.roll_back_staging(cast, phase)

    with pytest.raises(NothingToUndo):
        factories.roll_back_staging(cast, phase)


@pytest.mark.at("window")
def test_rollback_needs_a_reason_and_an_operator(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    deployment = factories.on(phase, production=False)

    with pytest.raises(NeedsReason):
        workflow.roll_back(actor=cast.operator, deployment=deployment, reason="")
    with pytest.raises(MissingRole):
        workflow.roll_back(actor=cast.engineer, deployment=deployment, reason="r")


@pytest.mark.at("staging")
def test_half_applied_change_can_be_rolled_back(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    factories.finish(start(cast, phase), status=RunStatus.FAILED_DIRTY)

    phase = factories.roll_back_staging(cast, phase)

    assert factories.on(phase, production=False).target.version == "1.0.0"
    assert Run.objects.latest("requested_at").status == RunStatus.ROLLED_BACK


@pytest.mark.at("window")
def test_rollback_runs_only_what_was_applied_or_approved_since(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    rollback = phase.scripts.get(kind="rollback")
    workflow.edit_script(actor=cast.engineer, script=rollback, text=f"{rollback.text}-- and more\n")
    with pytest.raises(MissingEvidence, match="technical approval, 0 of 1"):
        factories.roll_back_staging(cast, phase)

    factories.observe(phase)
    factories.rehearse(cast, phase)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)

    assert factories.roll_back_staging(cast, phase).at is Stage.SCRIPT_DEVELOPMENT


@pytest.mark.at("window")
def test_rollback_does_not_wait_for_an_approver_who_has_left(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    cast.reviewer.groups.clear()

    assert factories.roll_back_staging(cast, phase).at is Stage.SCRIPT_DEVELOPMENT


@pytest.mark.at("staging")
def test_script_altered_behind_the_portals_back_is_not_run(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = start(cast, phase)
    factories.at_once("UPDATE governance_script SET text = text || 'DROP TABLE users;' WHERE kind = 'forward'")

    run = refused(run)

    event = AuditEvent.objects.get(kind="refused.run")
    assert (run.status, run.token) == (RunStatus.FAILED_CLEAN, None)
    assert (event.actor, event.subject, event.data["code"]) == ("system:runner", spec.number, "DigestChanged")
    assert "is not what was approved" in event.text
    assert factories.phase_of(spec).at is Stage.INTEGRATION_TESTING


@pytest.mark.at("production")
def test_release_moved_behind_the_portals_back_is_not_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    run = start(cast, phase, production=True)
    factories.at_once("UPDATE governance_booking SET ends = ends + interval '1 hour'")

    assert f"The release of {spec.number} is not what was approved" in refused(run).message
    assert AuditEvent.objects.get(kind="refused.run").data["code"] == "DigestChanged"


@pytest.mark.at("production")
def test_approver_who_left_between_request_and_claim_stops_the_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    run = start(cast, phase, production=True)
    cast.stakeholder.groups.clear()

    assert "business approval, 0 of 1" in refused(run).message
    assert factories.phase_of(spec).at is Stage.SCHEDULED_WINDOW


@pytest.mark.at("production")
def test_window_that_closes_between_request_and_claim_stops_the_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    run = start(cast, phase, production=True)
    factories.make_blackout(factories.on(phase, production=True).target)

    assert "blackout “sale”" in refused(run).message


@pytest.mark.at("production")
def test_change_goes_on_after_a_refused_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    run = start(cast, phase, production=True)
    blackout = factories.make_blackout(factories.on(phase, production=True).target)
    refused(run)

    workflow.delete_record(actor=cast.operator, record=blackout)
    workflow.advance(actor=cast.operator, phase=phase)

    assert factories.finish(start(cast, phase, production=True)).status == RunStatus.SUCCEEDED


@pytest.mark.at("staging")
def test_only_a_run_that_goes_on_is_steered(cast, spec):
    run = factories.finish(start(cast, factories.bring_to_staging(cast, spec)))

    with pytest.raises(NotReady, match="is succeeded: there is nothing to stop"):
        workflow.control(actor=cast.operator, run=run, wish=Wish.STOP)
    with pytest.raises(NotReady, match="is succeeded, not paused"):
        workflow.resume(actor=cast.operator, run=run)


@pytest.mark.at("production")
def test_approvals_stay_bound_to_what_was_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)

    run = factories.finish(start(cast, phase, production=True))

    digests = {approval.kind: approval.digest for approval in Approval.objects.all()}
    assert digests == {"technical": run.script_digest, "business": run.release_digest}


@pytest.mark.at("production")
def test_client_that_went_live_since_the_approval_is_asked_after(cast, spec):
    with factories.transaction.atomic():
        factories.make_client_release()

    with pytest.raises(MissingEvidence, match=r"clients that can live with it: unknown: App 1\.0"):
        start(cast, factories.phase_of(spec), production=True)
