"""B24: an auditor reads everything and changes nothing; what is exported leaves an event that names who took it."""

import pytest
from django.core.cache import cache

from governance.acts import ACTS, EVERYBODY
from governance.lifecycle import Role
from governance.models import GOVERNED, AuditEvent, Run
from governance.readership import evidence_at
from tests import factories
from tests.governance.behaviours.ways import browser, by_act, by_api

ALLOWED = {"review_emergency"}  # the look back of somebody who took no part is what auditors are for


def test_b24_no_act_that_changes_a_change_belongs_to_auditors():
    theirs = {name for name, act in ACTS.items() if Role.AUDITOR in act.roles and act.roles != EVERYBODY}

    assert theirs == ALLOWED


@pytest.mark.parametrize("name", ["request_analysis", "request_rehearsal", "advance", "cancel", "deploy_below_production"])
@pytest.mark.at("staging")
def test_b24_buttons_that_an_auditor_posts_are_refused(cast, spec, name):
    phase = factories.phase_of(spec)
    deployment = factories.on(phase, production=False)

    assert by_act(cast.auditor, phase, name, reason="r", deployment=deployment.pk) == "MissingRole"


@pytest.mark.at("staging")
def test_b24_calls_of_an_auditor_that_change_something_are_refused(api, cast, spec):
    path = f"/changes/{spec.number}"
    before = {model: model._default_manager.count() for model in GOVERNED if model.__name__ != "ApiToken"}

    refused = [
        by_api(api, cast.auditor, "POST", f"{path}/advance"),
        by_api(api, cast.auditor, "POST", f"{path}/cancel", {"reason": "r"}),
        by_api(api, cast.auditor, "POST", f"{path}/back", {"stage": 1, "reason": "r"}),
        by_api(api, cast.auditor, "POST", f"{path}/emergencies", {"incident": "i", "reason": "r"}),
    ]

    assert refused == ["MissingRole"] * 4
    assert {model: model._default_manager.count() for model in before} == before


@pytest.mark.parametrize("path", ["/", "/audit/", "/report/", "/lessons/", "/debts/", "/templates/", "/calendar/", "/matrix/", "/schema/"])
@pytest.mark.at("staging")
def test_b24_auditor_reads_every_page(cast, spec, path):
    assert browser(cast.auditor).get(path).status_code == 200


@pytest.mark.at("staging")
def test_b24_what_is_exported_is_an_event(api, cast, spec):
    browser(cast.auditor).get("/report/?as=csv")
    browser(cast.auditor).get("/report/?as=json")
    api.get(cast.auditor, "/reports/population")

    events = AuditEvent.objects.filter(kind="export.population")
    assert [(event.actor, event.data["count"]) for event in events] == [("ada", 1)] * 3


@pytest.fixture(autouse=True)
def forgetful():
    """Every test has a portal of its own, and the same day."""
    cache.clear()


def reads() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(kind="read.evidence").order_by("pk").values_list("actor", "subject"))


@pytest.mark.at("window")
def test_b24_what_an_auditor_reads_of_evidence_is_an_event_once_a_day(api, cast, spec, superuser):
    run = Run.objects.first()
    paths = [f"/governance/spec/{spec.pk}/change/", f"/changes/{spec.pk}/specification/", f"/governance/run/{run.pk}/change/", "/audit/"]

    for person in (cast.auditor, superuser):
        for path in paths * 2:
            assert browser(person).get(path).status_code == 200
    for _ in range(2):
        api.get(cast.auditor, f"/changes/{spec.number}")
        api.get(cast.auditor, f"/runs/{run.pk}")

    things = [spec.number, f"run {run.pk}", "the history"]
    assert reads() == [(name, thing) for name in ("ada", "root") for thing in things]


@pytest.mark.at("window")
def test_b24_what_others_read_and_what_is_no_evidence_is_no_event(api, cast, spec):
    for person in (cast.engineer, cast.operator, cast.stakeholder):
        browser(person).get(f"/governance/spec/{spec.pk}/change/")
        api.get(person, f"/changes/{spec.number}")
    for path in ("/", "/calendar/", "/lessons/", "/governance/spec/", "/governance/spec/999/change/"):
        browser(cast.auditor).get(path)

    assert reads() == []


@pytest.mark.at("submission")
def test_b24_the_function_behind_both_knows_what_is_evidence(spec):
    assert evidence_at(f"/api/v1/changes/{spec.number}/stages") == spec.number
    assert evidence_at("/governance/approval/7/change/") == "approval 7"
    assert evidence_at("/governance/spec/") == evidence_at("/matrix/") == ""
