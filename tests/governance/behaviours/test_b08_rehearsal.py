"""B8: no path from draft to production without a rehearsal of the same manifest, unless an emergency names it and somebody approves."""

import pytest

from governance import workflow
from governance.lifecycle import Stage
from governance.models import Run
from governance.orders import Verdict
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.behaviours.approving import start
from tests.governance.behaviours.ways import WAYS, browser, by_act, by_api, by_function
from tests.governance.exceptional import open_emergency


def approve(way, api, cast, phase) -> str:
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)
    if way == "function":
        return by_function(workflow.approve, actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest)
    if way == "page":
        return by_act(cast.reviewer, phase, "approve_technical", digest=digest)
    body = {"kind": "technical", "decision": "approved", "digest": digest}
    return by_api(api, cast.reviewer, "POST", f"/changes/{phase.spec.number}/approvals", body)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b8_change_that_was_not_rehearsed_is_not_approved(api, cast, spec, way):
    factories.observe(factories.phase_of(spec))

    refused = approve(way, api, cast, factories.phase_of(spec))

    assert (refused, factories.phase_of(spec).at) == ("WrongStage", Stage.LOCAL_TESTING)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b8_rehearsal_that_failed_leads_no_further(api, cast, spec, way):
    phase = factories.phase_of(spec)
    factories.observe(phase)
    factories.rehearse(cast, phase, Verdict.FAILED)

    assert approve(way, api, cast, factories.phase_of(spec)) == "WrongStage"


@pytest.mark.at("approval")
def test_b8_rehearsal_of_other_scripts_counts_for_nothing(cast, spec):
    factories.edit(cast.engineer, factories.phase_of(spec))
    factories.observe(factories.phase_of(spec))

    assert factories.phase_of(spec).at is Stage.LOCAL_TESTING


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("submission")
def test_b8_waiver_is_an_emergency_and_takes_an_approval_of_its_own(api, cast, spec, way):
    phase = factories.phase_of(spec)
    open_emergency(cast, phase, skips=["rehearsal"])
    factories.observe(phase)
    before = factories.phase_of(spec).at

    refused = approve(way, api, cast, factories.phase_of(spec))

    assert (before, refused) == (Stage.STAGING_DEPLOYMENT, "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("production")
def test_b8_rehearsal_that_failed_since_keeps_it_out_of_production_however_often_it_is_approved(api, cast, spec, way):
    """The verdict is part of what is approved; approving it once more does not make it pass."""
    phase = factories.phase_of(spec)
    factories.rehearse(cast, phase, Verdict.FAILED)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.BUSINESS)

    refused = start(way, api, cast.operator, factories.phase_of(spec), production=True)

    assert refused == "MissingEvidence"
    assert "The last rehearsal did not pass" in browser(cast.engineer).get(f"/governance/spec/{spec.pk}/change/").content.decode()
    assert not Run.objects.filter(kind="deploy", target__environment__production=True).exists()
