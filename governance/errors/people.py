"""This person may not do this."""

from collections.abc import Iterable

from governance.errors.refusal import Refusal


class NotAllowed(Refusal):
    """This person may not do this."""


class MissingRole(NotAllowed):
    """The act belongs to a role that the person does not have."""

    def __init__(self, person: str, act: str, roles: Iterable[str]) -> None:
        self.person, self.act, self.roles = person, act, tuple(sorted(roles))
        super().__init__(f"{person} may not {act}: it takes the role {' or '.join(self.roles)}. Ask somebody who has it.")


class OwnWork(NotAllowed):
    """Author and editors cannot approve or review what they wrote, superusers included."""

    def __init__(self, person: str, spec: str, act: str = "approve") -> None:
        super().__init__(f"{person} wrote or edited {spec} and cannot {act} it. Ask a colleague who did not.")
        self.person, self.spec, self.act = person, spec, act


class AlreadyDecided(NotAllowed):
    """One person counts once."""

    def __init__(self, person: str, kind: str) -> None:
        super().__init__(f"{person} has already given a {kind} decision on this digest. Another person has to give the next one.")
        self.person, self.kind = person, kind


class NeedsReason(NotAllowed):
    """The act needs a reason in words."""

    def __init__(self, act: str) -> None:
        super().__init__(f"To {act}, write down why: the reason is kept with the change.")
        self.act = act


class ReviewOverdue(NotAllowed):
    """Whoever has an emergency whose review is overdue opens no other."""

    def __init__(self, person: str, incident: str, spec: str) -> None:
        super().__init__(
            f"{person} cannot break the glass: the review of {incident} ({spec}) is overdue. "
            "Ask a colleague who took no part in it to review it, or another operator to break the glass."
        )
        self.person, self.incident, self.spec = person, incident, spec


class TookPart(NotAllowed):
    """An emergency is reviewed by somebody who neither opened it nor approved, wrote or ran the change."""

    def __init__(self, person: str, incident: str) -> None:
        super().__init__(f"{person} took part in {incident} and cannot review it. Ask a colleague who did not.")
        self.person, self.incident = person, incident
