"""The portal and its targets, all of them real databases."""

import psycopg
import pytest
from django.db import connection, transaction

from tests import factories
from tests.runner.scene import CONTRACTORS, Scene


@pytest.fixture
def scene(committed, make_database, server, monkeypatch) -> Scene:
    """A cast, two targets, and an environment that knows the way to them."""
    staging, production = make_database(CONTRACTORS), make_database(CONTRACTORS)
    monkeypatch.setenv("STAGING_DB_URL", staging)
    monkeypatch.setenv("PRODUCTION_DB_URL", production)
    monkeypatch.setenv("REHEARSAL_URL", server.url())
    monkeypatch.setenv("DATABASE_URL", server.url(connection.settings_dict["NAME"]))  # for processes of their own
    with transaction.atomic():
        factories.make_targets()
    return Scene(factories.make_cast(), staging, production)


@pytest.fixture
def staging(scene):
    """A client's connection to the target in staging, in autocommit."""
    with psycopg.connect(scene.staging, autocommit=True) as connection:
        yield connection
