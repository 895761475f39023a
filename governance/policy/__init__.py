"""Which approvals a change needs, who may give them, and how far they are given. The rules are data: see `rules`."""

from governance.policy import wording
from governance.policy.kinds import APPROVERS, ROLE_OF, ApprovalKind
from governance.policy.reading import as_plain, read_policy
from governance.policy.rules import Condition, Considered, Demand, Policy, Rule, asks_for_password, needs_integration_tests
from governance.policy.standing import Approver, Standing, Voice, standings, turn, waits_for

__all__ = [
    "APPROVERS", "ROLE_OF", "ApprovalKind", "Approver", "Condition", "Considered", "Demand", "Policy", "Rule", "Standing",
    "Voice", "as_plain", "asks_for_password", "needs_integration_tests", "read_policy", "standings", "turn", "waits_for",
    "wording",
]  # fmt: skip
