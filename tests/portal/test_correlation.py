"""The id of a request is on its answer and on every line that was logged for it."""

import logging
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from portal.logs import ContextFilter

view_log = logging.getLogger("tests.view")


def talkative(request: HttpRequest) -> HttpResponse:
    view_log.warning("before the user is asked for")
    view_log.warning("to %s", request.user.get_username())
    return HttpResponse("said", status=202)


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


urlpatterns = [path("missing", missing), path("talkative", talkative), path("broken", broken), path("", admin.site.urls)]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def lines(caplog) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.INFO)
    added = ContextFilter()
    caplog.handler.addFilter(added)
    yield caplog
    caplog.handler.removeFilter(added)


def context(record: logging.LogRecord) -> dict:
    return vars(record)["context"]


def test_sane_id_of_the_caller_is_kept(client):
    response = client.get("/talkative", headers={"X-Request-ID": "edge-7f.3_A"})

    assert response.headers["X-Request-ID"] == "edge-7f.3_A"


@pytest.mark.parametrize("given", ["", "two words", "x" * 65, "a\tb", 'a"b', "ä"])
def test_other_ids_are_replaced(client, given):
    response = client.get("/talkative", headers={"X-Request-ID": given})

    made = response.headers["X-Request-ID"]
    assert made != given
    assert len(made) == 32


def test_every_line_of_a_request_says_whose_it_is(lines, superuser):
    visitor = Client()
    visitor.force_login(superuser)
    lines.clear()

    visitor.get("/talkative?token=hidden", headers={"X-Request-ID": "r-1"})

    early, late, last = map(context, lines.records)
    assert early == {"request_id": "r-1", "path": "/talkative"}
    assert late == {"request_id": "r-1", "path": "/talkative", "user": "root"}
    assert {**last, "duration": 0} == {**late, "status": 202, "duration": 0}
    assert 0 < last["duration"] < 30


def test_failing_request_is_logged_with_its_id(lines):
    response = Client(raise_request_exception=False).get("/broken", headers={"X-Request-ID": "r-2"})

    assert response.status_code == 500
    assert {context(line)["request_id"] for line in lines.records} == {"r-2"}
    assert context(lines.records[-1])["status"] == 500
    assert any(line.exc_info for line in lines.records)


def test_line_that_django_writes_after_all_middleware_carries_the_id(lines, client):
    client.get("/missing", headers={"X-Request-ID": "r-4"})

    [late] = [context(line) for line in lines.records if line.name == "django.request"]
    assert (late["request_id"], late["status"]) == ("r-4", 404)


def test_path_cannot_forge_a_line(lines, client):
    client.get("/a%0Ab")

    assert context(lines.records[-1])["path"] == "/a%0Ab"


def test_logging_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/healthy-but-nowhere", headers={"X-Request-ID": "r-3"})
