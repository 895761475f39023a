"""What is told to whom when something happened: one function for each event, called by whoever brought it about."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from governance import audience
from governance.models import Approval, Decision
from governance.notices import NoticeKind, notify


def others(people: Iterable[User], actor: User) -> list[User]:
    """Nobody is told what they did themselves."""
    return [person for person in people if person.pk != actor.pk]


def decided(approval: Approval) -> None:
    phase, person = approval.phase, approval.person
    approved = approval.decision == Decision.APPROVED
    notify(
        kind=NoticeKind.APPROVAL_GIVEN if approved else NoticeKind.REJECTED,
        people=others(audience.concerned(phase), person),
        subject=f"{phase.spec.number} {'has' if approved else 'was refused'} a {approval.kind} approval",
        text=f"{person} {approval.decision} {phase}. {approval.reason}".strip(),
        phase=phase,
    )
