"""What is submitted, edited, set up and deleted through the admin's forms."""

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance import workflow
from governance.audit import System, save
from governance.lifecycle import Stage
from governance.models import AuditEvent, Domain, Environment, Phase, Release, Script, Spec, Target, Window
from tests import factories

ADD = "/governance/spec/add/"
MANAGEMENT = {f"{prefix}-{name}": "0" for prefix in ("tables", "considerations") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


@pytest.fixture
def targets(cast) -> tuple[Target, Target]:
    return factories.make_targets()


def uploads(files) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(file.name, file.text.encode()) for file in files]


def submission(files=None, **given) -> dict[str, object]:
    value = factories.specification(**given)
    names = ("title", "data_class", "privacy_impact", "purpose", "drivers", "design", "risk_assessment", "mitigation", "rollback_procedure")
    texts = {name: getattr(value, name) for name in names}
    criteria = "\n".join(f"{each.name}: {each.expected}" for each in value.criteria)
    domains = [domain.pk for domain in Domain.objects.all()]
    scripts = uploads(factories.script_files()) if files is None else files
    return {**texts, "pattern": "plain", "criteria": criteria, "domains": domains, "scripts": scripts}


@pytest.mark.usefixtures("targets")
def test_submission_through_the_form_equals_submission_through_the_function(cast, sign_in):
    answer = sign_in(cast.engineer).post(ADD, submission())
    by_form = Spec.objects.get()
    by_function = factories.make_spec(cast, factories.script_files("20260101_0901"))

    assert answer.headers["Location"] == f"/governance/spec/{by_form.pk}/change/"
    assert described(by_form) == described(by_function)


def described(spec: Spec) -> dict[str, object]:
    phase = Phase.objects.get(spec=spec)
    texts = {
        name: getattr(spec, name) for name in ("purpose", "drivers", "design", "data_class", "pattern", "restore_plan", "irreversible")
    }
    return texts | {
        "author": spec.author,
        "stage": phase.stage,
        "class": phase.change_class,
        "sentence": phase.sentence,
        "domains": [domain.slug for domain in spec.domains.all()],
        "scripts": [(script.kind, script.text, script.checksum) for script in phase.scripts.all()],
        "targets": [deployment.target for deployment in phase.deployments.all()],
        "criteria": [(criterion.name, criterion.expected) for criterion in spec.criteria.all()],
        "observations": phase.observations.count(),
        "events": sorted(AuditEvent.objects.filter(subject=spec.number).values_list("kind", flat=True)),
        "history": spec.history.count(),
        "history_user": spec.history.get().history_user,
    }


NO_ROLLBACK = factories.script_files()[:1]
BAD_SQL = factories.script_files(forward="-- Purpose: x\n-- Impact: y\nALTER TABEL contractors;\n")
BAD_NAME = [workflow.ScriptFile("levels.sql", factories.FORWARD)]


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"files": uploads(NO_ROLLBACK)}, "scripts", "has no rollback script"),
        ({"files": uploads(BAD_SQL)}, "scripts", "line 3"),
        ({"files": uploads(BAD_NAME)}, "scripts", "Rename it to"),
        ({"files": [SimpleUploadedFile("V20260101_0900__a.sql", b"\xff\xfe")]}, "scripts", "is not UTF-8"),
        ({"files": []}, "scripts", "No script was handed in"),
        ({"title": ""}, "title", "required"),
    ],
)
@pytest.mark.usefixtures("targets")
def test_bad_input_shows_its_message_at_the_field_and_keeps_nothing(given, field, message, cast, sign_in):
    data = submission(**given, purpose="Kept while I correct it.")

    answer = sign_in(cast.engineer).post(ADD, data)

    assert message in str(answer.context["adminform"].form.errors[field])
    assert "Kept while I correct it." in answer.content.decode()
    assert not Spec.objects.exists()
    assert not Script.objects.exists()


@pytest.mark.usefixtures("targets")
def test_a_version_that_is_taken_is_refused_at_the_field(cast, sign_in):
    spec = factories.make_spec(cast)

    answer = sign_in(cast.engineer).post(ADD, submission())

    assert "is taken by" in str(answer.context["adminform"].form.errors["scripts"])
    assert list(Spec.objects.all()) == [spec]


