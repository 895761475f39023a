"""Who may approve what, and until when an approval counts: held by the functions and by the database."""

import pytest

from governance import workflow
from governance.case import load
from governance.digest import script_digest
from governance.dossier import gather
from governance.errors import AlreadyDecided, DigestChanged, MissingEvidence, MissingRole, NeedsReason, NotReady, OwnWork, WrongStage
from governance.lifecycle import Role, Stage
from governance.models import Approval, AuditEvent, Phase, Run
from governance.orders import RunKind, Verdict
from governance.policy import ApprovalKind
from tests import factories
from tests.factories import Cast

TECHNICAL, BUSINESS = ApprovalKind.TECHNICAL, ApprovalKind.BUSINESS
RISKY = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors DROP COLUMN name;\n"
PLAN = "Copy the column from the archive."


@pytest.fixture
def waiting(cast: Cast, spec) -> Phase:
    """A phase that waits for its technical approval."""
    return factories.bring_to_approval(cast, spec)


def decide(person, phase, kind=TECHNICAL, act=workflow.approve, **given):
    return act(actor=person, phase=phase, kind=kind, **{"digest": workflow.digest_for(phase, kind), "signing": factories.SIGNED, **given})


def counted(phase, kind=TECHNICAL) -> int:
    return getattr(gather(factories.phase_of(phase.spec)), kind).given


@pytest.mark.at("approval")
def test_author_cannot_approve_own_spec(cast, waiting):
    cast.engineer.groups.add(*cast.reviewer.groups.all())

    with pytest.raises(OwnWork, match="erin wrote or edited CHG-"):
        decide(cast.engineer, waiting)

    assert not Approval.objects.exists()


@pytest.mark.parametrize("what", ["script", "specification"])
@pytest.mark.at("approval")
def test_editor_cannot_approve_what_he_edited(cast, spec, what):
    editor = factories.make_user("edda", Role.ENGINEER, Role.REVIEWER)
    phase = factories.phase_of(spec)
    if what == "script":
        factories.edit(editor, phase)
    else:
        workflow.edit_specification(actor=editor, spec=spec, changes={"purpose": "Levels, at last."})
    phase = factories.bring_to_approval(cast, spec)

    with pytest.raises(OwnWork):
        decide(editor, phase)

    assert phase.at is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("approval")
def test_superuser_cannot_approve_what_he_wrote(cast, waiting):
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    cast.engineer.is_superuser = True
    cast.engineer.save()

    with pytest.raises(OwnWork):
        decide(cast.engineer, waiting)


@pytest.mark.at("approval")
def test_superuser_without_the_role_cannot_approve(waiting):
    superuser = factories.make_user("root")
    superuser.is_superuser = True

    with pytest.raises(MissingRole, match="takes the role reviewer"):
        decide(superuser, waiting)


@pytest.mark.parametrize("name", ["engineer", "stakeholder", "operator", "auditor"])
@pytest.mark.at("approval")
def test_technical_approval_takes_the_reviewers_role(cast, waiting, name):
    with pytest.raises(MissingRole):
        decide(getattr(cast, name), waiting)


@pytest.mark.at("approval")
def test_deactivated_person_cannot_approve(cast, waiting):
    cast.reviewer.is_active = False

    with pytest.raises(MissingRole):
        decide(cast.reviewer, waiting)


@pytest.mark.at("submission")
def test_approval_before_its_stage_is_refused(cast, spec):
    phase = factories.phase_of(spec)

    with pytest.raises(WrongStage, match="Staging deployment"):
        decide(cast.reviewer, phase)


@pytest.mark.at("window")
def test_business_cannot_approve_before_anything_is_booked(cast, spec):
    phase = factories.bring_to_window(cast, spec)

    with pytest.raises(MissingEvidence, match="booking"):
        decide(cast.stakeholder, phase, BUSINESS, digest="")


@pytest.mark.at("approval")
def test_approval_of_a_digest_that_is_no_longer_current_is_refused(cast, waiting):
    seen = workflow.digest_for(waiting, TECHNICAL)
    factories.edit(cast.engineer, waiting)
    phase = factories.bring_to_approval(cast, waiting.spec)

    with pytest.raises(DigestChanged, match=seen[:12]):
        decide(cast.reviewer, phase, digest=seen)

    assert not Approval.objects.exists()


@pytest.mark.at("approval")
def test_one_person_counts_once(cast, waiting):
    factories.make_user("other", Role.REVIEWER)
    decide(cast.reviewer, waiting)

    with pytest.raises(AlreadyDecided, match="rosa has already"):
        decide(cast.reviewer, waiting)

    assert counted(waiting) == 1


@pytest.mark.parametrize(
    ("forward", "given"),
    [(RISKY, {"data_class": "financial"}), (factories.FORWARD, {"irreversible": True, "restore_plan": PLAN})],
    ids=["high risk", "irreversible"],
)
def test_two_people_are_needed(cast, forward, given):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=forward), **given)
    factories.observe(factories.phase_of(spec), rows=10**10)
    phase = factories.bring_to_staging(cast, spec)
    staging = factories.on(phase, production=False)
    with pytest.raises(MissingEvidence, match="technical approval, 1 of 2"):
        workflow.start(actor=cast.operator, deployment=staging)

    decide(cast.second_reviewer, phase)

    assert counted(phase) == 2
    assert workflow.start(actor=cast.operator, deployment=staging).pk


