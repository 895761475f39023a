"""With 5,000 changes no page asks the database more often than with five: no query per row. What it takes in time: bench/pages.py."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.models import Phase, Spec
from tests import factories
from tests.crowd import copy_world
from tests.crowded_pages import crowded_pages
from tests.databases import copy_of, default_database

MOST_QUERIES = 15


@pytest.fixture(scope="module")
def crowd(server, world_template, django_db_blocker) -> Iterator[dict[str, User]]:
    """People of a portal with 5,000 changes; nobody writes in it."""
    with (
        copy_of(server, world_template, f"portal_crowd_{factories.unique()}") as url,
        default_database(url),
        django_db_blocker.unblock(),
    ):
        copy_world()
        yield {person.username: person for person in User.objects.all()}


def test_there_is_a_crowd(crowd):
    assert Spec.objects.count() >= 5000
    assert 200 < Phase.objects.open().count() < 1000


def test_no_page_needs_more_than_fifteen_queries(crowd):
    own = {"erin": ["/"], "rosa": ["/"], "stella": ["/"], "ada": ["/"], "otto": crowded_pages()}

    counts = {(name, page): queries_of(crowd[name], page) for name, pages in own.items() for page in pages}

    assert {key: count for key, count in counts.items() if count > MOST_QUERIES} == {}


def queries_of(person: User, page: str) -> int:
    client = Client()
    client.force_login(person)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200, page
    return len(queries)
