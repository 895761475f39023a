"""Changing over HTTP what was handed in, and answers to requests that went wrong."""

import logging

import pytest
from django.test import Client

from governance.models import AuditEvent, Scope, Spec
from tests import factories

LATER = "20260102_0900"


pytestmark = pytest.mark.at("submission")


def test_a_specification_is_edited_and_what_is_left_out_stays(api, cast, spec):
    answer = api.send(api.token(cast.engineer), "PATCH", f"/changes/{spec.number}", {"purpose": "Something else."})

    after = Spec.objects.get(pk=spec.pk)
    assert answer.status_code == 200
    assert answer.json()["sections"]["purpose"] == "Something else."
    assert after.drivers == spec.drivers
    assert after.data_class == spec.data_class


@pytest.mark.parametrize(
    ("body", "status"), [({"pattern": "magic"}, 422), ({"answers": {"Why?": "So."}}, 404), ({"purpos": "x"}, 422), ({"title": ""}, 422)]
)
def test_an_edit_that_does_not_fit_is_refused_and_changes_nothing(api, cast, spec, body, status):
    answer = api.send(api.token(cast.engineer), "PATCH", f"/changes/{spec.number}", body)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert Spec.objects.get(pk=spec.pk).pattern == spec.pattern
    assert Spec.objects.get(pk=spec.pk).title == spec.title


def test_scripts_are_added_and_left_out(api, cast, spec):
    files = [{"name": f.name, "text": f.text} for f in factories.script_files(LATER)]
    path = f"/changes/{spec.number}/scripts"

    added = api.post(cast.engineer, path, {"scripts": files, "commit": "4f2a91c"})
    left = api.post(cast.engineer, path, {"without": [each["name"] for each in files]})

    assert {each["name"] for each in files} <= {each["name"] for each in added.json()}
    assert {each["commit"] for each in added.json() if each["version"] == LATER} == {"4f2a91c"}
    assert not [each for each in left.json() if each["version"] == LATER]


def test_an_event_says_that_the_act_came_through_a_token(api, cast, spec):
    api.post(cast.engineer, f"/changes/{spec.number}/comments", {"text": "From a program."})

    event = AuditEvent.objects.get(kind="comment.comment")
    assert event.actor == cast.engineer.get_username()
    assert event.data["through"].startswith("API token “")


def test_a_refusal_says_that_the_attempt_came_through_a_token(api, cast, spec):
    api.send(api.token(cast.auditor, Scope.SUBMIT), "PATCH", f"/changes/{spec.number}", {"purpose": "Mine."})

    assert "through" in AuditEvent.objects.get(kind="refused.edit_specification").data


def test_a_wrong_method_is_answered_with_the_right_ones(api, cast, spec):
    answer = api.send(api.token(cast.engineer), "DELETE", f"/changes/{spec.number}")

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "PATCH" in answer["Allow"]
    assert answer.json()["code"] == "WrongMethod"


def test_an_unexpected_error_is_a_problem_without_details_and_stands_in_the_log(api, cast, spec, caplog, monkeypatch):
    def broken(*_given: object) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("governance.api.changes.spec_of", broken)
    token = api.token(cast.engineer)
    api.client = Client(raise_request_exception=False)

    with caplog.at_level(logging.ERROR):
        answer = api.send(token, "GET", f"/changes/{spec.number}")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()
    assert "the secret detail" in caplog.text


def test_checks_are_listed_added_taken_out_and_put_back(api, cast, spec):
    path, reason = f"/changes/{spec.number}/checks", {"reason": "The old form lost bids."}

    added = api.post(cast.engineer, path, {"text": "-- use: rows of public.bids", **reason})
    out = api.post(cast.engineer, f"{path}/take-out", {"name": "no invalid indexes", **reason})
    back = api.post(cast.engineer, f"{path}/put-back", {"name": "no invalid indexes", **reason})
    refused = api.post(cast.reviewer, path, {"text": "-- use: keys of public.bids", **reason})

    rows, taken = ({each["name"]: each for each in answer.json()} for answer in (added, out))
    assert (added.status_code, rows["rows of public.bids"]["origin"], rows["rows of public.bids"]["builtin"]) == (201, "added", "rows")
    assert taken["no invalid indexes"]["taken_out"] == "The old form lost bids."
    assert not any(each["taken_out"] for each in back.json())
    assert refused.status_code == 403
