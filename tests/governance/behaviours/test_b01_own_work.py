"""B1: author and every editor of the manifest cannot approve, by function, page and API, superusers included; the database refuses too."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.case import load
from governance.lifecycle import Role
from governance.models import Approval, AuditEvent
from tests import factories
from tests.governance.behaviours.approving import TECHNICAL, approve
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrote", ["author", "editor", "superuser"])
@pytest.mark.at("approval")
def test_b1_whoever_wrote_on_the_change_cannot_approve_it(cast, spec, api, way, wrote):
    phase = factories.phase_of(spec)
    person = cast.engineer if wrote == "author" else cast.operator
    person.groups.add(Group.objects.get(name=Role.REVIEWER))
    person.is_superuser = wrote == "superuser"
    person.save()
    if wrote != "author":
        factories.edit(person, phase)
        phase = factories.bring_to_approval(cast, spec)

    refused = approve(way, api, person, phase)

    assert refused == "OwnWork"
    assert not Approval.objects.exists()
    assert AuditEvent.objects.filter(kind="refused.approve", actor=person.username, data__code="OwnWork").exists()


@pytest.mark.parametrize("whose", ["person", "on_behalf_of"])
@pytest.mark.at("approval")
def test_b1_the_database_takes_no_voice_of_the_author_not_even_a_lent_one(cast, spec, whose):
    cast.engineer.groups.add(Group.objects.get(name=Role.REVIEWER))
    factories.make_delegation(cast.engineer, cast.reviewer)
    phase = factories.phase_of(spec)
    people = {"person": cast.engineer} if whose == "person" else {"person": cast.reviewer, "on_behalf_of": cast.engineer}

    with pytest.raises(DatabaseError, match="Whoever wrote or edited"), transaction.atomic():
        Approval.objects.create(
            phase=phase, kind=TECHNICAL, digest=load(phase.pk).digests[0], policy="1", expires_at=timezone.now(), **people
        )
