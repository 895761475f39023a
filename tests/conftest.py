"""The portal's database in tests: migrated once for all workers, then copied; and a cast of people, one per role."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from psycopg import sql

from governance import migrations
from portal.embedded import EmbeddedServer
from tests import factories
from tests.databases import copy, copy_of, default_database
from tests.factories import Cast

pytest_plugins = ["tests.postgres"]
MIGRATIONS = Path(migrations.__file__).parent
TEMPLATE = "template_portal_" + hashlib.sha256(b"".join(path.read_bytes() for path in sorted(MIGRATIONS.glob("*.py")))).hexdigest()[:12]


def pytest_configure() -> None:
    """A hash that is slow on purpose would take most of the tests' time, as would a baseline: every test has its own people and runs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    os.environ["BASELINE_SECONDS"] = "0"  # for processes of their own
    settings.BASELINE_SECONDS = 0.0


@pytest.fixture(scope="session")
def portal_template(server: EmbeddedServer, django_db_blocker: Any) -> str:
    """Name of a migrated database, made by the first worker that asks, while the others wait."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [TEMPLATE])
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [TEMPLATE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
            with django_db_blocker.unblock(), default_database(server.url(TEMPLATE)):
                call_command("migrate", verbosity=0)
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(TEMPLATE)))
    return TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(server: EmbeddedServer, portal_template: str, worker_id: str, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's database is a copy for this worker; each test runs in a transaction that is rolled back."""
    url = copy(server, portal_template, f"portal_{worker_id}_{factories.unique()}")
    with default_database(url), django_db_blocker.unblock():
        yield


@pytest.fixture
def committed(server: EmbeddedServer, portal_template: str, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """A portal database of its own for tests that commit, use threads or other processes."""
    name = f"portal_{factories.unique()}"
    with copy_of(server, portal_template, name) as url, default_database(url), django_db_blocker.unblock():
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", "root@example.com", "a long password")


@pytest.fixture
def changes() -> Path:
    return Path(__file__).resolve().parent.parent / "fixtures" / "instabids" / "changes"
