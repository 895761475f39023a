"""Adding and leaving out scripts after a change was handed in: what results is whole, and nothing proved of the old holds."""

import pytest

from governance import workflow
from governance.errors import BadInput, DuplicateVersion, MissingRole, MissingRollback, NotReady
from governance.lifecycle import Stage
from governance.models import AuditEvent, Comment, Finding, Observation, Script
from governance.orders import ScriptKind
from governance.workflow import ScriptFile, Source
from tests import factories

LATER = "20260102_0900"
INDEX = [
    ScriptFile(f"V{LATER}__index.sql", "-- Purpose: p\n-- Impact: i\nCREATE INDEX CONCURRENTLY c ON public.contractors (id);\n"),
    ScriptFile(f"R{LATER}__rollback_index.sql", "-- Purpose: p\n-- Impact: i\nDROP INDEX CONCURRENTLY public.c;\n"),
]


def names(phase):
    return set(phase.scripts.values_list("name", flat=True))


def change(person, phase, files=(), without=(), **source):
    return workflow.change_scripts(actor=person, phase=phase, files=files, without=without, source=Source(**source))


@pytest.mark.at("approval")
def test_added_scripts_belong_to_the_change_and_lead_back_to_script_development(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    before = names(phase)

    change(cast.operator, phase, INDEX, commit="4f2a91c")

    phase = factories.phase_of(spec)
    assert names(phase) == before | {file.name for file in INDEX}
    assert phase.at is Stage.SCRIPT_DEVELOPMENT
    assert set(phase.scripts.filter(version=LATER).values_list("commit", flat=True)) == {"4f2a91c"}
    assert AuditEvent.objects.filter(kind="script.edit", text__contains=f"added R{LATER}").exists()


@pytest.mark.at("approval")
def test_approvals_of_the_old_scripts_are_void(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    change(cast.engineer, phase, INDEX)

    assert not phase.approvals.filter(voided_at=None).exists()
    assert Observation.objects.filter(phase=phase, status="queued").exists()


@pytest.mark.at("approval")
def test_left_out_scripts_are_gone_and_what_was_said_about_them_stays(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    change(cast.engineer, phase, INDEX)
    forward = phase.scripts.get(version=LATER, kind=ScriptKind.FORWARD)
    workflow.comment(actor=cast.reviewer, phase=phase, text="Is it used?", script=forward, line=3)

    change(cast.engineer, phase, without=[file.name for file in INDEX])

    assert not names(phase) & {file.name for file in INDEX}
    assert Comment.objects.get().script is None
    assert not Finding.objects.filter(script__version=LATER).exists()
    assert Script.history.filter(version=LATER, history_type="-", history_user=cast.engineer).count() == 2


@pytest.mark.parametrize(
    ("files", "without", "error"),
    [
        (INDEX[:1], [], MissingRollback),
        (INDEX[1:], [], BadInput),
        ([], ["V1__unknown.sql"], BadInput),
        ([ScriptFile(f"V{LATER}__broken.sql", "ALTER;")], [], BadInput),
    ],
)
@pytest.mark.at("approval")
def test_what_would_not_be_whole_is_refused_and_nothing_changes(cast, spec, files, without, error):
    phase = factories.bring_to_approval(cast, spec)
    before = names(phase)

    with pytest.raises(error):
        change(cast.engineer, phase, files, without)

    assert names(phase) == before
    assert factories.phase_of(spec).at is Stage.STAGING_DEPLOYMENT


@pytest.mark.at("approval")
def test_a_forward_script_is_not_left_without_its_checks(cast, spec):
    phase = factories.bring_to_approval(cast, spec)

    with pytest.raises(BadInput, match="belongs to no forward script"):
        change(cast.engineer, phase, without=list(phase.scripts.filter(kind=ScriptKind.FORWARD).values_list("name", flat=True)))

    assert phase.scripts.filter(kind=ScriptKind.FORWARD).exists()


@pytest.mark.at("approval")
def test_a_version_that_another_change_has_is_refused(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    factories.make_spec(cast, factories.script_files(LATER))

    with pytest.raises(DuplicateVersion):
        change(cast.engineer, phase, INDEX)


@pytest.mark.at("approval")
def test_scripts_of_a_change_that_is_in_production_stay(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__environment__production=True)))

    with pytest.raises(NotReady):
        change(cast.engineer, factories.phase_of(spec), INDEX)


@pytest.mark.at("approval")
def test_only_engineers_and_operators_change_scripts(cast, spec):
    phase = factories.bring_to_approval(cast, spec)

    with pytest.raises(MissingRole):
        change(cast.reviewer, phase, INDEX)


@pytest.mark.at("approval")
def test_an_edited_script_forgets_the_commit_it_came_from(cast, spec):
    phase = factories.bring_to_approval(cast, spec)
    script = phase.scripts.get(kind=ScriptKind.FORWARD)
    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- one\n", source=Source(commit="a1b2c3"))

    workflow.edit_script(actor=cast.engineer, script=script, text=f"{script.text}-- two\n")

    assert Script.objects.get(pk=script.pk).commit == ""
    assert list(Script.history.filter(id=script.pk).values_list("commit", flat=True))[:2] == ["", "a1b2c3"]


HEAD = "-- Purpose: p\n-- Impact: i\n"


@pytest.fixture
def indexing(cast):
    factories.make_targets()
    files = factories.script_files(
        forward=f"{HEAD}CREATE INDEX levels ON public.contractors (id);\n", rollback=f"{HEAD}DROP INDEX public.levels;\n"
    )
    return factories.phase_of(factories.make_spec(cast, files))


def index_finding(phase):
    return Finding.objects.filter(analysis__phase=phase, script__kind=ScriptKind.FORWARD, safe_form__contains="CONCURRENTLY").latest(
        "analysis"
    )


@pytest.mark.django_db
def test_the_safe_form_of_a_finding_takes_the_place_of_its_statement(cast, indexing):
    script = workflow.use_safe_form(actor=cast.engineer, finding=index_finding(indexing))

    assert script.text.startswith(f"{HEAD}CREATE INDEX CONCURRENTLY")
    assert script.text.endswith(";\n")
    assert script.text.count("CREATE INDEX") == 1


@pytest.mark.django_db
def test_the_safe_form_for_an_earlier_text_is_refused(cast, indexing):
    finding = index_finding(indexing)
    workflow.edit_script(actor=cast.engineer, script=finding.script, text=f"{HEAD}\nCREATE INDEX levels ON public.contractors (id);\n")

    with pytest.raises(NotReady, match="was changed since"):
        workflow.use_safe_form(actor=cast.engineer, finding=finding)


@pytest.mark.django_db
def test_a_safe_form_that_goes_beside_its_statement_never_takes_its_place(cast):
    factories.make_targets()
    files = factories.script_files(
        forward=f"{HEAD}ALTER TABLE public.contractors DROP COLUMN name;\n",
        rollback=f"{HEAD}ALTER TABLE public.contractors ADD COLUMN name text;\n",
    )
    phase = factories.phase_of(factories.make_spec(cast, files))
    finding = Finding.objects.filter(analysis__phase=phase, code="breaks-prepared-statements").latest("analysis")

    with pytest.raises(NotReady, match="goes beside the statement"):
        workflow.use_safe_form(actor=cast.engineer, finding=finding)


@pytest.mark.django_db
def test_who_may_not_edit_does_not_use_a_safe_form(cast, indexing):
    with pytest.raises(MissingRole):
        workflow.use_safe_form(actor=cast.reviewer, finding=index_finding(indexing))
