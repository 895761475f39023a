"""B7: an approval lasts as long as the policy says, 14 days usually, and is used once in each environment."""

from datetime import timedelta

import pytest

from governance import handoff, workflow
from governance.models import Approval, ApprovalRequest
from governance.orders import RunStatus
from tests import factories
from tests.governance.behaviours.approving import BUSINESS, PASSWORD, TECHNICAL, age, approve, rules, start
from tests.governance.behaviours.ways import WAYS


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b7_approval_lasts_14_days_or_what_the_policy_says(cast, spec, api, way):
    rules({"kind": "technical", "people": 1, "why": "soon forgotten", "days": 3})

    assert approve(way, api, cast.reviewer, factories.phase_of(spec)) == ""

    given = Approval.objects.get()
    assert given.expires_at - given.at < timedelta(days=3, minutes=1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b7_what_has_expired_does_not_count_and_is_asked_for_again(cast, spec, api, way):
    phase = factories.phase_of(spec)
    age(Approval.objects.get(kind=BUSINESS), days=1)

    refused = start(way, api, cast.operator, phase, production=True)
    handoff.tick()
    again = approve(way, api, cast.stakeholder, factories.phase_of(spec), BUSINESS, password=PASSWORD)

    assert (refused, again) == ("MissingEvidence", "")
    assert ApprovalRequest.objects.filter(kind=BUSINESS).count() == 2
    assert "until" in Approval.objects.filter(kind=BUSINESS).earliest("pk").voided_because
    assert start(way, api, cast.operator, factories.phase_of(spec), production=True) == ""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b7_after_a_rollback_the_same_approvals_do_not_serve_again(cast, spec, api, way):
    phase = factories.phase_of(spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True)))
    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="It was wrong.")
    factories.finish(run, status=RunStatus.ROLLED_BACK)

    refused = start(way, api, cast.operator, factories.phase_of(spec), production=True)

    assert refused == "MissingEvidence"
    assert {row.kind: "it was used" in row.voided_because for row in Approval.objects.all()} == {TECHNICAL: True, BUSINESS: True}
