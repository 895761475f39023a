"""The gate and the matrix's evidence over HTTP."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from governance import workflow
from governance.models import ApiVersion, AuditEvent, Binding, Environment, MatrixEntry, Override, Presence, Prospect, Release
from tests import factories
from tests.governance.matrix.conftest import make_client

pytestmark = pytest.mark.django_db
REMOVAL = "-- Purpose: p\n-- Impact: i\nALTER TABLE public.contractors DROP COLUMN name;\n"
APP = {"name": "App", "version": "2.0", "complete": True, "made_for": "production_db 1.0.0"}
IN_PRODUCTION = "environment=production"


@pytest.fixture
def removal(cast):
    """Of a column of which App 1.0 is known to read nothing."""
    factories.make_targets()
    make_client()
    return factories.make_spec(cast, factories.script_files(forward=REMOVAL))


def ask(api, cast, question: str) -> dict:
    return api.get(cast.engineer, f"/can-deploy?{question}&{IN_PRODUCTION}").json()


def codes(answer: dict) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def report(api, cast, *, days: int, of: str = "App", version: str = "1.0", used: str = "public.contractors.level", **given) -> None:
    """Traffic of the first and last day, and every ten days between."""
    today = timezone.now().date()
    for ago in {*range(0, days, 10), days - 1}:
        count = {"client": of, "version": version, "object": used, "mode": "read", "count": 99}
        body = {"environment": "production", "day": str(today - timedelta(days=ago)), "requests": 100, "counts": [{**count, **given}]}
        assert api.post(cast.engineer, "/usage", body).status_code == 200


def test_what_nobody_knows_of_a_client_is_unknown_until_it_was_observed_for_long_enough(api, cast, removal):
    question = f"change={removal.number}"

    ignorant = ask(api, cast, question)
    report(api, cast, days=20)
    short = ask(api, cast, question)
    report(api, cast, days=40)
    long = ask(api, cast, question)
    report(api, cast, days=1, used="public.contractors.name")
    used = ask(api, cast, question)

    assert [each["deployable"] for each in (ignorant, short, long, used)] == [None, None, True, False]
    assert [codes(each) for each in (ignorant, short, used)] == [["R16"], ["R16"], ["R13"]]
    assert used["reasons"][0]["last_seen"] == str(timezone.now().date())
    assert "observed for 20 days, 30 are needed" in short["reasons"][0]["text"]


def test_a_registered_contract_answers_for_the_client_and_for_the_change(api, cast, removal):
    reads = {"object": "public.contractors.name", "by": "GET /contractors name"}

    made = api.post(cast.engineer, "/clients", {**APP, "uses": [reads]})
    of_client, of_change = ask(api, cast, "client=app@2.0"), ask(api, cast, f"change={removal.number}")

    assert (made.status_code, made.json()) == (201, {"name": "App", "version": "2.0", "bindings": 1})
    assert (of_client["deployable"], of_client["rows"][0]["backend"]) == (True, "production_db 1.0.0")
    assert of_change["deployable"] is False
    assert {(each["client"], each["verdict"]) for each in of_change["rows"]} == {("App 1.0", "unknown"), ("App 2.0", "no")}
    assert set(Prospect.objects.filter(client__version="2.0").values_list("target__name", "verdict")) == {
        ("staging_db", "no"),
        ("production_db", "no"),
    }


def test_an_analysed_change_keeps_what_it_would_mean_and_follows_what_is_learnt(api, cast, removal):
    factories.observe(factories.phase_of(removal))
    foreseen = list(Prospect.objects.filter(target__name="production_db").values_list("client__version", "verdict"))

    api.post(cast.engineer, "/clients", {"name": "App", "version": "1.0", "uses": [{"object": "public.contractors.name"}]})

    row = Prospect.objects.get(target__name="production_db")
    assert foreseen == [("1.0", "unknown")]
    assert (row.verdict, row.rulings[0]["rule"], row.history.count()) == ("no", "R13", 2)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("client=web@1.0&environment=production", 404, "UnknownClient"),
        ("client=app@1.0&environment=mars", 404, "UnknownEnvironment"),
        ("change=CHG-999999&environment=production", 404, "UnknownChange"),
        ("client=app&environment=production", 422, "BadInput"),
        ("environment=production", 422, "BadInput"),
        ("client=app@1.0&change=CHG-1&environment=production", 422, "BadInput"),
        ("client=app@1.0", 422, "MalformedRequest"),
    ],
)
def test_what_cannot_be_asked_has_a_code_of_its_own(api, cast, removal, query, status, code):
    answer = api.get(cast.engineer, f"/can-deploy?{query}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unregistered_version_is_unknown_and_says_what_to_do(api, cast, removal):
    answer = ask(api, cast, "client=app@9.9")

    assert (answer["deployable"], codes(answer)) == (None, ["unregistered"])
    assert answer["fixes"] == ["Register App 9.9 with what it uses, in the portal or by POST /api/v1/clients."]


def test_an_override_counts_in_production_once_another_person_stands_for_it(api, cast, removal):
    told = {"client": "app@1.0", "backend": "production_db@2.0.0", "verdict": "full", "reason": "Its users agreed."}
    told["expires_at"] = (timezone.now() + timedelta(days=7)).isoformat()

    asked = api.post(cast.operator, "/overrides", told)
    alone = ask(api, cast, f"change={removal.number}")
    again = api.post(cast.operator, f"/overrides/{asked.json()['id']}/second")
    seconded = api.post(cast.reviewer, f"/overrides/{asked.json()['id']}/second")
    both = ask(api, cast, f"change={removal.number}")

    assert asked.status_code == 201
    assert (again.status_code, again.json()["code"]) == (403, "AlreadyDecided")
    assert (seconded.json()["asked_by"], seconded.json()["seconded_by"]) == ("otto", "rosa")
    assert (alone["deployable"], both["deployable"], both["rows"][0]["source"]) == (None, True, "overridden")
    assert list(AuditEvent.objects.filter(kind__startswith="override.").values_list("kind", "actor").order_by("pk")) == [
        ("override.ask", "otto"),
        ("override.second", "rosa"),
    ]


def test_an_override_cannot_hide_a_failed_test_and_ends_when_it_says(api, cast, removal):
    pair = {"client": "app@1.0", "backend": "production_db@2.0.0"}
    override = {**pair, "verdict": "full", "reason": "Its users agreed.", "expires_at": (timezone.now() + timedelta(days=7)).isoformat()}
    made = api.post(cast.operator, "/overrides", override).json()
    api.post(cast.reviewer, f"/overrides/{made['id']}/second")

    api.post(cast.engineer, "/matrix/tests", {**pair, "passed": False, "suite": "end to end"})
    hidden = ask(api, cast, f"change={removal.number}")
    MatrixEntry.objects.filter(source="tested").delete()
    with transaction.atomic():
        Override.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    ended = ask(api, cast, f"change={removal.number}")

    assert (hidden["deployable"], codes(hidden)) == (False, ["tested"])
    assert ended["deployable"] is None
    refused = api.post(cast.operator, "/overrides", {**override, "expires_at": timezone.now().isoformat()})
    assert refused.json()["code"] == "BadInput"


@pytest.mark.parametrize(("person", "status"), [("engineer", 403), ("stakeholder", 403), ("auditor", 403), ("operator", 201)])
def test_overriding_takes_a_role(api, cast, removal, person, status):
    told = {"client": "app@1.0", "backend": "production_db@1.0.0", "verdict": "full", "reason": "Agreed."}

    answer = api.post(getattr(cast, person), "/overrides", {**told, "expires_at": (timezone.now() + timedelta(days=1)).isoformat()})

    assert answer.status_code == status


def test_a_passed_test_of_what_is_still_to_come_makes_it_known(api, cast, removal):
    told = {"client": "app@1.0", "backend": "production_db@2.0.0", "passed": True, "suite": "end to end"}

    sent = api.post(cast.engineer, "/matrix/tests", told)

    assert (sent.status_code, sent.json()["verdict"]) == (201, "full")
    assert ask(api, cast, f"change={removal.number}")["deployable"] is True


def test_where_no_client_is_known_a_removal_waits_for_a_person(api, cast):
    factories.make_targets()
    spec = factories.make_spec(cast, factories.script_files(forward=REMOVAL))

    before = ask(api, cast, f"change={spec.number}")
    told = {"environment": "production", "reason": "The column was never read."}
    refused = api.post(cast.engineer, f"/changes/{spec.number}/nobody", told)
    api.post(cast.operator, f"/changes/{spec.number}/nobody", told)
    after = ask(api, cast, f"change={spec.number}")
    factories.edit(cast.engineer, factories.phase_of(spec), REMOVAL + "-- once more\n")
    edited = ask(api, cast, f"change={spec.number}")

    assert (before["deployable"], codes(before)) == (None, ["R20"])
    assert refused.status_code == 403
    assert after["deployable"] is True
    assert edited["deployable"] is None


def test_a_deployed_client_takes_the_place_of_its_other_versions_and_a_released_one_does_not(api, cast, removal):
    for name, distribution in (("Worker", "deployed"), ("Phone", "released")):
        for version in ("1", "2"):
            api.post(cast.engineer, "/clients", {"name": name, "version": version, "distribution": distribution})
            api.post(cast.engineer, "/presence", {"name": name, "version": version, "environment": "production"})

    there = Presence.objects.filter(until=None).values_list("release__name", "release__version")

    assert set(there) == {("Worker", "2"), ("Phone", "1"), ("Phone", "2")}
    assert {row["client"] for row in ask(api, cast, f"change={removal.number}")["rows"]} == {"App 1.0", "Phone 1", "Phone 2", "Worker 2"}


def test_columns_behind_queries_come_from_their_statements(api, cast, removal):
    from_query = api.post(cast.engineer, "/clients/app@1.0/statements", {"queries": ["SELECT name FROM contractors WHERE level > $1"]})
    document = {"paths": {}}
    unknown = api.post(cast.engineer, "/api-versions/1.0/document", document)

    assert (from_query.json(), unknown.status_code) == ({"count": 2}, 404)
    assert set(Binding.objects.values_list("object", "source")) == {
        ("public.contractors.name", "pg_stat_statements"),
        ("public.contractors.level", "pg_stat_statements"),
    }
    assert ask(api, cast, f"change={removal.number}")["deployable"] is False


def test_usage_of_an_api_field_is_use_of_the_columns_behind_it(api, cast, removal):
    document = {
        "paths": {"/contractors": {"get": {"responses": {"200": {"properties": {"title": {"x-columns": "public.contractors.name"}}}}}}}
    }
    workflow.save_record(actor=cast.operator, record=ApiVersion(number="1.0"))
    api.post(cast.engineer, "/api-versions/1.0/document", document)
    api.post(cast.engineer, "/clients", {"name": "App", "version": "1.0", "api_version": "1.0"})

    report(api, cast, days=1, used="GET /contractors title")

    answer = ask(api, cast, f"change={removal.number}")
    assert (answer["deployable"], codes(answer)) == (False, ["R13"])
    assert Environment.objects.filter(presences__release__version="1.0").exists()
    assert Release.objects.get(version="1.0", kind="client").api_version.number == "1.0"
