"""A portal in which something has happened: made once for all workers; each test then works in a transaction that is rolled back.

`@pytest.mark.at("production")` chooses the stage of the one change there is, named as in `factories.bring_to_production`. A module
that overrides `beginning` has scenes of its own, functions that get the cast (`wanted_of`). Without either the portal is new.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from governance.models import Spec
from portal.embedded import EmbeddedServer
from tests import factories
from tests.databases import connection_to, copy, default_connection, digest, template
from tests.factories import Cast

Scene = Callable[[Cast], object]


def with_change(bring: Callable[[Cast, Spec], object]) -> Scene:
    def scene(cast: Cast) -> None:
        factories.make_targets()
        bring(cast, factories.make_spec(cast))

    scene.__qualname__ = bring.__qualname__
    return scene


def submitted(cast: Cast, spec: Spec) -> None:
    """Nothing else has happened."""


STAGES: dict[str, Scene] = {
    "submission": with_change(submitted),
    "approval": with_change(factories.bring_to_approval),
    "staging": with_change(factories.bring_to_staging),
    "window": with_change(factories.bring_to_window),
    "production": with_change(factories.bring_to_production),
    "closure": with_change(factories.bring_to_closure),
}


def wanted_of(request: pytest.FixtureRequest, scenes: Mapping[str, Scene]) -> Scene | None:
    """The scene of the first of these fixtures that the test asks for."""
    return next((scene for fixture, scene in scenes.items() if fixture in request.fixturenames), None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "at(stage): where the one change is when the test begins")


def name_of(scene: Scene) -> str:
    """The same for every worker."""
    assert "<" not in scene.__qualname__, "a scene is a function of its module"
    return f"{scene.__module__}.{scene.__qualname__}"


@pytest.fixture(scope="session")
def portal_at(server: EmbeddedServer, portal_template: str, django_db_blocker: Any) -> Iterator[Callable[[Scene], BaseDatabaseWrapper]]:
    """The connection to this worker's portal in which the scene was made. It is kept: a new one would have to read the catalogue anew."""
    made: dict[Scene, BaseDatabaseWrapper] = {}

    def make(scene: Scene, url: str) -> None:
        with closing(connection_to(url)) as connection, default_connection(connection), django_db_blocker.unblock():
            scene(factories.make_cast())

    def portal(scene: Scene) -> BaseDatabaseWrapper:
        if scene not in made:
            filled = template(server, f"template_{digest(name_of(scene))}", partial(make, scene), portal_template)
            made[scene] = connection_to(copy(server, filled, f"portal_scene_{factories.unique()}"))
        return made[scene]

    yield portal
    for connection in made.values():
        connection.close()


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Scene | None:
    mark = request.node.get_closest_marker("at")
    return STAGES[mark.args[0]] if mark else None


@pytest.fixture
def begun(beginning: Scene, portal_at: Callable[[Scene], BaseDatabaseWrapper], django_db_blocker: Any) -> Iterator[None]:
    with default_connection(portal_at(beginning)), django_db_blocker.unblock(), transaction.atomic():
        yield
        connections["default"].check_constraints()
        transaction.set_rollback(True)


@pytest.fixture
def cast(request: pytest.FixtureRequest, beginning: Scene | None) -> Cast:
    if beginning:
        request.getfixturevalue("begun")
        return factories.find_cast()
    request.getfixturevalue("db")
    return factories.make_cast()


@pytest.fixture
def spec(cast: Cast) -> Spec:
    return Spec.objects.get()
