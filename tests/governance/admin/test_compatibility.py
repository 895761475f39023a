"""The matrix in the admin: what people declare, override and second there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.models import AuditEvent, Binding, MatrixEntry, Override, Presence, Release
from tests import factories
from tests.governance.matrix.conftest import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(cast):
    factories.make_targets()
    return make_client(), Release.objects.get(kind="backend")


def asked(pair, **given) -> dict[str, str]:
    client, backend = pair
    ends = timezone.now() + timedelta(days=3)
    usual = {"client": client.pk, "backend": backend.pk, "verdict": "partial", "reason": "It was agreed."}
    return {**usual, "expires_at_0": f"{ends:%Y-%m-%d}", "expires_at_1": "12:00", **given}


def test_an_override_is_asked_for_by_one_and_seconded_by_another(cast, sign_in, pair):
    sign_in(cast.operator).post("/governance/override/add/", asked(pair))
    row = Override.objects.get()
    chosen = {"action": "second", "_selected_action": [row.pk]}

    own = sign_in(cast.operator).post("/governance/override/", chosen, follow=True).content.decode()
    alone = Override.objects.get().seconded_by
    sign_in(cast.reviewer).post("/governance/override/", chosen)

    assert "Another person has to give the next one." in own
    assert (row.asked_by, alone, Override.objects.get().seconded_by) == (cast.operator, None, cast.reviewer)
    assert set(AuditEvent.objects.filter(kind__startswith="override.").values_list("actor", flat=True)) == {"otto", "rosa"}


@pytest.mark.parametrize("given", [{"reason": " "}, {"expires_at_0": "2020-01-01"}, {"verdict": "perhaps"}])
def test_an_override_without_reason_or_end_is_refused_with_words(cast, sign_in, pair, given):
    page = sign_in(cast.operator).post("/governance/override/add/", asked(pair, **given))

    assert page.status_code == 200
    assert not Override.objects.exists()


@pytest.mark.parametrize("person", ["engineer", "stakeholder", "auditor"])
def test_overriding_is_for_reviewers_and_operators(cast, sign_in, pair, person):
    answer = sign_in(getattr(cast, person)).post("/governance/override/add/", asked(pair))

    assert answer.status_code == 403
    assert not Override.objects.exists()


def test_what_was_derived_or_tested_is_not_edited(cast, sign_in, pair):
    client, backend = pair
    declared = MatrixEntry.objects.get()
    with factories.transaction.atomic():
        derived = factories.save(factories.System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict="no", source="derived"))
        factories.audit.append(factories.System.FIXTURES, "test.set_up", "", "A derived cell.")
    told = {"client": client.pk, "backend": backend.pk, "verdict": "unknown", "reason": "Nobody knows."}

    for row in (declared, derived):
        sign_in(cast.operator).post(f"/governance/matrixentry/{row.pk}/change/", told)

    assert [MatrixEntry.objects.get(pk=row.pk).verdict for row in (declared, derived)] == ["unknown", "no"]


def test_a_release_is_kept_with_what_it_uses_and_where_it_is(cast, sign_in, pair):
    client, _ = pair
    environment = factories.Environment.objects.get(production=True)
    told = {"kind": "client", "name": "App", "version": "1.0", "live": "on", "distribution": "released", "integer_bits": "64"}
    rows = {"bindings-TOTAL_FORMS": "1", "bindings-INITIAL_FORMS": "0"}
    bound = {"bindings-0-object": "public.contractors.name", "bindings-0-reads": "on", "bindings-0-source": "declared"}
    present = {"release": client.pk, "environment": environment.pk, "since_0": "2026-01-01", "since_1": "10:00"}

    answers = [
        sign_in(cast.operator).post(f"/governance/release/{client.pk}/change/", {**told, **rows, **bound}),
        sign_in(cast.operator).post("/governance/presence/add/", present),
    ]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Presence.objects.get().release == Binding.objects.get().client == client
