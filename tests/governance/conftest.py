"""A change at a stage of its way: brought there once per worker; each test then works in a transaction that is rolled back.

`@pytest.mark.at("production")` chooses the stage, named as in `factories.bring_to_production`; without it there is a new change.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import transaction

from governance.models import Spec
from portal.embedded import EmbeddedServer
from tests import factories
from tests.conftest import copy_of, default_database
from tests.factories import Cast

STAGES: dict[str, Callable[[Cast, Spec], Any]] = {
    "submission": lambda cast, spec: None,
    "approval": factories.bring_to_approval,
    "staging": factories.bring_to_staging,
    "window": factories.bring_to_window,
    "production": factories.bring_to_production,
    "closure": factories.bring_to_closure,
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "at(stage): the stage at which the test finds its change")


@pytest.fixture(scope="session")
def portal_at(server: EmbeddedServer, portal_template: str, django_db_blocker: Any) -> Iterator[Callable[[str], str]]:
    """URL of this worker's portal with one change at the stage."""
    made: dict[str, str] = {}
    with ExitStack() as portals:

        def portal(stage: str) -> str:
            if stage not in made:
                url = portals.enter_context(copy_of(server, portal_template, f"portal_{stage}_{factories.unique()}"))
                with default_database(url), django_db_blocker.unblock():
                    cast = factories.make_cast()
                    factories.make_targets()
                    STAGES[stage](cast, factories.make_spec(cast))
                made[stage] = url
            return made[stage]

        yield portal


@pytest.fixture
def at_stage(request: pytest.FixtureRequest, portal_at: Callable[[str], str], django_db_blocker: Any) -> Iterator[None]:
    url = portal_at(request.node.get_closest_marker("at").args[0])
    with default_database(url), django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    if request.node.get_closest_marker("at"):
        request.getfixturevalue("at_stage")
        return factories.find_cast()
    request.getfixturevalue("db")
    return factories.make_cast()


@pytest.fixture
def spec(at_stage: None) -> Spec:
    return Spec.objects.get()
