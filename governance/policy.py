"""Which approvals a change needs. Rules are data; all that match add up by taking the larger number per kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.analysis.risk import RiskLevel
from governance.lifecycle import Role

VERSION = "1"


class ApprovalKind(StrEnum):
    TECHNICAL = "technical"
    BUSINESS = "business"


ROLE_OF: Mapping[ApprovalKind, Role] = {ApprovalKind.TECHNICAL: Role.REVIEWER, ApprovalKind.BUSINESS: Role.STAKEHOLDER}


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """So many distinct people of the kind, when the risk is one of these (empty: any) and, if set, the change is irreversible."""

    kind: ApprovalKind
    people: int
    why: str
    risks: frozenset[RiskLevel] = frozenset()
    irreversible: bool = False

    def matches(self, risk: RiskLevel, irreversible: bool) -> bool:
        return (not self.risks or risk in self.risks) and (irreversible or not self.irreversible)


RULES = (
    ApprovalRule(ApprovalKind.TECHNICAL, 1, "every change is read by a peer"),
    ApprovalRule(ApprovalKind.BUSINESS, 1, "every production run is agreed by the business"),
    ApprovalRule(ApprovalKind.TECHNICAL, 2, "high risk takes two peers", frozenset({RiskLevel.HIGH, RiskLevel.CRITICAL})),
    ApprovalRule(ApprovalKind.TECHNICAL, 2, "what cannot be undone takes two peers", irreversible=True),
)


def people_needed(kind: ApprovalKind, risk: RiskLevel, irreversible: bool, in_soft_blackout: bool = False) -> int:
    """A soft blackout takes one business approval more."""
    needed = max((rule.people for rule in RULES if rule.kind is kind and rule.matches(risk, irreversible)), default=0)
    return needed + (in_soft_blackout and kind is ApprovalKind.BUSINESS)


def needs_integration_tests(domains: tuple[str, ...]) -> bool:
    """A change that touches more than one domain shows the result of a test suite that spans them."""
    return len(domains) > 1
