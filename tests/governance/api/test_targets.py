"""Targets over HTTP: read by the runner, their schemas now and then, and what was changed there past the portal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.models import AuditEvent, Drift, DriftState, Observation, Target
from governance.orders import RunStatus
from tests import factories
from tests.governance.test_drift import reading, see


@pytest.fixture
def target(cast) -> Target:
    return factories.make_targets()[1]


@pytest.fixture
def drift(target) -> Drift:
    see(target, reading("name"))
    see(target, reading("name", "hotfix"))
    return Drift.objects.get()


def test_a_target_is_read_when_somebody_asks_and_once_for_all_who_ask(api, cast, target):
    first = api.post(cast.engineer, f"/targets/{target.name}/observations")
    again = api.post(cast.reviewer, f"/targets/{target.name}/observations")
    refused = api.post(cast.stakeholder, f"/targets/{target.name}/observations")

    assert (first.status_code, first.json()["status"]) == (202, "queued")
    assert again.status_code == 202
    assert Observation.objects.filter(status=RunStatus.QUEUED).count() == 1
    assert (refused.status_code, refused.json()["code"]) == (403, "MissingRole")
    assert [row["status"] for row in api.get(cast.auditor, f"/targets/{target.name}/observations").json()] == ["queued"]


def test_a_schema_is_read_as_it_is_and_as_it_was(api, cast, target, drift):
    now = api.get(cast.auditor, f"/targets/{target.name}/schema").json()
    then = api.get(cast.auditor, f"/targets/{target.name}/schema?at={drift.before.valid_from:%Y-%m-%dT%H:%M:%S.%fZ}").json()
    before = timezone.now() - timedelta(days=9)

    never = api.get(cast.auditor, f"/targets/{target.name}/schema?at={before:%Y-%m-%dT%H:%M:%SZ}")

    assert now["valid_to"] is None
    assert now["fingerprint"] != then["fingerprint"] == drift.before.fingerprint
    assert (never.status_code, never.json()["code"]) == (404, "NoSuchRecord")


def test_a_drift_is_accepted_with_a_reason_by_who_may(api, cast, target, drift):
    (row,) = api.get(cast.engineer, f"/drifts?target={target.name}&state=open").json()
    path = f"/drifts/{row['id']}/accept"

    refused = [api.post(cast.engineer, path, {"reason": "Hotfix."}), api.post(cast.reviewer, path, {"reason": " "})]
    accepted = api.post(cast.reviewer, path, {"reason": "Hotfix of incident 4711."})
    again = api.post(cast.operator, path, {"reason": "Too late."})

    assert "hotfix" in row["entries"][0]["words"]
    assert [answer.json()["code"] for answer in refused] == ["MissingRole", "NeedsReason"]
    assert (accepted.status_code, accepted.json()["state"]) == (200, DriftState.ACCEPTED)
    assert (again.status_code, again.json()["code"]) == (409, "NotReady")
    assert AuditEvent.objects.filter(kind="refused.accept_drift").count() == 3


def test_a_drift_is_linked_to_the_change_that_explains_it(api, cast, drift):
    spec = factories.make_spec(cast)

    answer = api.post(cast.engineer, f"/drifts/{drift.pk}/link", {"change": spec.number, "reason": "Run by hand in an outage."})

    assert (answer.status_code, answer.json()["change"], answer.json()["state"]) == (200, spec.number, DriftState.LINKED)
