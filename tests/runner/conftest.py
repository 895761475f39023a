"""The portal and its targets, all of them real databases."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection

from governance.models import Phase, Run
from portal.embedded import EmbeddedServer
from tests import factories
from tests.databases import copy_of, default_database, template
from tests.runner.scene import CONTRACTORS, LEVELS, Scene, bring_to_staging


def cast_and_targets() -> None:
    factories.make_targets()
    factories.make_cast()


def levels_on_staging() -> None:
    """LEVELS, approved, waits to be run."""
    cast_and_targets()
    bring_to_staging(factories.find_cast(), LEVELS)


@pytest.fixture(scope="session")
def beginnings(server: EmbeddedServer, portal_template: str, django_db_blocker: Any) -> Callable[[Callable[[], None]], str]:
    """The name of a portal that begins so."""

    def fill(make: Callable[[], None], url: str) -> None:
        with django_db_blocker.unblock(), default_database(url):
            make()

    return lambda make: template(server, f"template_{make.__name__}", partial(fill, make), portal_template)


@pytest.fixture
def scene(beginnings, make_database, server, monkeypatch, django_db_blocker, request) -> Iterator[Scene]:
    """A cast, two targets, and an environment that knows the way to them."""
    staging, production = make_database(CONTRACTORS), make_database(CONTRACTORS)
    begun = beginnings(levels_on_staging if "run" in request.fixturenames else cast_and_targets)
    with copy_of(server, begun, f"portal_{factories.unique()}") as url, default_database(url), django_db_blocker.unblock():
        monkeypatch.setenv("STAGING_DB_URL", staging)
        monkeypatch.setenv("PRODUCTION_DB_URL", production)
        monkeypatch.setenv("REHEARSAL_URL", server.url())
        monkeypatch.setenv("DATABASE_URL", server.url(connection.settings_dict["NAME"]))  # for processes of their own
        yield Scene(factories.find_cast(), staging, production)


@pytest.fixture
def run(scene) -> Run:
    """A run of LEVELS on staging that waits for its worker."""
    return scene.ask(Phase.objects.select_related("spec__author").get())


@pytest.fixture
def staging(scene):
    """A client's connection to the target in staging, in autocommit."""
    with psycopg.connect(scene.staging, autocommit=True) as connection:
        yield connection
