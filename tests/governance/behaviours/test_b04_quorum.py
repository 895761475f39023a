"""B4: so many distinct people by risk, of several roles; one person's two roles, or a right that was lent, count once."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction

from governance.case import load
from governance.lifecycle import Role
from governance.models import Approval
from tests import factories
from tests.governance.behaviours.approving import BUSINESS, DBA, PASSWORD, TECHNICAL, approve, bring_risky_to_approval, rules, start
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
def test_b4_high_risk_takes_two_peers(cast, api, way):
    factories.make_targets()
    phase = bring_risky_to_approval(cast)

    codes = [approve(way, api, person, phase, password=PASSWORD) for person in (cast.reviewer, cast.reviewer)]
    too_early = start(way, api, cast.operator, phase, production=False)
    codes.append(approve(way, api, cast.second_reviewer, phase, password=PASSWORD))

    assert codes == ["", "AlreadyDecided", ""]
    assert too_early == "MissingEvidence"
    assert start(way, api, cast.operator, phase, production=False) == ""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("window")
def test_b4_two_roles_of_one_person_count_once(cast, spec, api, way):
    phase = factories.phase_of(spec)
    target = factories.on(phase, production=True).target
    factories.book(cast, phase, target)
    cast.reviewer.groups.add(Group.objects.get(name=Role.STAKEHOLDER))

    refused = approve(way, api, cast.reviewer, phase, BUSINESS)

    assert refused == "CountedTwice"
    assert Approval.objects.get().kind == TECHNICAL


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b4_a_lent_right_is_no_second_voice_and_the_decision_says_whose_it_is(cast, spec, api, way):
    phase = factories.phase_of(spec)
    factories.make_delegation(cast.second_reviewer, cast.auditor)

    lent = approve(way, api, cast.auditor, phase, on_behalf_of=cast.second_reviewer)
    owner = approve(way, api, cast.second_reviewer, phase)
    stranger = approve(way, api, cast.stakeholder, phase, on_behalf_of=cast.reviewer)

    assert (lent, owner, stranger) == ("", "CountedTwice", "NotDelegated")
    given = Approval.objects.get()
    assert (given.person, given.on_behalf_of) == (cast.auditor, cast.second_reviewer)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b4_roles_in_sequence_wait_for_each_other(cast, spec, api, way):
    rules({"kind": "dba", "people": 1, "why": "the DBA decides last", "step": 2})
    phase = factories.phase_of(spec)

    early = approve(way, api, cast.operator, phase, DBA)
    peer = approve(way, api, cast.reviewer, phase)
    stale_tab = approve(way, api, cast.operator, phase, DBA, step=1)
    late = approve(way, api, cast.operator, phase, DBA, step=2)

    assert (early, peer, stale_tab, late) == ("NotItsTurn", "", "StepChanged", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b4_rule_that_nobody_can_satisfy_blocks_and_says_so(cast, spec, api, way):
    Group.objects.create(name="payments")
    rules({"kind": "technical", "people": 1, "why": "payments look at everything", "groups": ["payments"]})
    phase = factories.phase_of(spec)
    assert approve(way, api, cast.reviewer, phase) == ""

    refused = start(way, api, cast.operator, phase, production=False)

    assert refused == "MissingEvidence"
    lacking = [str(each) for each in load(phase.pk).accord.before_production if each.lacking]
    assert "there is nobody with the role reviewer in the group payments" in lacking[0]


@pytest.mark.at("staging")
def test_b4_the_database_takes_no_second_voice_of_one_person(cast, spec):
    factories.phase_of(spec)
    cast.reviewer.groups.add(Group.objects.get(name=Role.STAKEHOLDER))
    first = Approval.objects.get()

    with pytest.raises(DatabaseError, match="One person has one voice"), transaction.atomic():
        Approval.objects.create(
            phase=first.phase, kind=BUSINESS, digest="0" * 64, person=cast.reviewer, policy="1", expires_at=first.expires_at
        )
