"""Changing what was handed in: nothing that was proved of the old holds for the new, and nothing is skipped by editing."""

import pytest

from governance import workflow
from governance.dossier import gather
from governance.errors import BadCheck, BadSpecification, MissingEvidence, MissingRole, NotReady, UnparsableScript, WrongStage
from governance.lifecycle import Role, Stage, State
from governance.models import Analysis, AuditEvent, Observation, Rehearsal, Script, SpecEditor
from governance.orders import RunKind, RunStatus, ScriptKind, Verdict
from governance.versions import script_checksum
from tests import factories
from tests.governance.surroundings import make_surroundings

BLOCKED = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors ALTER COLUMN level SET NOT NULL;\n"
RISKY = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors DROP COLUMN name;\n"
PLAN = {"irreversible": True, "restore_plan": "From the archive."}


def stage(spec) -> Stage:
    return factories.phase_of(spec).at


@pytest.mark.parametrize(
    "bring", [factories.bring_to_approval, factories.bring_to_staging, factories.bring_to_window, factories.bring_to_production]
)
@pytest.mark.at("submission")
def test_edited_script_leads_back_to_script_development(cast, spec, bring):
    phase = bring(cast, spec)

    script = factories.edit(cast.operator, phase)

    assert stage(spec) is Stage.SCRIPT_DEVELOPMENT
    assert script.checksum == script_checksum(script.text)
    assert SpecEditor.objects.filter(spec=spec, person=cast.operator).exists()


@pytest.mark.at("approval")
def test_edited_script_is_analysed_again_before_anything_else(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    factories.edit(cast.engineer, phase, BLOCKED)
    with pytest.raises(MissingEvidence, match="these scripts have not been analysed"):
        workflow.advance(actor=cast.engineer, phase=phase)

    factories.observe(phase, rows=10**8)

    assert stage(spec) is Stage.SCRIPT_DEVELOPMENT
    with pytest.raises(MissingEvidence, match="adding-not-nullable-field"):
        workflow.advance(actor=cast.engineer, phase=phase)


@pytest.mark.at("approval")
def test_edited_script_has_to_be_rehearsed_again(cast, spec):
    phase = factories.bring_to_approval(cast, spec)

    factories.edit(cast.engineer, phase)
    factories.observe(phase)

    assert stage(spec) is Stage.LOCAL_TESTING
    assert gather(factories.phase_of(spec)).rehearsal is State.STALE
    factories.rehearse(cast, phase)
    assert stage(spec) is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("staging")
def test_script_that_stays_as_it_is_changes_nothing(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    before = (AuditEvent.objects.count(), Script.history.count())

    factories.edit(cast.engineer, phase, factories.FORWARD)

    assert (AuditEvent.objects.count(), Script.history.count()) == before
    assert stage(spec) is Stage.STAGING_DEPLOYMENT


@pytest.mark.parametrize(
    ("kind", "text", "error"), [(ScriptKind.FORWARD, "ALTER TABEL x;", UnparsableScript), (ScriptKind.CHECK, "SELECT 1;", BadCheck)]
)
@pytest.mark.at("submission")
def test_bad_edit_is_refused_and_leaves_the_script(cast, spec, kind, text, error):
    script = factories.phase_of(spec).scripts.get(kind=kind)

    with pytest.raises(error):
        workflow.edit_script(actor=cast.engineer, script=script, text=text)

    assert Script.objects.get(pk=script.pk).text == script.text


@pytest.mark.at("staging")
def test_script_is_not_edited_under_a_running_run(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
    factories.handoff.claim("run", run.pk)

    with pytest.raises(NotReady, match=r"has a run that has not ended\. Wait for it, or stop it first"):
        factories.edit(cast.engineer, phase)


@pytest.mark.at("closure")
def test_script_is_not_edited_once_production_has_it(cast, spec):
    phase = factories.bring_to_closure(cast, spec)

    with pytest.raises(WrongStage):
        factories.edit(cast.engineer, phase)


@pytest.mark.at("production")
def test_script_that_one_production_target_has_is_not_edited_for_the_other(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    with_event = "INSERT INTO governance_deployment (phase_id, target_id, applied, version_before, version_after) "
    first = factories.on(phase, production=True)
    other = factories.make_target(first.target.environment, "second_db")
    factories.at_once(with_event + "VALUES (%s, %s, true, '', '')", [phase.pk, other.pk])

    with pytest.raises(NotReady, match=r"is applied on second_db\. Roll it back there first"):
        factories.edit(cast.engineer, phase)


@pytest.mark.at("submission")
def test_reviewer_cannot_edit(cast, spec):
    with pytest.raises(MissingRole):
        factories.edit(cast.reviewer, factories.phase_of(spec))


@pytest.mark.parametrize(
    ("changes", "back_to"),
    [
        ({"purpose": ""}, Stage.REQUIREMENT),
        ({"privacy_impact": ""}, Stage.REQUIREMENT),
        ({"rollback_procedure": ""}, Stage.DESIGN),
        ({"purpose": "Levels, at last."}, Stage.STAGING_DEPLOYMENT),
    ],
)
@pytest.mark.at("staging")
def test_specification_that_lost_a_part_leads_back_to_where_it_is_asked_for(cast, spec, changes, back_to):
    factories.bring_to_staging(cast, spec)

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes=changes)

    assert stage(spec) is back_to


def test_written_part_leads_on(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, purpose="")
    assert stage(spec) is Stage.REQUIREMENT

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={"purpose": "Levels."})

    assert stage(spec) is Stage.IMPACT_ANALYSIS


def test_answer_to_a_consideration_is_asked_for_and_leads_on(cast):
    factories.make_targets()
    make_surroundings(cast, factories.make_spec(cast, factories.script_files("20250101_0900")))
    spec = factories.make_spec(cast)
    factories.observe(factories.phase_of(spec))
    assert stage(spec) is Stage.DESIGN

    consideration = spec.domains.get().considerations.get()
    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={}, answers={consideration.pk: "Everybody."})

    assert stage(spec) is Stage.LOCAL_TESTING
    assert "Who sees the level?" in AuditEvent.objects.get(kind="spec.edit").text


def test_change_that_stops_being_irreversible_needs_its_rollback_scripts(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, [*factories.script_files(rollback="")], **PLAN)
    phase = factories.bring_to_approval(cast, spec)
    assert phase.at is Stage.STAGING_DEPLOYMENT

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={"irreversible": False})

    assert stage(spec) is Stage.SCRIPT_DEVELOPMENT


