"""Idempotency keys: sent twice, done once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance import workflow
from governance.models import AuditEvent, IdempotentAnswer, Spec
from tests import factories
from tests.governance.api.caller import Caller, submission


@pytest.fixture
def targets(db):
    return factories.make_targets()


def test_the_same_request_with_the_same_key_is_done_once(api, cast, targets):
    given = submission()
    first = api.post(cast.engineer, "/changes", given, Idempotency_Key="a1")

    again = api.post(cast.engineer, "/changes", given, Idempotency_Key="a1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.headers.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Spec.objects.count() == 1
    assert AuditEvent.objects.filter(kind="spec.submit").count() == 1


@pytest.mark.parametrize("path", ["/changes", "/changes?x=1"])
def test_a_key_belongs_to_one_request(api, cast, targets, path):
    given = submission()
    api.post(cast.engineer, "/changes", given, Idempotency_Key="a1")

    other = api.post(cast.engineer, path, given if "?" in path else submission(), Idempotency_Key="a1")

    assert (other.status_code, other.json()["code"]) == (422, "KeyReused")
    assert Spec.objects.count() == 1


def test_another_token_does_not_get_the_answer(api, cast, targets):
    given = submission()
    api.post(cast.engineer, "/changes", given, Idempotency_Key="a1")

    answer = api.send(api.token(cast.engineer, "read"), "POST", "/changes", given, Idempotency_Key="a1")

    assert (answer.status_code, answer.json()["code"]) == (422, "KeyReused")


def test_keys_of_two_people_are_two_keys(api, cast, targets):
    first = api.post(cast.engineer, "/changes", submission(), Idempotency_Key="a1")
    given = submission()
    given["scripts"] = [{"name": file.name, "text": file.text} for file in factories.script_files("20260101_1000")]

    second = api.post(cast.operator, "/changes", given, Idempotency_Key="a1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["number"] != second.json()["number"]


def test_what_was_refused_may_be_tried_again_and_its_event_stays(api, cast, targets):
    spec = factories.make_spec(cast)
    path = f"/changes/{spec.number}/rehearsals"

    early = api.post(cast.engineer, path, Idempotency_Key="a1")
    factories.observe(factories.phase_of(spec))
    ready = api.post(cast.engineer, path, Idempotency_Key="a1")

    assert (early.status_code, ready.status_code) == (409, 202)
    assert AuditEvent.objects.filter(kind="refused.request_rehearsal").exists()


def test_a_key_is_forgotten_after_a_day(api, cast, targets):
    spec = factories.make_spec(cast)
    path = f"/changes/{spec.number}/comments"
    api.post(cast.engineer, path, {"text": "One."}, Idempotency_Key="a1")
    IdempotentAnswer.objects.update(at=timezone.now() - timedelta(days=1, seconds=1))

    answer = api.post(cast.engineer, path, {"text": "Two."}, Idempotency_Key="a1")

    assert answer.status_code == 201
    assert IdempotentAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(api, cast, targets, key):
    assert api.post(cast.engineer, "/changes", submission(), Idempotency_Key=key).status_code == 422
    assert not Spec.objects.exists()


def test_a_request_that_is_being_worked_on_is_not_begun_again(committed):
    cast, api = factories.make_cast(), Caller()
    factories.make_targets()
    given, plain = submission(), api.token(cast.engineer)
    answers = []
    begun, go_on = threading.Event(), threading.Event()
    submit = workflow.submit

    def slow(**told):
        begun.set()
        assert go_on.wait(20)
        return submit(**told)

    def send():
        answers.append(Caller().send(plain, "POST", "/changes", given, Idempotency_Key="a1"))
        connection.close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workflow, "submit", slow)
        first = threading.Thread(target=send)
        first.start()
        assert begun.wait(20)
        meanwhile = api.send(plain, "POST", "/changes", given, Idempotency_Key="a1")
        go_on.set()
        first.join()
    afterwards = api.send(plain, "POST", "/changes", given, Idempotency_Key="a1")

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "KeyInUse")
    assert (answers[0].status_code, afterwards.status_code) == (201, 201)
    assert afterwards.json()["number"] == answers[0].json()["number"]
    assert Spec.objects.count() == 1
