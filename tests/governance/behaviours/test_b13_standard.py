"""B13: a standard change fits its template's version and bounds; outside it is a normal one; one failure suspends the template."""

import pytest
from django.db import DatabaseError

from governance import workflow
from governance.errors import BadInput
from governance.models import ChangeTemplate, Domain, Spec
from governance.orders import RunStatus
from governance.specification import ChangeKind
from tests import factories
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_function, by_page
from tests.governance.exceptional import VALUES, make_template, template, use, write


@pytest.fixture
def version(cast):
    factories.make_targets()
    return make_template(cast)


def use_by(way, api, cast, version, **values) -> str:
    given = {**VALUES, **values}
    if way == "function":
        return by_function(lambda: use(cast, version, **values))
    if way == "page":
        domain = factories.specification().domains[0]
        key = Domain.objects.get(slug=domain).pk
        fields = {f"value_{name}": value for name, value in given.items()}
        return by_page(cast.engineer, f"/templates/{version.template_id}/", act="use", title="Levels", domains=[key], **fields)
    body = {"title": "Levels", "values": given, "domains": ["labor"]}
    return by_api(api, cast.engineer, "POST", f"/templates/{version.template}/changes", body)


@pytest.mark.parametrize("way", WAYS)
def test_b13_change_within_the_bounds_is_standard(api, cast, version, way):
    assert use_by(way, api, cast, version) == ""

    assert (Spec.objects.get().kind, Spec.objects.get().standard.outside) == (ChangeKind.STANDARD, "")


@pytest.mark.parametrize("way", WAYS)
def test_b13_change_outside_the_bounds_is_normal_and_says_why(api, cast, version, way):
    assert use_by(way, api, cast, version, value=101) == ""

    spec = Spec.objects.get()
    assert (spec.kind, spec.standard.outside) == (ChangeKind.NORMAL, "value is 101, more than 100")


def test_b13_standard_change_was_approved_with_its_template_and_a_normal_one_was_not(cast, version):
    fitting, other = use(cast, version), use(cast, version, column="grade", value=101)
    needed = [factories.dossier(factories.phase_of(spec)) for spec in (fitting, other)]
    phase = factories.bring_to_approval(cast, fitting)

    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))

    assert [(each.technical.needed, each.business.needed) for each in needed] == [(0, 0), (1, 1)]
    assert run.status == RunStatus.QUEUED


def test_b13_script_that_was_edited_is_the_templates_no_more(cast, version):
    spec = use(cast, version)
    phase = factories.phase_of(spec)

    factories.edit(cast.engineer, phase, text=phase.scripts.get(kind="forward").text + "-- and more\n")

    spec = Spec.objects.get()
    assert (spec.kind, spec.standard.outside) == (ChangeKind.NORMAL, "the forward script is not the template's")


@pytest.mark.parametrize("status", [RunStatus.FAILED_CLEAN, RunStatus.ROLLED_BACK])
def test_b13_one_failure_suspends_the_template_and_demotes_what_rests_on_it(cast, version, status):
    spec, other = use(cast, version), use(cast, version, column="grade")
    phase = factories.bring_to_approval(cast, spec)
    deployment = factories.on(phase, production=False)
    run = workflow.start(actor=cast.operator, deployment=deployment)
    if status is RunStatus.ROLLED_BACK:
        factories.finish(run)
        run = workflow.roll_back(actor=cast.operator, deployment=deployment, reason="bids fail")

    factories.finish(run, status=status, message="The lock was not given.")

    other.refresh_from_db()
    assert template().suspended_because.startswith(f"{spec.number} failed")
    assert (other.kind, other.standard.outside.partition(":")[0]) == (ChangeKind.NORMAL, "the template is suspended")


@pytest.mark.parametrize("way", WAYS)
def test_b13_suspension_is_lifted_by_a_reviewer_with_a_reason_only(api, cast, version, way):
    workflow.suspend_template(actor=cast.reviewer, template=version.template, reason="It locked bids.")
    ways = {
        "function": lambda person, reason: by_function(workflow.lift_suspension, actor=person, template=version.template, reason=reason),
        "page": lambda person, reason: by_page(person, f"/templates/{version.template_id}/", act="lift", reason=reason),
        "api": lambda person, reason: by_api(api, person, "POST", f"/templates/{version.template}/lift", {"reason": reason}),
    }

    refused = [ways[way](cast.engineer, "Mended."), ways[way](cast.reviewer, " "), ways[way](cast.reviewer, "Mended.")]

    assert refused == ["MissingRole", "NeedsReason", ""]
    assert template().suspended_at is None


