"""What kinds of approval there are, and whose they are."""

from collections.abc import Mapping
from enum import StrEnum

from governance.lifecycle import Role


class ApprovalKind(StrEnum):
    TECHNICAL = "technical"
    BUSINESS = "business"
    DBA = "dba"
    SECURITY = "security"

    @property
    def noun(self) -> str:
        return "DBA" if self is ApprovalKind.DBA else self.value

    @property
    def released(self) -> bool:
        """It binds to the release digest, and so is given once a window is booked; the others bind to the script digest."""
        return self is ApprovalKind.BUSINESS


ROLE_OF: Mapping[ApprovalKind, Role] = {
    ApprovalKind.TECHNICAL: Role.REVIEWER,
    ApprovalKind.BUSINESS: Role.STAKEHOLDER,
    ApprovalKind.DBA: Role.OPERATOR,
    ApprovalKind.SECURITY: Role.SECURITY,
}
APPROVERS = frozenset(ROLE_OF.values())