@pytest.mark.usefixtures("cast")
def test_a_refusal_behind_the_form_shows_it_again_with_what_was_typed(cast, sign_in):
    answer = sign_in(cast.engineer).post(ADD, submission(purpose="Kept while somebody adds a target."))

    page = answer.content.decode()
    assert "Add a target in the portal first." in page
    assert "Kept while somebody adds a target." in page
    assert not Spec.objects.exists()
    assert AuditEvent.objects.filter(kind="refused.submit", data__code="BadSpecification").count() == 1


@pytest.mark.parametrize("line", ["no colon", "name:", ": expected"])
@pytest.mark.usefixtures("targets")
def test_criteria_are_written_as_name_and_expectation(line, cast, sign_in):
    answer = sign_in(cast.engineer).post(ADD, {**submission(), "criteria": line})

    assert "name: expected" in str(answer.context["adminform"].form.errors["criteria"])


@pytest.mark.parametrize("who", ["reviewer", "stakeholder", "auditor"])
@pytest.mark.usefixtures("targets")
def test_submitting_takes_a_role(who, cast, sign_in):
    answer = sign_in(getattr(cast, who)).post(ADD, submission())

    assert answer.status_code == 403
    assert not Spec.objects.exists()


def script_page(spec: Spec) -> tuple[Script, str]:
    script = Script.objects.get(phase__spec=spec, kind="forward")
    return script, reverse("admin:governance_script_change", args=[script.pk])


@pytest.mark.at("staging")
def test_editing_a_script_goes_back_to_script_development(cast, spec, sign_in):
    script, page = script_page(spec)

    sign_in(cast.engineer).post(page, {"text": script.text.replace("level integer", "level bigint")})

    assert "bigint" in Script.objects.get(pk=script.pk).text
    assert factories.phase_of(spec).at is Stage.SCRIPT_DEVELOPMENT
    assert AuditEvent.objects.filter(kind="approval.void").exists()


def test_a_script_that_does_not_parse_keeps_what_was_typed(cast, spec, sign_in):
    script, page = script_page(spec)

    answer = sign_in(cast.engineer).post(page, {"text": "-- Purpose: x\nALTER TABEL contractors;"})

    assert "line 2" in str(answer.context["adminform"].form.errors["text"])
    assert "ALTER TABEL contractors;" in answer.content.decode()
    assert Script.objects.get(pk=script.pk).text == script.text


def test_browsers_line_ends_do_not_change_a_script(cast, spec, sign_in):
    script, page = script_page(spec)

    sign_in(cast.engineer).post(page, {"text": script.text.replace("\n", "\r\n")})

    assert Script.objects.get(pk=script.pk).checksum == script.checksum


@pytest.mark.parametrize("who", ["reviewer", "stakeholder", "auditor"])
def test_others_read_a_script_and_cannot_write_it(who, cast, spec, sign_in):
    script, page = script_page(spec)
    client = sign_in(getattr(cast, who))

    shown, written = client.get(page), client.post(page, {"text": "SELECT 1;"})

    assert "<textarea" not in shown.content.decode()
    assert "ADD COLUMN level" in shown.content.decode()
    assert written.status_code in (200, 403)
    assert Script.objects.get(pk=script.pk).text == script.text


def test_the_script_of_a_closed_change_is_only_read(closed, cast, sign_in):
    script, page = script_page(closed)

    sign_in(cast.engineer).post(page, {"text": script.text + "\n"})

    assert "<textarea" not in sign_in(cast.engineer).get(page).content.decode()
    assert Script.objects.get(pk=script.pk).text == script.text


def environment(**given: object) -> dict[str, object]:
    return {"name": "canary", "rank": "15", "monitoring_seconds": "60", "after_failed_check": "decide", "busy_days": "every_day", **given}


