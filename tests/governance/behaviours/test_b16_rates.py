"""B16: the share of emergencies and the rate of rejections are reported; no rejection in 90 days is flagged."""

import pytest

from governance import workflow
from governance.models import BreakGlass
from governance.policy import ApprovalKind
from governance.population import Report
from tests import factories
from tests.governance.behaviours.ways import browser
from tests.governance.exceptional import open_emergency

NOTHING = Report(approvals=0, rejections=0, runs=0, emergency_runs=0, emergencies=0, unreviewed=0, overdue=0)


def test_b16_without_decisions_and_runs_nothing_is_known():
    assert (NOTHING.rejection_rate, NOTHING.emergency_share, NOTHING.rubber_stamp) == (None, None, False)


def test_b16_shares_are_of_what_was_decided_and_run():
    report = Report(approvals=3, rejections=1, runs=8, emergency_runs=2, emergencies=5, unreviewed=0, overdue=0)

    assert (report.rejection_rate, report.emergency_share, report.rubber_stamp) == (0.25, 0.25, False)


@pytest.mark.at("submission")
def test_b16_share_of_emergencies_is_on_page_and_api(api, cast, spec):
    phase = factories.phase_of(spec)
    open_emergency(cast, phase)
    factories.observe(phase)
    factories.approve(cast, factories.phase_of(spec), ApprovalKind.TECHNICAL)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True)))

    page = browser(cast.auditor).get("/report/").content.decode()

    answer = api.get(cast.auditor, "/reports/governance").json()
    assert (answer["emergency_runs"], answer["runs"], answer["emergency_share"]) == (1, 1, 1.0)
    assert (answer["emergencies"], BreakGlass.objects.count()) == (1, 1)
    assert "100 %" in page


@pytest.mark.at("production")
def test_b16_approvals_without_one_rejection_are_flagged(api, cast, spec):
    page = browser(cast.auditor).get("/report/").content.decode()

    assert "none was a rejection" in page
    assert api.get(cast.auditor, "/reports/governance").json()["rubber_stamp"] is True


@pytest.mark.at("approval")
def test_b16_one_rejection_takes_the_flag_away(api, cast, spec):
    phase = factories.phase_of(spec)
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)
    workflow.reject(actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No index.")

    answer = api.get(cast.auditor, "/reports/governance").json()

    assert (answer["rejections"], answer["rejection_rate"], answer["rubber_stamp"]) == (1, 1.0, False)
