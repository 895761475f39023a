"""The emergency way: for a time, past what is named, told to everybody, and looked back at by somebody else."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.emergency import Skip
from governance.errors import BadInput, MissingEvidence, MissingRole, NeedsReason, NotReady, OutsideWindow, ReviewOverdue, TookPart
from governance.lifecycle import Stage
from governance.models import AuditEvent, BreakGlass, Run
from governance.orders import RunKind, RunStatus
from governance.policy import ApprovalKind
from governance.specification import ChangeKind
from tests import factories
from tests.governance.exceptional import EVERYTHING, age, open_emergency


def approved(cast, spec, **given):
    """In an emergency, approved technically: as far as it comes without what it skips."""
    phase = factories.phase_of(spec)
    open_emergency(cast, phase, **given)
    factories.observe(phase)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)
    return factories.phase_of(spec)


def run_in_production(cast, phase) -> Run:
    return workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("submission")
def test_broken_glass_leads_to_production_past_what_it_names(cast, spec):
    phase = approved(cast, spec)

    run = factories.finish(run_in_production(cast, phase))

    spec.refresh_from_db()
    assert (phase.at, run.status, run.emergency) == (Stage.PRODUCTION_DEPLOYMENT, RunStatus.SUCCEEDED, BreakGlass.objects.get())
    assert spec.kind == ChangeKind.EMERGENCY
    assert AuditEvent.objects.get(kind="emergency.open").data["skips"] == list(Skip)


@pytest.mark.parametrize("left", list(Skip))
@pytest.mark.at("submission")
def test_what_is_not_named_is_asked_for_as_ever(cast, spec, left):
    if left in (Skip.CONSIDERATIONS, Skip.INTEGRATION_TESTS, Skip.CLIENTS):
        pytest.skip("this change needs none")
    phase = factories.phase_of(spec)
    open_emergency(cast, phase, skips=[skip for skip in EVERYTHING if skip is not left])
    factories.observe(phase)

    if left is not Skip.REHEARSAL:
        factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)

    assert factories.phase_of(spec).at < Stage.PRODUCTION_DEPLOYMENT


@pytest.mark.at("submission")
def test_technical_approval_of_somebody_else_is_never_skipped(cast, spec):
    phase = factories.phase_of(spec)
    open_emergency(cast, phase)
    factories.observe(phase)

    with pytest.raises(MissingEvidence, match="technical approval, 0 of 1"):
        run_in_production(cast, factories.phase_of(spec))

    assert factories.phase_of(spec).at is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("submission")
def test_hard_blackout_is_run_through_in_an_emergency_only(cast, spec):
    phase = approved(cast, spec)
    factories.make_blackout(factories.on(phase, production=True).target, tier="hard")

    factories.finish(run_in_production(cast, phase))

    assert Run.objects.get().status == RunStatus.SUCCEEDED


@pytest.mark.at("submission")
def test_expired_emergency_lets_nothing_pass_and_ends_by_itself(cast, spec):
    phase = approved(cast, spec)
    age(BreakGlass.objects.get(), hours=2)

    with pytest.raises((MissingEvidence, OutsideWindow)):
        run_in_production(cast, phase)
    handoff.tick()

    spec.refresh_from_db()
    assert BreakGlass.objects.get().ended_at
    assert (spec.kind, factories.phase_of(spec).at) == (ChangeKind.NORMAL, Stage.LOCAL_TESTING)


@pytest.mark.at("submission")
def test_run_that_waits_is_refused_when_the_emergency_was_ended(cast, spec):
    phase = approved(cast, spec)
    run = run_in_production(cast, phase)
    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())

    claim = handoff.claim("run", run.pk)

    assert (claim, Run.objects.get().status) == (None, RunStatus.FAILED_CLEAN)


@pytest.mark.at("submission")
def test_emergency_whose_run_failed_is_over_like_one_that_was_not_used(cast, spec):
    phase = approved(cast, spec)
    factories.finish(run_in_production(cast, phase), status=RunStatus.FAILED_CLEAN)

    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())

    spec.refresh_from_db()
    assert (spec.kind, factories.phase_of(spec).at) == (ChangeKind.NORMAL, Stage.LOCAL_TESTING)


@pytest.mark.at("submission")
def test_what_was_skipped_for_scripts_that_were_rolled_back_is_skipped_for_no_others(cast, spec):
    phase = approved(cast, spec)
    factories.finish(run_in_production(cast, phase))
    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())
    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")
    factories.finish(run, status=RunStatus.ROLLED_BACK)

    factories.edit(cast.engineer, factories.phase_of(spec))
    factories.observe(factories.phase_of(spec))

    assert factories.dossier(phase).skipped == {}
    assert factories.phase_of(spec).at is Stage.LOCAL_TESTING


@pytest.mark.at("submission")
def test_what_was_skipped_for_a_run_stays_told(cast, spec):
    phase = approved(cast, spec)
    factories.finish(run_in_production(cast, phase))
    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())

    dossier = factories.dossier(phase)

    assert dossier.skipped[Skip.DRY_RUN] == "otto, INC-4711"
    assert factories.phase_of(spec).at is Stage.CLOSURE


@pytest.mark.parametrize(
    ("given", "refusal", "why"),
    [
        ({"reason": " "}, NeedsReason, "write down why"),
        ({"incident": ""}, BadInput, "names its incident"),
        ({"lasts": timedelta(hours=9)}, BadInput, "at most 8 hours"),
        ({"lasts": timedelta()}, BadInput, "at most 8 hours"),
        ({"skips": ["technical_approval"]}, BadInput, "the rest protects data"),
    ],
)
@pytest.mark.at("submission")
def test_emergency_that_is_not_whole_is_refused(cast, spec, given, refusal, why):
    with pytest.raises(refusal, match=why):
        open_emergency(cast, factories.phase_of(spec), **given)

    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("name", ["engineer", "reviewer", "stakeholder", "auditor"])
@pytest.mark.at("submission")
def test_only_operators_break_the_glass(cast, spec, name):
    with pytest.raises(MissingRole):
        open_emergency(cast, factories.phase_of(spec), actor=getattr(cast, name))


@pytest.mark.at("submission")
def test_one_emergency_at_a_time_for_a_change(cast, spec):
    open_emergency(cast, factories.phase_of(spec))

    with pytest.raises(NotReady, match="is in an emergency until"):
        open_emergency(cast, factories.phase_of(spec))


@pytest.mark.at("submission")
def test_overdue_review_blocks_that_persons_next_and_nobody_elses(cast, spec):
    emergency = open_emergency(cast, factories.phase_of(spec))
    age(emergency, hours=49)
    other = factories.make_user("olga", "operator")

    with pytest.raises(ReviewOverdue, match="the review of INC-4711"):
        open_emergency(cast, factories.phase_of(spec))
    open_emergency(cast, factories.phase_of(spec), actor=other)

    assert BreakGlass.objects.count() == 2


@pytest.mark.at("submission")
def test_review_by_somebody_else_frees_the_person(cast, spec):
    emergency = age(open_emergency(cast, factories.phase_of(spec)), hours=49)

    workflow.review_emergency(actor=cast.auditor, emergency=emergency, findings="Needed.", justified=True)

    assert open_emergency(cast, factories.phase_of(spec)).pk != emergency.pk


@pytest.mark.parametrize("name", ["operator", "reviewer", "engineer"])
@pytest.mark.at("submission")
def test_whoever_took_part_cannot_review(cast, spec, name):
    """Who opened and ran it, who approved it, who wrote it; the last with a role that reviews."""
    phase = approved(cast, spec)
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    factories.finish(run_in_production(cast, phase))
    emergency = BreakGlass.objects.get()
    workflow.end_emergency(actor=cast.operator, emergency=emergency)

    with pytest.raises(TookPart, match="took part in INC-4711"):
        workflow.review_emergency(actor=getattr(cast, name), emergency=emergency, findings="Fine.", justified=True)


@pytest.mark.at("submission")
def test_change_is_not_closed_before_its_emergency_is_reviewed(cast, spec):
    phase = approved(cast, spec)
    factories.finish(run_in_production(cast, phase))
    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())
    factories.review(cast, factories.phase_of(spec), actor=cast.second_reviewer)
    open_before = factories.phase_of(spec).status

    workflow.review_emergency(actor=cast.auditor, emergency=BreakGlass.objects.get(), findings="Needed.", justified=True)

    assert (open_before, factories.phase_of(spec).status) == ("open", "closed")


RAW = [
    ("UPDATE governance_breakglass SET skips = '[]'", "Cannot update"),
    ("UPDATE governance_breakglass SET expires_at = expires_at + interval '1 hour'", "Cannot update"),
    ("DELETE FROM governance_breakglass", "Cannot delete"),
    ("UPDATE governance_breakglass SET reviewed_by_id = opened_by_id, reviewed_at = now(), findings = 'x', justified = true", "took part"),
    ("UPDATE governance_breakglass SET reviewed_at = now()", "break_glass_review_is_whole"),
]


@pytest.mark.parametrize(("statement", "why"), RAW)
@pytest.mark.at("submission")
def test_database_keeps_an_emergency_as_it_was_opened(cast, spec, statement, why):
    open_emergency(cast, factories.phase_of(spec))

    with pytest.raises(DatabaseError, match=why):
        factories.at_once(statement)


@pytest.mark.at("submission")
def test_database_refuses_an_emergency_that_is_overdue_too_long_or_of_unknown_name(cast, spec):
    phase, refused = factories.phase_of(spec), []
    audit.append(System.FIXTURES, "test.raw", "", "An emergency past the portal.")
    old = age(open_emergency(cast, phase), hours=49)
    workflow.end_emergency(actor=cast.operator, emergency=old)
    for person, given in (
        (cast.operator, {}),
        (cast.auditor, {"expires_at": factories.timezone.now() + timedelta(hours=9)}),
        (cast.auditor, {"skips": ["digest"]}),
    ):
        now = factories.timezone.now()
        usual = {"opened_at": now, "expires_at": now + timedelta(hours=1), "review_due": now + timedelta(hours=48), "skips": []}
        row = BreakGlass(phase=phase, opened_by=person, reason="r", incident="i", **{**usual, **given})
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            save(System.FIXTURES, row)
        refused.append(str(error.value))

    assert "waits for its review" in refused[0]
    assert "break_glass_is_short" in refused[1]
    assert "break_glass_skips_by_name" in refused[2]


@pytest.mark.at("submission")
def test_kind_of_a_change_is_not_written_past_an_emergency(cast, spec):
    with pytest.raises(IntegrityError, match="only by a broken glass"):
        factories.at_once("UPDATE governance_spec SET kind = 'emergency'")


@pytest.mark.at("submission")
def test_dry_run_in_an_emergency_names_it(cast, spec):
    phase = approved(cast, spec, skips=[skip for skip in EVERYTHING if skip is not Skip.DRY_RUN])

    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True), kind=RunKind.DRY_RUN)

    assert run.emergency.incident == "INC-4711"
