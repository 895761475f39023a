"""Every address of the portal, opened and posted to by everybody: nothing breaks, and nobody gets what is not theirs."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import resolve

from governance import workflow
from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import Scope
from governance.workflow import records
from governance.workflow.records import KEEPERS
from portal import health
from portal.csp import POLICY
from tests import factories
from tests.addresses import EXPRESSIONS, PARAMETER, VERSION, Address, every_address, lacks_row, one_of_each, routes
from tests.databases import copy, default_database
from tests.portal.test_csp import INLINE

OPEN = {"healthz", "readyz", "login/", "logout/", "jsi18n/", "api/v1/openapi.json", "feeds/<slug:secret>.ics"}  # to whoever comes
OWN = {"", "password_change/", "password_change/done/", "api/v1/docs"}  # of everybody who can sign in
ADDED = {"spec": "submit", "override": "override_cell"}  # nouns that people add by an act
SET_UP = {model._meta.model_name for model in records.SET_UP}
READ = re.compile(
    r"^governance/(?!auditevent)\w+/(<path:object_id>/(change|history)/|\(.*)?$|^(calendar|matrix|audit|schema)/$|^schema/[^/]+/(<path:table>/)?$"
)


@pytest.fixture(scope="module")
def world(server, world_template, django_db_blocker) -> Iterator[dict[str, User]]:
    """One portal for all these tests, by user name."""
    url = copy(server, world_template, f"portal_world_{factories.unique()}")
    with django_db_blocker.unblock(), default_database(url):
        yield {person.username: person for person in User.objects.all()}


@pytest.fixture(scope="module")
def addresses(world) -> list[Address]:
    """Looked up once; no test changes where they lead."""
    return every_address()


@pytest.fixture(autouse=True)
def undone(world) -> Iterator[None]:
    """What a test posts is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch) -> None:
    """No worker is at work for this portal, and its requests grow old with the tests: that is not what they are about."""
    monkeypatch.setattr(health, "LONGEST_SILENCE", timedelta(days=1))
    monkeypatch.setattr(health, "LONGEST_WAIT", timedelta(days=1))


def client_of(person: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person)
    return client


def keepers_of(route: str) -> frozenset[Role] | None:
    """Roles that may open a page; None: every role."""
    if route.startswith("auth/"):
        return frozenset()
    if not route.endswith(("/add/", "/delete/")):
        return None
    noun = route.split("/")[1]
    adding = ACTS[ADDED[noun]].roles if noun in ADDED and route.endswith("/add/") else frozenset()
    return KEEPERS if noun in SET_UP else adding


def test_there_is_a_row_behind_every_page(world):
    lacking = {route.split("/")[1] for route in routes() if lacks_row(route)}

    assert lacking == set(), "tests.world makes none of them, so nobody opens their pages"


def test_every_address_leads_where_it_was_made_for(world, addresses):
    led = {address: resolve(address.path.partition("?")[0]).route for address in addresses if address.route not in EXPRESSIONS}

    assert {address.route for address in addresses} == {route for route in routes() if not lacks_row(route)}
    assert {address for address, route in led.items() if route != address.route} == set()


def test_nobody_gets_in_without_signing_in(world, addresses):
    stranger = client_of(None)

    answers = {address: stranger.get(address.path) for address in one_of_each(addresses) if address.route not in OPEN}

    assert {each for each, answer in answers.items() if each.is_api and answer.status_code not in (401, 404, 405)} == set()
    pages = {each: answer.headers.get("Location", "") for each, answer in answers.items() if not each.is_api}
    assert {each for each, place in pages.items() if not place.startswith("/login/")} == set()


def test_whoever_has_no_role_sees_nothing_but_home_and_their_own_account(world, addresses):
    client = client_of(world["nora"])

    statuses = {address: client.get(address.path).status_code for address in one_of_each(addresses) if address.route not in OPEN | OWN}

    assert {each for each, status in statuses.items() if status not in (302, 401, 403, 404, 405)} == set()


@pytest.mark.parametrize("name", ["erin", "rosa", "stella", "otto", "ada", "root"])
def test_pages_open_for_those_who_may_with_the_policy_and_nothing_inline(world, name, addresses):
    client, roles = client_of(world[name]), workflow.roles_of(world[name])
    pages = [each for each in (addresses if name == "otto" else one_of_each(addresses)) if not each.is_api and each.route != "logout/"]

    answers = {page: client.get(page.path) for page in pages}

    assert {page: answer.status_code for page, answer in answers.items() if answer.status_code not in (200, 302, 403, 404, 405)} == {}
    assert {page for page, answer in answers.items() if answer.headers["Content-Security-Policy"] != POLICY} == set()
    assert {page for page, answer in answers.items() if INLINE.search(answer.content.decode())} == set()
    assert {page for page, answer in answers.items() if READ.search(page.route) and answer.status_code != 200} == set()
    theirs = {page for page in pages if name == "root" or (keepers := keepers_of(page.route)) is None or roles & keepers}
    assert {page for page, answer in answers.items() if page not in theirs and answer.status_code == 200} == set()


@pytest.mark.parametrize("key", ["abc", "9" * 30, "%00"])
def test_addresses_with_keys_that_no_record_has_lead_nowhere(world, key):
    client = client_of(world["otto"])
    paths = {PARAMETER.sub(key, route.replace(VERSION, f"{key}/history/{key}/")) for route in routes() if "<" in route}

    statuses = {path: client.get(f"/{path}").status_code for path in paths if path not in EXPRESSIONS}

    assert {path: status for path, status in statuses.items() if status >= 500} == {}


@pytest.mark.parametrize("name", ["erin", "otto"])
def test_nothing_breaks_when_an_empty_form_is_posted(world, name, addresses):
    client = client_of(world[name])

    statuses = {page: client.post(page.path).status_code for page in one_of_each(addresses) if page.route != "logout/"}

    assert {page: status for page, status in statuses.items() if status >= 500} == {}


@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_the_api_answers_a_token_of_every_scope_without_breaking(world, method, addresses):
    token = workflow.make_token(actor=world["otto"], name="crawler", scopes=Scope.values, days=1)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
    given = {} if method == "get" else {"data": "{}", "content_type": "application/json"}

    answers = {each: getattr(client, method)(each.path, **given).status_code for each in one_of_each(addresses) if each.is_api}

    assert {each: status for each, status in answers.items() if status >= 500} == {}
    assert method != "get" or set(answers.values()) <= {200, 404, 405, 422}
