"""A portal in which something has happened: made once per worker; each test then works in a transaction that is rolled back.

`@pytest.mark.at("production")` chooses the stage of the one change there is, named as in `factories.bring_to_production`;
`@pytest.mark.at(scene)` a scene of the test's own, a function that gets the cast. Without it the portal is new.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from governance.models import Spec
from portal.embedded import EmbeddedServer
from tests import factories
from tests.databases import connection_to, copy, default_connection
from tests.factories import Cast

Scene = Callable[[Cast], object]


def with_change(bring: Callable[[Cast, Spec], object]) -> Scene:
    def scene(cast: Cast) -> None:
        factories.make_targets()
        bring(cast, factories.make_spec(cast))

    return scene


STAGES: dict[str, Scene] = {
    "submission": with_change(lambda cast, spec: None),
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
    config.addinivalue_line("markers", "at(scene): what has happened in the portal where the test begins")


@pytest.fixture(scope="session")
def portal_at(server: EmbeddedServer, portal_template: str, django_db_blocker: Any) -> Iterator[Callable[[Scene], BaseDatabaseWrapper]]:
    """The connection to this worker's portal in which the scene was made. It is kept: a new one would have to read the catalogue anew."""
    made: dict[Scene, BaseDatabaseWrapper] = {}

    def portal(scene: Scene) -> BaseDatabaseWrapper:
        if scene not in made:
            made[scene] = connection_to(copy(server, portal_template, f"portal_scene_{factories.unique()}"))
            with default_connection(made[scene]), django_db_blocker.unblock():
                scene(factories.make_cast())
        return made[scene]

    yield portal
    for connection in made.values():
        connection.close()


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Scene | None:
    mark = request.node.get_closest_marker("at")
    return STAGES.get(mark.args[0], mark.args[0]) if mark else None


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
