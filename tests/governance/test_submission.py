"""Handing in a change: bad input says what, why and what to do, and leaves nothing behind."""

import pytest
from django.db import IntegrityError

from governance import workflow
from governance.case import load
from governance.errors import (
    BadCheck,
    BadInput,
    BadScriptName,
    BadSpecification,
    DependencyCycle,
    DuplicateVersion,
    MissingRole,
    MissingRollback,
    MixedScript,
    TransactionControl,
    UnparsableScript,
)
from governance.lifecycle import Stage
from governance.models import GOVERNED, AuditEvent, Deployment, Observation, Script, Spec, SpecEditor
from governance.ordering import refuse_circle
from governance.orders import ScriptKind
from governance.specification import ChangeKind, Criterion
from governance.workflow import ScriptFile, Source
from tests import factories
from tests.factories import Cast, script_files
from tests.governance.surroundings import make_surroundings, require

SELECT = "SELECT 1 FROM public.contractors WHERE level < 0;\n"
FORWARD, ROLLBACK = script_files(checks="")


@pytest.fixture
def targets(cast: Cast) -> None:
    factories.make_targets()


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in GOVERNED}


def refusal(cast: Cast, kind: type[BadInput], files: list[ScriptFile] | None = None, **given: object) -> str:
    """The message with which the submission is refused, after which every governed table is as it was."""
    before, histories = rows(), [model.history.count() for model in GOVERNED]
    with pytest.raises(kind) as refused:
        workflow.submit(
            actor=cast.engineer,
            specification=factories.specification(**given),
            scripts=script_files() if files is None else files,
        )
    assert (rows(), [model.history.count() for model in GOVERNED]) == (before, histories)
    assert AuditEvent.objects.latest("pk").text == refused.value.message
    return refused.value.message


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("V202601010900_add_levels.sql", "V20260101_0900__add_levels.sql"),
        ("v20260101_0900__Add Levels.sql", "V20260101_0900__add_levels.sql"),
        ("V20261301_0900__add_levels.sql", "V20250401_1432__add_levels.sql"),
        ("V20260101_0900__add_levels.txt", "V20260101_0900__add_levels.sql"),
    ],
)
def test_wrong_file_name_is_refused_with_the_right_one(cast, targets, name, right):
    message = refusal(cast, BadScriptName, [ScriptFile(name, factories.FORWARD)])

    assert message.startswith(f"{name}: ")
    assert message.endswith(f"Rename it to {right}.")


def test_missing_rollback_is_refused_with_its_name_and_the_other_way(cast, targets):
    message = refusal(cast, MissingRollback, [FORWARD])

    assert "V20260101_0900__levels.sql has no rollback script" in message
    assert "Add R20260101_0900__rollback_levels.sql" in message
    assert "restore_plan" in message


@pytest.mark.parametrize("kept", [ROLLBACK, script_files()[2]], ids=["rollback", "checks"])
def test_script_without_its_forward_script_is_refused(cast, targets, kept):
    message = refusal(cast, BadInput, [kept])

    assert message == f"{kept.name} belongs to no forward script. Add the V script of version 20260101_0900, or leave it out."


def test_unparsable_sql_is_refused_with_line_and_column(cast, targets):
    message = refusal(cast, UnparsableScript, script_files(forward="SELECT 1;\n  ALTER TABEL x;\n"))

    assert "V20260101_0900__levels.sql, line 2, column 9: " in message
    assert "TABEL" in message
    assert "Correct the script and submit it again." in message


def test_nul_byte_is_refused_with_line_and_column(cast, targets):
    message = refusal(cast, UnparsableScript, script_files(forward="SELECT 1;\nSELECT '\0';\n"))

    assert "line 2, column 9: the text contains a NUL byte" in message


def test_same_version_twice_within_the_files_is_refused(cast, targets):
    other = ScriptFile("V20260101_0900__other.sql", factories.FORWARD)

    message = refusal(cast, DuplicateVersion, [*script_files(), other])

    assert "version 20260101_0900 is taken by V20260101_0900__" in message
    assert "one minute later" in message


def test_version_of_another_change_is_refused(cast, targets):
    factories.make_spec(cast)
    files = [
        ScriptFile("V20260101_0900__other.sql", factories.FORWARD),
        ScriptFile("R20260101_0900__rollback_other.sql", factories.ROLLBACK),
    ]

    message = refusal(cast, DuplicateVersion, files)

    assert "is taken by" in message
    assert "levels.sql" in message


