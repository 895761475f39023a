"""The database itself refuses what the functions would refuse: raw SQL, bulk and queryset writes."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance.case import load
from governance.dossier import gather
from governance.models import Approval, SpecEditor
from governance.policy import ApprovalKind
from tests import factories

TECHNICAL = ApprovalKind.TECHNICAL


def by_raw_insert(phase, person):
    columns = "phase_id, kind, decision, digest, person_id, reason, policy, at, expires_at, method, voided_because"
    factories.at_once(
        f"INSERT INTO governance_approval ({columns}) "
        "VALUES (%s, 'technical', 'approved', %s, %s, '', '1', now(), now() + interval '14 days', '', '')",
        [phase.pk, load(phase.pk).digests[0], person.pk],
    )


def by_bulk_create(phase, person):
    given = {"kind": TECHNICAL, "digest": load(phase.pk).digests[0], "policy": "1", "expires_at": timezone.now()}
    Approval.objects.bulk_create([Approval(phase=phase, person=person, **given)])


def by_raw_update(phase, person):
    factories.at_once("UPDATE governance_approval SET person_id = %s WHERE phase_id = %s", [person.pk, phase.pk])


def by_queryset_update(phase, person):
    Approval.objects.filter(phase=phase).update(person=person)


@pytest.mark.parametrize("way", [by_raw_insert, by_bulk_create, by_raw_update, by_queryset_update])
@pytest.mark.at("staging")
def test_database_refuses_the_approval_of_an_editor(cast, spec, way):
    phase = factories.bring_to_staging(cast, spec)
    editor = SpecEditor.objects.get(spec=spec).person

    with pytest.raises(DatabaseError, match=r"Whoever wrote or edited|Cannot update"), transaction.atomic():
        way(phase, editor)

    assert [approval.person for approval in Approval.objects.all()] == [cast.reviewer]


@pytest.mark.at("approval")
def test_database_takes_the_same_insert_from_somebody_else(cast, spec):
    waiting = factories.phase_of(spec)

    by_raw_insert(waiting, cast.second_reviewer)

    assert gather(waiting).technical.given == 1


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM governance_approval",
        "UPDATE governance_approval SET decision = 'rejected'",
        "UPDATE governance_approval SET digest = 'another'",
        "UPDATE governance_approval SET reason = 'another'",
    ],
)
@pytest.mark.at("staging")
def test_database_keeps_a_decision_as_it_was_given(cast, spec, change):
    factories.bring_to_staging(cast, spec)

    with pytest.raises(DatabaseError, match=r"Cannot (update|delete)"):
        factories.at_once(change)

    assert Approval.objects.get().decision == "approved"


@pytest.mark.at("staging")
def test_database_does_not_let_a_void_approval_count_again(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    factories.edit(cast.engineer, phase)

    with pytest.raises(DatabaseError, match="Cannot update"):
        factories.at_once("UPDATE governance_approval SET voided_at = NULL")
