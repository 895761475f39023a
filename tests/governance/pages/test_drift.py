"""The page of a drift, and two schemas side by side."""

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import AuditEvent, Drift, DriftState, SchemaSnapshot
from tests import factories
from tests.governance.test_drift import reading, see


@pytest.fixture
def drift(cast) -> Drift:
    target = factories.make_targets()[1]
    see(target, reading("name"))
    see(target, reading("name", "hotfix"))
    return Drift.objects.get()


def browser(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(person, drift) -> str:
    return browser(person).get(reverse("admin:drift", args=[drift.pk])).content.decode()


def answer(person, drift, **data: str) -> None:
    browser(person).post(reverse("admin:drift", args=[drift.pk]), data)
    drift.refresh_from_db()


def test_a_drift_shows_what_differs_and_how_to_take_it_back(cast, drift):
    page = page_of(cast.operator, drift)

    assert "public.contractors.hotfix" in page
    assert "ALTER TABLE public.contractors DROP COLUMN hotfix" in page
    assert "LOSES DATA: public.contractors.hotfix" in page


def test_schema_and_home_lead_to_an_open_drift(cast, drift):
    address = reverse("admin:drift", args=[drift.pk])

    assert address in browser(cast.operator).get(reverse("admin:schema_target", args=[drift.target.name])).content.decode()
    assert address in browser(cast.operator).get("/").content.decode()
    assert address in browser(cast.operator).get(reverse("admin:governance_drift_changelist")).content.decode()


def test_it_is_accepted_with_a_reason(cast, drift):
    answer(cast.reviewer, drift, answer="accept", reason="Hotfix of incident 4711.")

    assert (drift.state, drift.reason, drift.decided_by) == (DriftState.ACCEPTED, "Hotfix of incident 4711.", cast.reviewer)
    assert "answer for it" not in browser(cast.operator).get(reverse("admin:schema_target", args=[drift.target.name])).content.decode()


def test_it_is_linked_to_a_change_by_its_number(cast, drift):
    spec = factories.make_spec(cast)

    answer(cast.engineer, drift, answer="link", change=spec.number.lower())

    assert (drift.state, drift.change) == (DriftState.LINKED, spec)
    assert spec.number in page_of(cast.auditor, drift)


@pytest.mark.parametrize(
    ("who", "data", "code"),
    [
        ("reviewer", {"answer": "accept"}, "NeedsReason"),
        ("engineer", {"answer": "accept", "reason": "mine"}, "MissingRole"),
        ("auditor", {"answer": "link", "change": "1"}, None),
        ("engineer", {"answer": "link", "change": "CHG-99999"}, None),
    ],
)
def test_an_answer_that_may_not_be_given_changes_nothing(cast, drift, who, data, code):
    answer(getattr(cast, who), drift, **data)

    assert drift.state == DriftState.OPEN
    if code:
        assert AuditEvent.objects.filter(kind="refused.accept_drift", data__code=code).exists()


def test_only_who_may_answer_is_asked(cast, drift):
    assert "Accept the drift" in page_of(cast.operator, drift)
    assert "Accept the drift" not in page_of(cast.engineer, drift)
    assert "<h2>Link to a change</h2>" not in page_of(cast.auditor, drift)


def test_two_moments_are_compared_with_the_script_from_one_to_the_other(cast, drift):
    left, right = SchemaSnapshot.objects.order_by("valid_from", "pk")

    page = browser(cast.auditor).get(reverse("admin:comparison"), {"left": left.pk, "right": right.pk}).content.decode()
    same = browser(cast.auditor).get(reverse("admin:comparison"), {"left": left.pk, "right": left.pk}).content.decode()

    assert "ALTER TABLE public.contractors ADD COLUMN hotfix text" in page
    assert "They are identical." in same


@pytest.mark.parametrize("query", [{}, {"left": "x", "right": "²"}, {"left": "999999999999999999999"}])
def test_without_two_snapshots_the_page_asks_for_them(cast, drift, query):
    page = browser(cast.auditor).get(reverse("admin:comparison"), query)

    assert page.status_code == 200
    assert "Choose two snapshots" in page.content.decode()