def test_script_that_mixes_transactional_and_other_statements_is_refused(cast, targets):
    forward = "ALTER TABLE x ADD y int;\n\nCREATE INDEX CONCURRENTLY ON x (y);\n"

    message = refusal(cast, MixedScript, script_files(forward=forward))

    assert "line 3 cannot run inside a transaction" in message
    assert "Split the script in two" in message


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s"])
def test_transaction_control_is_refused(cast, targets, word):
    message = refusal(cast, TransactionControl, script_files(forward=f"{word};\nALTER TABLE x ADD y int;\n"))

    assert f"line 1, column 1: {word.split()[0]} is the runner's to say" in message
    assert "Leave transaction control out" in message


@pytest.mark.parametrize(
    ("checks", "why"),
    [
        (SELECT, "the query has no `-- check:` line before it"),
        (f"-- check: c\n-- question: beauty\n-- expect: no rows\n{SELECT}", "`beauty` is not a question"),
        (f"-- check: c\n-- question: accuracy\n-- expect: luck\n{SELECT}", "`luck` is not an expectation"),
        ("-- check: c\n-- question: accuracy\n-- expect: no rows\nDELETE FROM x;\n", "a check only reads, and this is DELETE"),
    ],
)
def test_bad_check_script_is_refused_with_its_line(cast, targets, checks, why):
    message = refusal(cast, BadCheck, script_files(checks=checks))

    assert message.startswith("C20260101_0900__checks_levels.sql, line ")
    assert why in message


@pytest.mark.parametrize("kind", ["V", "R"])
@pytest.mark.parametrize("text", ["", "  \n", "-- nothing but a comment\n"])
def test_script_without_a_statement_is_refused(cast, targets, kind, text):
    files = [ScriptFile(file.name, text if file.name.startswith(kind) else file.text) for file in script_files()]

    message = refusal(cast, BadInput, files)

    assert message.startswith(f"{kind}20260101_0900__")
    assert "has no statement. Write what it is to do" in message


def test_no_script_at_all_is_refused(cast, targets):
    assert refusal(cast, BadInput, []) == "No script was handed in. Add at least one V….sql with its R….sql."


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"domains": ("labour",)}, "labour: no domain is known by this name. Add the domain first, or correct the name."),
        ({"targets": ("nowhere",)}, "nowhere: no target is known by this name. Add the target first, or correct the name."),
        ({"requires": ("Nothing",)}, "Nothing: no change is known by this name. Add the change first, or correct the name."),
        ({"answers": {"Why?": "So."}}, "Why?: no domain asks this. Copy the question from its domain's page."),
        ({"title": "Irrevocable", "irreversible": True}, "Irrevocable: it is irreversible without a restore plan."),
        ({"title": "Irrevocable", "irreversible": True, "restore_plan": " "}, "Irrevocable: it is irreversible without a restore plan."),
        ({"title": "x" * 121}, "title: Ensure this value has at most 120 characters (it has 121). Correct it and try again."),
        ({"title": ""}, "title: This field cannot be blank."),
        ({"data_class": "secret"}, "data_class: Value 'secret' is not a valid choice."),
        ({"category": "magic"}, "said_category: Value 'magic' is not a valid choice."),
        ({"purpose": "a\0b"}, "purpose has a character that no text can hold"),
        ({"design": "half \ud83d an emoji"}, "design has a character that no text can hold"),
        ({"criteria": (Criterion("Wait", "1 s"),) * 2}, "criterion “Wait”: Criterion with this Spec and Name already exists."),
        ({"criteria": (Criterion("Wait" * 31, "1 s"),)}, "name: Ensure this value has at most 120 characters"),
    ],
)
def test_specification_that_cannot_be_is_refused(cast, targets, given, what):
    message = refusal(cast, BadSpecification, **given)

    assert what in message


def test_title_of_another_change_is_refused(cast, targets):
    factories.make_spec(cast, title="Levels")

    message = refusal(cast, BadSpecification, script_files("20260102_0900"), title="Levels")

    assert message == "Levels: another change has this title. Give it a title of its own."


def test_portal_without_targets_refuses_with_what_to_do(cast):
    message = refusal(cast, BadSpecification, domains=())

    assert "there is no target it could be for. Add a target in the portal first." in message


def test_name_longer_than_the_table_holds_is_refused(cast, targets):
    files = [ScriptFile(f"{kind}20260101_0900__{'x' * 200}.sql", factories.FORWARD) for kind in "VR"]

    assert "Ensure this value has at most 200 characters" in refusal(cast, BadSpecification, files)