def test_more_sensitive_data_weighs_the_change_anew(cast):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=RISKY))
    factories.observe(factories.phase_of(spec), rows=10**10)
    phase = factories.bring_to_staging(cast, spec)
    assert gather(phase).technical.needed == 1

    workflow.edit_specification(actor=cast.engineer, spec=spec, changes={"data_class": "financial"})

    assert gather(factories.phase_of(spec)).technical.needed == 2
    assert Analysis.objects.filter(target__isnull=False).latest("pk").risk == "high"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"irreversible": True}, "An irreversible change needs a restore plan"),
        ({"title": "Taken"}, "Another change has this title"),
        ({"title": ""}, "title: This field cannot be blank"),
        ({"data_class": "secret"}, "data_class: Value 'secret' is not a valid choice"),
        ({"design": "a\0b"}, "design has a character that no text can hold"),
    ],
)
@pytest.mark.at("submission")
def test_specification_that_cannot_be_is_refused(cast, spec, changes, why):
    factories.make_spec(cast, factories.script_files("20260102_0900"), title="Taken")

    with pytest.raises(BadSpecification) as refused:
        workflow.edit_specification(actor=cast.engineer, spec=spec, changes=changes)

    assert why in refused.value.message
    assert type(spec).objects.get(pk=spec.pk).title == spec.title


@pytest.mark.at("submission")
def test_specification_that_stays_as_it_is_makes_nobody_an_editor(cast, spec):
    editor = factories.make_user("edda", Role.ENGINEER)

    workflow.edit_specification(actor=editor, spec=spec, changes={"purpose": spec.purpose})

    assert not SpecEditor.objects.filter(person=editor).exists()
    assert not AuditEvent.objects.filter(kind="spec.edit").exists()


@pytest.mark.at("submission")
def test_only_the_specifications_own_parts_are_edited(cast, spec):
    workflow.edit_specification(actor=cast.operator, spec=spec, changes={"author": cast.operator, "purpose": "Other."})

    assert type(spec).objects.get(pk=spec.pk).author == cast.engineer


def test_tests_across_domains_are_asked_for_when_there_are_two(cast):
    factories.make_targets()
    factories.make_domain("billing")
    spec = factories.make_spec(cast, domains=("labor", "billing"))
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase)
    assert stage(spec) is Stage.INTEGRATION_TESTING

    workflow.add_evidence(actor=cast.engineer, phase=phase, suite="end-to-end", service="bids", passed=False)
    assert stage(spec) is Stage.INTEGRATION_TESTING
    workflow.add_evidence(actor=cast.engineer, phase=phase, suite="end-to-end", service="bids", passed=True)

    assert stage(spec) is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("submission")
def test_second_rehearsal_of_the_same_scripts_waits_for_the_first(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    workflow.request_rehearsal(actor=cast.engineer, phase=phase)

    with pytest.raises(NotReady, match="is under way"):
        workflow.request_rehearsal(actor=cast.engineer, phase=phase)

    assert Rehearsal.objects.count() == 1


@pytest.mark.at("submission")
def test_failed_rehearsal_keeps_the_change_at_local_testing(cast, spec):
    phase = factories.phase_of(spec)
    factories.observe(phase)

    factories.rehearse(cast, phase, Verdict.FAILED)

    assert stage(spec) is Stage.LOCAL_TESTING
    assert gather(factories.phase_of(spec)).rehearsal_detail == "as a test says"


@pytest.mark.at("submission")
def test_analysis_is_asked_for_once_per_target_however_often(cast, spec):
    workflow.request_analysis(actor=cast.engineer, phase=factories.phase_of(spec))

    assert Observation.objects.filter(status=RunStatus.QUEUED).count() == 2


@pytest.mark.at("staging")
def test_queued_run_of_the_old_text_is_refused_by_the_edit(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))

    factories.edit(cast.engineer, phase)

    assert factories.handoff.claim("run", run.pk) is None
    run.refresh_from_db()
    assert (run.kind, run.status) == (RunKind.DEPLOY, RunStatus.FAILED_CLEAN)
    assert "is not what was approved" in run.message