def test_set_up_rows_have_their_event_and_their_history(cast, sign_in):
    client = sign_in(cast.operator)

    client.post("/governance/environment/add/", environment())
    row = Environment.objects.get()
    client.post(f"/governance/environment/{row.pk}/change/", environment(rank="16"))

    events = list(
        AuditEvent.objects.filter(kind__startswith="environment.").order_by("pk").values_list("kind", "actor", "data__difference")
    )
    assert [kind for kind, _, _ in events] == ["environment.add", "environment.change"]
    assert {actor for _, actor, _ in events} == {"otto"}
    assert events[1][2] == {"rank": ["15", "16"]}
    assert [entry.history_user for entry in row.history.all()] == [cast.operator] * 2


def test_a_domain_is_saved_with_its_tables_and_questions(cast, sign_in):
    rows = {
        "tables-TOTAL_FORMS": "1",
        "tables-0-name": "public.bids",
        "considerations-TOTAL_FORMS": "1",
        "considerations-0-question": "Who reads it?",
    }

    sign_in(cast.operator).post(
        "/governance/domain/add/", {"slug": "bidding", "name": "Bidding", "owners": [cast.auditor.pk], **MANAGEMENT, **rows}
    )

    domain = Domain.objects.get()
    assert [table.name for table in domain.tables.all()] == ["public.bids"]
    assert [question.question for question in domain.considerations.all()] == ["Who reads it?"]
    assert list(domain.owners.all()) == [cast.auditor]


@pytest.mark.parametrize("who", ["engineer", "reviewer", "stakeholder", "auditor", "root"])
def test_set_up_is_for_operators(who, cast, superuser, targets, sign_in):
    person = superuser if who == "root" else getattr(cast, who)
    row = Environment.objects.get(name="staging")
    pages = ("/governance/environment/add/", f"/governance/environment/{row.pk}/change/", f"/governance/environment/{row.pk}/delete/")

    answers = [sign_in(person).post(page, {**environment(), "post": "yes"}).status_code for page in pages]

    assert answers == [403, 200, 403]
    assert [environment.name for environment in Environment.objects.all()] == ["staging", "production"]


def test_wrong_set_up_shows_its_message_and_keeps_what_was_typed(cast, targets, sign_in):
    data = {"environment": str(targets[0].environment_id), "name": "other", "connection": "postgres://secret"}

    answer = sign_in(cast.operator).post("/governance/target/add/", data)

    assert "name of an environment variable" in str(answer.context["adminform"].form.errors["connection"])
    assert 'value="other"' in answer.content.decode()
    assert Target.objects.count() == 2


@pytest.mark.parametrize(("starts", "read"), [("abc", ""), ("2026-12-31T22:00", "2026-12-31")])
def test_a_form_takes_from_its_address_what_its_fields_can_read(cast, targets, sign_in, starts, read):
    answer = sign_in(cast.operator).get(f"/governance/window/add/?name=night&environment=abc&starts={starts}")

    assert answer.status_code == 200
    initial = answer.context["adminform"].form.initial
    assert (initial["name"], "environment" in initial, str(initial.get("starts", ""))[:10]) == ("night", False, read)


def test_a_window_that_ends_before_it_starts_is_refused(cast, targets, sign_in):
    times = {"starts_0": "2026-12-05", "starts_1": "05:00", "ends_0": "2026-12-05", "ends_1": "01:00"}

    answer = sign_in(cast.operator).post(
        "/governance/window/add/", {"environment": str(targets[0].environment_id), "kind": "maintenance", "name": "night", **times}
    )

    assert "A window ends after it starts." in answer.content.decode()
    assert not Window.objects.exists()


def test_rows_in_use_cannot_be_deleted_and_the_page_says_what_uses_them(cast, spec, sign_in):
    client = sign_in(cast.operator)
    rows = [Environment.objects.get(name="staging"), Target.objects.get(name="staging_db")]

    pages = [f"/governance/{row._meta.model_name}/{row.pk}/delete/" for row in rows]
    shown = [client.get(page).content.decode() for page in pages]
    answers = [client.post(page, {"post": "yes"}) for page in pages]

    assert "staging_db" in shown[0]
    assert all("stays, because these rows need it" in page for page in shown)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(type(row).objects.filter(pk=row.pk).exists() for row in rows)


