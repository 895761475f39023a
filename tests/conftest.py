"""The portal's database in tests: migrated once for all workers, then copied; and a cast of people, one per role."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction

from portal.embedded import EmbeddedServer
from tests import factories
from tests.databases import copy, copy_of, default_database, template
from tests.factories import Cast
from tests.world import make_world

pytest_plugins = ["tests.postgres"]
LONG = (
    "test_demo.py", "test_crawler.py", "test_many_specs.py", "test_cluster.py", "test_serve.py", "test_rehearse_folder.py", "test_roles.py",
)  # fmt: skip


def pytest_configure() -> None:
    """A hash that is slow on purpose would take most of the tests' time, as would a baseline: every test has its own people and runs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    os.environ["BASELINE_SECONDS"] = "0"  # for processes of their own
    settings.BASELINE_SECONDS = 0.0
    settings.WHITENOISE_AUTOREFRESH = True  # every client of a test would look for all static files at its first request
    gc.disable()  # until all is collected: a third of the time for that


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take longest come first, or a worker would be busy with one of them when the others have nothing left to do."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end: looking for garbage in it again and again takes a twelfth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def portal_template(server: EmbeddedServer, django_db_blocker: Any) -> str:
    """Name of a migrated database."""

    def migrate(url: str) -> None:
        with django_db_blocker.unblock(), default_database(url):
            call_command("migrate", verbosity=0)

    return template(server, "template_portal", migrate)


@pytest.fixture(scope="session")
def world_template(server: EmbeddedServer, portal_template: str, django_db_blocker: Any) -> str:
    """Name of a portal in the middle of its work."""

    def fill(url: str) -> None:
        with django_db_blocker.unblock(), default_database(url), transaction.atomic():
            make_world()

    return template(server, "template_world", fill, portal_template)


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