def test_only_engineers_and_operators_submit(cast, targets):
    with pytest.raises(MissingRole, match="engineer or operator"):
        workflow.submit(actor=cast.reviewer, specification=factories.specification(), scripts=script_files())


def test_change_that_requires_itself_is_refused_with_the_circle(cast, targets):
    with pytest.raises(DependencyCycle, match=r"CHG-(\d+) → CHG-\1\. Leave one of the links out"):
        factories.make_spec(cast, title="Levels", requires=("Levels",))

    assert not Spec.objects.exists()


def test_circle_of_changes_is_refused_and_shown(cast, targets):
    first, second, third = (factories.make_spec(cast, script_files(f"2026010{day}_0900")) for day in (1, 2, 3))
    require(first, second)
    require(second, third)

    with pytest.raises(DependencyCycle) as refused:
        refuse_circle(third, first)

    assert refused.value.path == (third.number, first.number, second.number, third.number)


def test_diamond_of_changes_is_no_circle(cast, targets):
    top, left, right, bottom = (factories.make_spec(cast, script_files(f"2026010{day}_0900")) for day in (1, 2, 3, 4))
    for spec, other in ((top, left), (top, right), (left, bottom), (right, bottom)):
        require(spec, other)

    refuse_circle(factories.make_spec(cast, script_files("20260105_0900")), top)

    assert top.dependencies.count() == 2


def test_circle_that_is_there_already_does_not_hang_the_next_submission(cast, targets):
    first, second = (factories.make_spec(cast, script_files(f"2026010{day}_0900"), title=f"Change {day}") for day in (1, 2))
    require(first, second)
    require(second, first)

    spec = factories.make_spec(cast, script_files("20260103_0900"), requires=("Change 1", "Change 1"))

    assert [dependency.other for dependency in spec.dependencies.all()] == [first]


def test_submission_keeps_scripts_author_targets_and_source(cast, targets):
    source = Source("https://git.example.com/bids", "a" * 40, "https://git.example.com/bids/1")

    spec = workflow.submit(actor=cast.engineer, specification=factories.specification(), scripts=script_files(), source=source)

    script = Script.objects.get(kind=ScriptKind.FORWARD)
    assert (script.text, script.repository, script.commit, script.request) == (factories.FORWARD, *vars_of(source))
    assert Script.objects.count() == 3
    assert SpecEditor.objects.get().person == cast.engineer
    assert sorted(Deployment.objects.values_list("target__name", flat=True)) == ["production_db", "staging_db"]
    assert Observation.objects.filter(phase__spec=spec, status="queued").count() == 2


def vars_of(source: Source) -> tuple[str, str, str]:
    return source.repository, source.commit, source.request


def test_irreversible_change_needs_no_rollback_script(cast, targets):
    spec = factories.make_spec(cast, [FORWARD], irreversible=True, restore_plan="From the archive.")

    factories.observe(factories.phase_of(spec))

    assert Script.objects.count() == 1
    assert factories.phase_of(spec).at is Stage.SCRIPT_DEVELOPMENT


def test_targets_are_those_that_the_specification_names(cast, targets):
    spec = factories.make_spec(cast, targets=("staging_db", "staging_db"))

    assert [deployment.target.name for deployment in factories.phase_of(spec).deployments.all()] == ["staging_db"]


def test_tables_bring_the_domain_that_owns_them(cast, targets):
    make_surroundings(cast, factories.make_spec(cast, script_files("20250101_0900")))

    spec = factories.make_spec(cast, domains=())

    assert [domain.slug for domain in spec.domains.all()] == ["labor"]


def test_new_change_is_a_normal_one_and_no_other_kind_exists(cast, targets):
    spec = factories.make_spec(cast)

    with pytest.raises(IntegrityError, match="spec_kind_is_known"):
        factories.at_once("UPDATE governance_spec SET kind = 'urgent'")

    assert spec.kind == ChangeKind.NORMAL


def test_check_file_of_built_in_checks_alone_is_taken(cast, targets):
    checks = "-- use: checksum of public.contractors\n"
    files = [ScriptFile(file.name, checks if file.name.startswith("C") else file.text) for file in script_files()]

    spec = factories.make_spec(cast, files)

    listed = workflow.checks_of(load(factories.phase_of(spec).pk))
    assert "checksum of public.contractors" in [each.check.name for each in listed]