def test_deletion_asks_as_often_however_many_rows_need_the_record(cast, spec, sign_in):
    client, page = sign_in(cast.operator), f"/governance/target/{Target.objects.get(name='staging_db').pk}/delete/"
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for day in range(2, 7):
        factories.make_spec(cast, factories.script_files(f"2027010{day}_0900"))

    with CaptureQueriesContext(connection) as many:
        shown = client.get(page).content.decode()

    assert len(many) == len(few)
    assert "Deployments (6)" in shown
    assert "and 3 more" in shown


def test_an_unused_row_is_deleted_with_an_event(cast, sign_in):
    row = save_release()

    page = sign_in(cast.operator).get(f"/governance/release/{row.pk}/delete/").content.decode()
    sign_in(cast.operator).post(f"/governance/release/{row.pk}/delete/", {"post": "yes"})

    assert "App 1.0" in page
    assert not Release.objects.exists()
    assert AuditEvent.objects.get(kind="release.delete").actor == "otto"


def save_release() -> Release:
    factories.make_targets()
    return factories.make_client_release()


def test_several_rows_are_deleted_with_an_event_each(cast, sign_in):
    row = save_release()
    other = save(System.FIXTURES, Release(kind="client", name="App", version="2.0"))
    chosen = {"action": "delete_selected", "_selected_action": [row.pk, other.pk], "post": "yes"}

    sign_in(cast.operator).post("/governance/release/", chosen)

    assert not Release.objects.exists()
    assert AuditEvent.objects.filter(kind="release.delete").count() == 2


def test_a_row_added_in_a_popup_is_handed_back(cast, sign_in):
    answer = sign_in(cast.operator).post("/governance/environment/add/?_popup=1", environment(_popup="1"))

    assert "data-popup-response" in answer.content.decode()
    assert Environment.objects.get().name == "canary"


def test_after_a_save_the_list_says_what_was_saved(cast, sign_in):
    answer = sign_in(cast.operator).post("/governance/environment/add/", environment())

    assert answer.headers["Location"] == "/governance/environment/"
    assert "canary" in " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_history_shows_what_was_before_and_after(cast, sign_in):
    client = sign_in(cast.operator)
    client.post("/governance/environment/add/", environment())
    row = Environment.objects.get()
    client.post(f"/governance/environment/{row.pk}/change/", environment(rank="16"))

    page = client.get(f"/governance/environment/{row.pk}/history/").content.decode()

    assert "<del>15</del> <ins>16</ins>" in page
    assert "revert" not in page.lower()


def test_an_earlier_version_is_shown_and_cannot_be_written(cast, sign_in):
    client = sign_in(cast.operator)
    client.post("/governance/environment/add/", environment())
    row = Environment.objects.get()
    client.post(f"/governance/environment/{row.pk}/change/", environment(rank="16"))
    page = f"/governance/environment/{row.pk}/history/{row.history.last().pk}/"

    shown = client.get(page).content.decode()
    client.post(page, environment(rank="99"))

    assert "as it was on" in shown
    assert "<dd>15</dd>" in shown
    assert Environment.objects.get().rank == 16


@pytest.mark.usefixtures("targets")
def test_both_forms_of_a_specification_say_where_domains_come_from(cast, sign_in):
    spec = factories.make_spec(cast)
    client = sign_in(cast.engineer)

    for path in ("/governance/spec/add/", f"/governance/spec/{spec.pk}/{factories.phase_of(spec).pk}/form/edit_specification/"):
        assert "One that is not listed is added by an operator, under Domains." in client.get(path).content.decode()


def test_a_table_of_a_domain_is_written_with_its_schema(cast, sign_in):
    rows = {f"{prefix}-{name}": "0" for prefix in ("tables", "considerations") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    given = {"slug": "sales", "name": "Sales", **rows, "tables-TOTAL_FORMS": "1", "tables-0-name": "purchase"}
    client = sign_in(cast.operator)

    refused = client.post("/governance/domain/add/", given)
    client.post("/governance/domain/add/", given | {"tables-0-name": "public.purchase"})

    assert "Write schema and table, for example public.purchase." in refused.content.decode()
    assert list(Domain.objects.get(slug="sales").tables.values_list("name", flat=True)) == ["public.purchase"]