@pytest.mark.parametrize("way", WAYS)
def test_b13_author_of_a_template_does_not_approve_it_and_nobody_does_twice(api, cast, way):
    factories.make_targets()
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    version = write(cast)
    ways = {
        "function": lambda person: by_function(workflow.approve_template, actor=person, version=version),
        "page": lambda person: by_page(person, f"/templates/{version.template_id}/", act="approve", version=1),
        "api": lambda person: by_api(api, person, "POST", f"/templates/{version.template}/versions/1/approve"),
    }

    refused = [ways[way](person) for person in (cast.engineer, cast.reviewer, cast.reviewer, cast.second_reviewer)]

    assert refused == ["OwnWork", "", "AlreadyDecided", ""]


def test_b13_version_that_fewer_than_two_approved_makes_normal_changes(cast):
    factories.make_targets()
    version = write(cast)
    workflow.approve_template(actor=cast.reviewer, version=version)

    spec = use(cast, version)

    assert (spec.kind, spec.standard.outside) == (ChangeKind.NORMAL, "version 1 of the template is approved by 1 of 2 people")


def test_b13_new_version_replaces_the_old_one(cast, version):
    make_template(cast)

    spec = use(cast, version)

    assert spec.standard.outside == "version 2 of the template has replaced version 1"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"parameters": ()}, "do not agree about column, label, value"),
        ({"parameters": ({"name": "Column", "kind": "identifier"},)}, "cannot be the name of a parameter"),
        ({"parameters": ({"name": "column", "kind": "number"},)}, "is one of integer, identifier, text"),
    ],
)
def test_b13_template_that_does_not_fit_itself_is_refused(cast, given, why):
    with pytest.raises(BadInput, match=why):
        write(cast, **given)

    assert not ChangeTemplate.objects.exists()


@pytest.mark.parametrize(
    "values", [{"column": "a; DROP TABLE bids"}, {"column": "A"}, {"value": "1 + 1"}, {"value": ""}, {"label": "a\nDROP TABLE bids;"}]
)
def test_b13_value_that_is_no_value_of_its_kind_makes_no_change(cast, version, values):
    with pytest.raises(BadInput):
        use(cast, version, **values)

    assert not Spec.objects.exists()


def test_b13_text_stands_quoted_in_the_script(cast):
    factories.make_targets()
    forward = "-- Purpose: a\n-- Impact: b\nUPDATE public.contractors SET name = {{ name }} WHERE id = {{ id }};\n"
    rollback = "-- Purpose: a\n-- Impact: b\nUPDATE public.contractors SET name = NULL WHERE id = {{ id }};\n"
    parameters = [{"name": "name", "kind": "text"}, {"name": "id", "kind": "integer"}]
    version = make_template(cast, forward=forward, rollback=rollback, checks="", parameters=parameters)
    given = factories.specification()

    spec = workflow.use_template(actor=cast.engineer, version=version, values={"name": "O'Neil", "id": 7}, specification=given)

    assert "SET name = 'O''Neil' WHERE id = 7" in spec.phases.get().scripts.get(kind="forward").text


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE governance_spec SET kind = 'standard'", "only by an approved template"),
        ("UPDATE governance_templateversion SET forward = 'SELECT 1'", "Cannot update"),
        ("DELETE FROM governance_templateapproval", "Cannot delete"),
        (
            "INSERT INTO governance_templateapproval (version_id, person_id, at) "
            "SELECT id, written_by_id, now() FROM governance_templateversion",
            "Whoever wrote a template",
        ),
    ],
)
def test_b13_database_refuses_what_the_code_would_refuse(cast, version, statement, why):
    factories.make_spec(cast)

    with pytest.raises(DatabaseError, match=why):
        factories.at_once(statement)


def test_b13_page_shows_versions_bounds_and_what_was_made(cast, version):
    use(cast, version, value=101)

    page = browser(cast.auditor).get(f"/templates/{version.template_id}/").content.decode()

    assert "at least 0, at most 100" in page
    assert "value is 101, more than 100" in page
