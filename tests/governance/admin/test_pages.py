"""Every page of the admin, opened by everybody who could."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance import audit
from governance.audit import System, save
from governance.lifecycle import Role
from governance.models import AuditEvent, Booking, Environment, Release, Spec, Window
from tests import factories

SET_UP = {
    "environment",
    "target",
    "domain",
    "window",
    "resource",
    "availability",
    "release",
    "matrixentry",
    "apiversion",
    "presence",
    "threshold",
}
MODELS = [model for model in admin.site._registry if model._meta.app_label == "governance"]
RECORDS = [model for model in MODELS if model._meta.model_name not in SET_UP]
TABS = ("specification", "scripts", "impact", "rehearsal", "approvals", "schedule", "runs", "checks", "compatibility", "review", "history")
MOST_QUERIES = 12


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_governed_noun_has_its_page(db):
    assert {"spec", "script", "run", "approval", "auditevent", "target", "matrixentry"} <= {model._meta.model_name for model in MODELS}


def test_the_queues_tables_are_not_in_the_admin():
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


def test_there_is_a_row_behind_every_page(closed):
    empty = [model.__name__ for model in MODELS if model.__name__ != "Finding" and not model._default_manager.exists()]

    assert empty == []


def test_records_of_what_happened_cannot_be_changed_or_deleted(closed, everybody, sign_in):
    rows = [row for model in RECORDS for row in model._default_manager.all()[:1]]
    before = {row: values(row) for row in rows}
    posted = {"post": "yes", "_save": "Save", "name": "changed", "text": "changed", "title": "changed"}

    for role in (Role.OPERATOR, Role.AUDITOR, "superuser"):
        client = sign_in(everybody[role])
        for row in rows:
            for page in ("change", "delete"):
                client.post(address(type(row), page, row.pk), posted)

    assert {row: values(row) for row in rows} == before


def values(row: models.Model) -> dict[str, object]:
    return type(row)._default_manager.values().get(pk=row.pk)


def test_records_of_what_happened_cannot_be_added_by_anybody(everybody, sign_in):
    clients = {role: sign_in(person) for role, person in everybody.items()}
    before = {model: model._default_manager.count() for model in RECORDS}

    answers = {
        (model.__name__, role): client.post(address(model, "add"), {"name": "new", "title": "new"}).status_code
        for model in RECORDS
        for role, client in clients.items()
    }

    assert {key for key, status in answers.items() if status != 403} == {
        ("Spec", Role.ENGINEER),
        ("Spec", Role.OPERATOR),
        ("Override", Role.REVIEWER),
        ("Override", Role.OPERATOR),
    }
    assert {model: model._default_manager.count() for model in RECORDS} == before


def test_records_of_what_happened_offer_no_bulk_deletion(everybody, sign_in):
    client = sign_in(everybody["superuser"])

    offering = [model for model in MODELS if "delete_selected" in client.get(address(model, "changelist")).content.decode()]

    assert offering == []


@pytest.fixture
def crowded(closed, cast):
    """25 rows of what there is a page for."""
    for number in range(25):
        factories.make_spec(cast, factories.script_files(f"20280101_{number:04}"))
    audit.append(System.FIXTURES, "test.set_up", "", "Many rows.")
    production = Environment.objects.get(production=True)
    for number in range(25):
        save(System.FIXTURES, Environment(name=f"stage{number}", rank=100 + number))
        save(System.FIXTURES, Release(kind="client", name="App", version=f"2.{number}"))
        save(
            System.FIXTURES,
            Window(
                environment=production,
                name=f"night {number}",
                starts=closed.created_at,
                ends=closed.created_at + timedelta(days=number + 1),
            ),
        )


@pytest.mark.usefixtures("crowded")
def test_no_list_and_no_record_needs_more_than_twelve_queries(cast, sign_in):
    client = sign_in(cast.operator)
    pages = [address(model, "changelist") for model in MODELS]
    pages += [address(model, "change", row.pk) for model in MODELS if model is not Spec for row in model._default_manager.all()[:1]]
    ContentType.objects.get_for_models(*MODELS)  # a process asks for each once, and then knows it

    offenders = {page: count for page in pages if (count := queries_of(client, page)) > MOST_QUERIES}

    assert offenders == {}


def queries_of(client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(page).status_code == 200
    return len(queries)


def test_titles_say_what_is_shown(closed, superuser, sign_in):
    client = sign_in(superuser)
    rows = [row for model in [*MODELS, User] for row in model._default_manager.all()[:1]]

    pages = [address(type(row), page, *arguments) for row in rows for page, arguments in (("changelist", ()), ("change", (row.pk,)))]

    titles = {page: re.search(r"<h1>(.*?)</h1>", client.get(page).content.decode(), re.DOTALL)[1] for page in pages}
    assert {page: title for page, title in titles.items() if re.match(r"(Select|Change|View) ", title)} == {}


def test_labels_of_forms_end_without_a_colon(spec, cast, sign_in):
    client = sign_in(cast.operator)
    pages = [address(model, "add") for model in MODELS if model._meta.model_name in SET_UP | {"spec"}]

    labels = [label for page in pages for label in re.findall(r"<label[^>]*>([^<]*)</label>", client.get(page).content.decode())]

    assert labels
    assert [label for label in labels if label.strip().endswith(":")] == []


def test_search_and_filters_of_every_list_work(closed, cast, sign_in):
    client = sign_in(cast.auditor)
    lists = [address(model, "changelist") for model in MODELS]
    asked = [page + query.replace("&amp;", "&") for page in lists for query in ["?q=levels", *filters_of(client, page)]]

    answers = {page: client.get(page).status_code for page in asked}

    assert {page for page, status in answers.items() if status != 200} == set()


def filters_of(client, page: str) -> list[str]:
    """One of each filter."""
    found = re.findall(r'href="(\?[^"]+)"', client.get(page).content.decode())
    return list({query.partition("=")[0]: query for query in found}.values())


def test_a_change_is_found_by_its_number(spec, cast, sign_in):
    client = sign_in(cast.auditor)

    found = [client.get(address(Spec, "changelist"), {"q": f"{prefix}{spec.pk}"}) for prefix in ("CHG-", "chg-", "")]

    assert [spec in page.context["cl"].result_list for page in found] == [True] * 3
    assert list(found[0].context["cl"].result_list) == [spec]


def test_number_and_title_of_a_change_both_lead_to_it(spec, cast, sign_in):
    page = sign_in(cast.auditor).get(address(Spec, "changelist")).content.decode()

    assert re.findall(rf'<a href="{address(Spec, "change", spec.pk)}[^"]*">([^<]+)</a>', page) == [spec.number, spec.title]


def test_the_list_of_changes_says_for_when_they_are_planned(closed, cast, sign_in):
    page = sign_in(cast.auditor).get(address(Spec, "changelist")).content.decode()

    waiting = Spec.objects.exclude(pk__in=Booking.objects.values("phase__spec"))
    assert page.count("Not booked") == len(waiting) > 1
    assert re.search(
        r'field-planned"><time datetime="[^"]+" title="\d+ \w{3} \d{4}, \d\d:\d\d UTC">\w{3} \d+ \w{3}, \d\d:\d\d</time>', page
    )


def test_what_was_refused_can_be_asked_for_alone(spec, cast, sign_in):
    audit.append(cast.auditor, "refused.approve", spec.number, "It was refused.")

    page = sign_in(cast.auditor).get(address(AuditEvent, "changelist"), {"outcome": "refused"})

    assert [event.text for event in page.context["cl"].result_list] == ["It was refused."]
