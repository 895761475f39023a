"""B17: whoever opened, approved, wrote or ran an emergency does not review it: not by any way, and not past the portal."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from governance import workflow
from governance.errors import MissingRole
from governance.models import BreakGlass, Phase
from governance.policy import ApprovalKind
from tests import factories
from tests.factories import Cast
from tests.governance.behaviours.test_b15_retroactive_review import reviewed
from tests.governance.behaviours.ways import WAYS
from tests.governance.conftest import STAGES, wanted_of
from tests.governance.exceptional import open_emergency


def used_and_over(cast: Cast) -> None:
    """Whoever took part in the emergency holds a role that reviews."""
    STAGES["submission"](cast)
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    phase = Phase.objects.get()
    open_emergency(cast, phase)
    factories.observe(phase)
    factories.approve(cast, factories.phase_of(phase.spec), ApprovalKind.TECHNICAL)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True)))
    workflow.end_emergency(actor=cast.operator, emergency=BreakGlass.objects.get())


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"emergency": used_and_over})


@pytest.fixture
def emergency(cast) -> BreakGlass:
    return BreakGlass.objects.get()


@pytest.mark.parametrize("way", WAYS)
def test_b17_actor_approver_and_author_cannot_review(api, cast, spec, emergency, way):
    people = (cast.operator, cast.reviewer, cast.engineer)

    assert [reviewed(way, api, person, emergency) for person in people] == ["TookPart"] * 3
    assert reviewed(way, api, cast.second_reviewer, emergency) == ""


def test_b17_superuser_without_a_role_cannot_review(cast, spec, emergency):
    root = User.objects.create_superuser("root", "root@example.com", "a long password")

    with pytest.raises(MissingRole):
        workflow.review_emergency(actor=root, emergency=emergency, findings="Fine.", justified=True)


@pytest.mark.parametrize("name", ["operator", "reviewer", "engineer"])
def test_b17_database_refuses_their_review(cast, spec, emergency, name):
    with pytest.raises(IntegrityError, match="took part in an emergency"):
        factories.at_once(
            "UPDATE governance_breakglass SET reviewed_by_id = %s, reviewed_at = now(), findings = 'x', justified = true",
            [getattr(cast, name).pk],
        )
