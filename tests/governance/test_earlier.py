"""What a rehearsal applies before a change: what it requires and its target does not have yet."""

import pytest
from django.db import transaction

from governance import audit
from governance.audit import System, save
from governance.earlier import required_first, undeployed_before
from governance.models import Dependency
from tests import factories

LEVELS = "-- Purpose: p\n-- Impact: i\nCREATE TABLE public.levels (id bigint);\n"


def test_required_changes_come_first_each_once():
    edges = {4: {2, 3}, 3: {1}, 2: {1}}

    assert required_first(edges, 4) == [1, 2, 3, 4]


@pytest.fixture
def required(cast, spec):
    """Another change, which this one requires."""
    files = factories.script_files(
        version="20240101_0900", forward=LEVELS, rollback=LEVELS.replace("CREATE", "DROP").replace(" (id bigint)", "")
    )
    other = factories.make_spec(cast, files)
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "One requires the other.")
        save(System.FIXTURES, Dependency(spec=spec, other=other))
    return other


@pytest.mark.at("submission")
def test_required_change_that_the_target_lacks_is_applied_before(cast, spec, required):
    phase = factories.phase_of(spec)
    target = factories.on(phase, production=True).target

    [earlier] = undeployed_before(phase, target)

    assert earlier.change == f"{required.number} {required.title}"
    assert [script.text for script in earlier.scripts] == [LEVELS]


@pytest.mark.at("submission")
def test_required_change_that_the_target_has_is_not_applied_again(cast, spec, required):
    phase = factories.phase_of(spec)
    deployment = factories.on(factories.phase_of(required), production=True)
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "It is there.")
        deployment.applied = True
        save(System.FIXTURES, deployment)

    assert undeployed_before(phase, deployment.target) == ()
