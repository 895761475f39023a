"""How many people of which kind have to agree."""

import pytest

from governance.analysis.risk import RiskLevel
from governance.policy import ApprovalKind, needs_integration_tests, people_needed


@pytest.mark.parametrize(
    ("risk", "irreversible", "peers"),
    [
        (RiskLevel.LOW, False, 1),
        (RiskLevel.MEDIUM, False, 1),
        (RiskLevel.HIGH, False, 2),
        (RiskLevel.CRITICAL, False, 2),
        (RiskLevel.LOW, True, 2),
    ],
)
def test_risk_and_irreversibility_ask_for_a_second_peer(risk, irreversible, peers):
    assert people_needed(ApprovalKind.TECHNICAL, risk, irreversible) == peers


@pytest.mark.parametrize("risk", RiskLevel)
def test_business_always_agrees(risk):
    assert people_needed(ApprovalKind.BUSINESS, risk, False) == 1


def test_only_a_change_that_spans_domains_needs_integration_tests():
    assert needs_integration_tests(("bidding", "payments"))
    assert not needs_integration_tests(("bidding",))