@pytest.mark.at("approval")
def test_low_risk_takes_one_person(cast, waiting):
    decide(cast.reviewer, waiting)

    assert gather(waiting).technical.needed == 1
    assert counted(waiting) == 1


@pytest.mark.at("approval")
def test_rejection_needs_a_reason_and_blocks(cast, waiting):
    with pytest.raises(NeedsReason):
        decide(cast.second_reviewer, waiting, act=workflow.reject, reason=" ")
    decide(cast.reviewer, waiting)

    decide(cast.second_reviewer, waiting, act=workflow.reject, reason="the column has the wrong type")

    with pytest.raises(MissingEvidence, match="ravi rejected it"):
        workflow.start(actor=cast.operator, deployment=factories.on(waiting, production=False))


@pytest.mark.at("production")
def test_rejection_by_business_leads_back_to_the_window(cast, spec):
    phase = factories.bring_to_production(cast, spec)

    decide(factories.make_user("sam", Role.STAKEHOLDER), phase, BUSINESS, workflow.reject, reason="not in December")

    assert factories.phase_of(spec).at is Stage.SCHEDULED_WINDOW
    with pytest.raises(MissingEvidence, match="sam rejected it"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.parametrize("lost", ["role", "account"])
@pytest.mark.at("staging")
def test_approver_who_lost_role_or_account_stops_counting(cast, spec, lost):
    phase = factories.bring_to_staging(cast, spec)
    assert counted(phase) == 1

    if lost == "role":
        cast.reviewer.groups.clear()
    else:
        cast.reviewer.is_active = False
        cast.reviewer.save()

    assert counted(phase) == 0
    with pytest.raises(MissingEvidence, match="technical approval, 0 of 1"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))


@pytest.mark.at("production")
def test_approval_that_stopped_counting_can_be_given_by_another_right_before_the_run(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    cast.stakeholder.groups.clear()
    production = factories.on(phase, production=True)
    with pytest.raises(MissingEvidence, match="business approval, 0 of 1"):
        workflow.start(actor=cast.operator, deployment=production)

    decide(factories.make_user("sam", Role.STAKEHOLDER), phase, BUSINESS)

    assert workflow.start(actor=cast.operator, deployment=production).pk


@pytest.mark.at("production")
def test_editing_a_script_voids_both_approvals_with_a_reason(cast, spec):
    phase = factories.bring_to_production(cast, spec)

    script = factories.edit(cast.engineer, phase)

    assert factories.phase_of(spec).at is Stage.SCRIPT_DEVELOPMENT
    assert {each.kind for each in Approval.objects.all()} == {TECHNICAL, BUSINESS}
    assert all(each.voided_at and each.voided_because == f"erin edited {script.name}" for each in Approval.objects.all())
    assert AuditEvent.objects.filter(kind="approval.void", subject=spec.number).count() == 2


@pytest.mark.at("staging")
def test_restoring_the_old_text_does_not_bring_the_approval_back(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    before = load(phase.pk).digests[0]
    factories.edit(cast.engineer, phase)

    factories.edit(cast.engineer, phase, factories.FORWARD)

    assert load(factories.phase_of(spec).pk).digests[0] == before
    assert counted(phase) == 0


@pytest.mark.at("staging")
def test_approver_who_edits_afterwards_loses_the_approval(cast, spec):
    cast.reviewer.groups.add(*cast.engineer.groups.all())
    phase = factories.bring_to_staging(cast, spec)

    factories.edit(cast.reviewer, phase)

    assert Approval.objects.get().voided_at
    assert counted(phase) == 0


@pytest.mark.at("production")
def test_moving_the_booking_voids_the_business_approval_only_and_leads_back_to_the_window(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    target = factories.on(phase, production=True).target

    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target, hours=6))

    assert factories.phase_of(spec).at is Stage.SCHEDULED_WINDOW
    assert Approval.objects.get(kind=TECHNICAL).voided_at is None
    assert Approval.objects.get(kind=BUSINESS).voided_because == "the booking changed"
    decide(cast.stakeholder, phase, BUSINESS)
    assert factories.phase_of(spec).at is Stage.PRODUCTION_DEPLOYMENT


@pytest.mark.at("staging")
def test_failed_rehearsal_makes_another_digest(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    factories.rehearse(cast, phase, Verdict.FAILED)

    assert counted(phase) == 0
    assert gather(factories.phase_of(spec)).technical.stale


@pytest.mark.at("closure")
def test_closed_change_takes_no_decision(cast, spec):
    phase = factories.bring_to_closure(cast, spec)
    factories.review(cast, phase)

    with pytest.raises(NotReady, match="is closed"):
        decide(cast.second_reviewer, phase)


@pytest.mark.at("approval")
def test_technical_approval_binds_to_the_rehearsed_scripts(cast, waiting):
    approval = decide(cast.reviewer, waiting)

    run = workflow.start(actor=cast.operator, deployment=factories.on(waiting, production=False), kind=RunKind.DEPLOY)
    claimed = factories.handoff.claim("run", run.pk)

    assert claimed.order.manifest.rehearsal == "passed"
    assert approval.digest == script_digest(claimed.order.manifest) == Run.objects.get().script_digest
