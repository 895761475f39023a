"""The policy is on every answer, also on those that refuse or fail, and the pages people meet without a session obey it."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from portal.csp import POLICY

INLINE = re.compile(r"<[^>]*\sstyle\s*=|<style\b|<script(?![^>]*\ssrc=)|<[^>]*\son[a-z]+\s*=|javascript:", re.IGNORECASE)


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Authors cannot approve their own change.")


urlpatterns = [path("broken/", broken), path("refused/", refused), path("admin/", admin.site.urls)]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def visitor() -> Iterator[Client]:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status"), [("/admin/login/", 200), ("/admin/", 302), ("/refused/", 403), ("/nowhere/", 404), ("/broken/", 500)]
)
def test_every_answer_carries_the_policy(visitor, address, status):
    response = visitor.get(address)

    assert response.status_code == status
    assert response.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("address", ["/admin/login/", "/refused/", "/nowhere/", "/broken/"])
def test_no_page_may_be_framed_whichever_header_a_browser_knows(visitor, address):
    headers = visitor.get(address).headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"].split("; ")
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", ["/admin/login/", "/refused/", "/nowhere/", "/broken/"])
def test_pages_without_a_session_have_nothing_inline(visitor, address):
    page = visitor.get(address).content.decode()

    assert "</html>" in page
    assert INLINE.search(page) is None


def test_form_without_a_token_is_refused_in_our_hand():
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/admin/login/", {"username": "maya"})

    assert response.status_code == 403
    assert "load the page again" in response.content.decode()
    assert INLINE.search(response.content.decode()) is None


def test_refusal_says_its_reason(visitor):
    page = visitor.get("/refused/").content.decode()

    assert "Authors cannot approve their own change." in page


@pytest.mark.parametrize(
    "markup", ['<p style="color: red">', "<style>", "<script>go()</script>", '<a onclick="go()">', '<a href="javascript:go()">']
)
def test_what_the_policy_would_block_is_found(markup):
    found = INLINE.search(markup)

    assert found
