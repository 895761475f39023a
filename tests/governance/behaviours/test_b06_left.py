"""B6: an approver who was deactivated or lost the role before the start does not count at the start."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.case import load
from governance.models import Approval
from tests import factories
from tests.governance.behaviours.approving import TECHNICAL, start
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("left", ["account", "role"])
@pytest.mark.parametrize("who", ["reviewer", "stakeholder"])
@pytest.mark.at("production")
def test_b6_whoever_has_left_does_not_count_when_the_run_is_started(cast, spec, api, way, left, who):
    person = getattr(cast, who)
    if left == "account":
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    else:
        person.groups.clear()

    refused = start(way, api, cast.operator, factories.phase_of(spec), production=True)

    assert refused == "MissingEvidence"


@pytest.mark.at("approval")
def test_b6_the_database_takes_no_approval_of_who_has_not_the_role(cast, spec):
    phase = factories.phase_of(spec)
    given = {"kind": TECHNICAL, "digest": load(phase.pk).digests[0], "policy": "1", "expires_at": timezone.now()}

    with pytest.raises(DatabaseError, match="by somebody who has its role"), transaction.atomic():
        Approval.objects.create(phase=phase, person=cast.stakeholder, **given)
