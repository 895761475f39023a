"""This decision cannot be given like that."""

from collections.abc import Iterable

from governance.errors.inputs import BadInput
from governance.errors.people import NotAllowed
from governance.errors.readiness import NotReady


class BadPolicy(BadInput):
    """A version of the policy has a rule that cannot be read, or lets a change through that nobody looked at."""

    def __init__(self, where: str, why: str, right: str) -> None:
        super().__init__(f"{where}: {why}. {right}")
        self.where, self.why, self.right = where, why, right


class CountedTwice(NotAllowed):
    """One person has one voice on a change: two roles, or a delegation, make no second one."""

    def __init__(self, person: str, given: str) -> None:
        super().__init__(f"{person} has a voice on this change already: {given}. Another person has to give the next decision.")
        self.person, self.given = person, given


class OnlyApprover(NotAllowed):
    """Whoever starts a run in production is not the only one who approved it."""

    def __init__(self, person: str, spec: str) -> None:
        super().__init__(f"{person} is the only one who approved {spec} and cannot start it in production too. Ask another operator.")
        self.person, self.spec = person, spec


class TwoPeople(NotAllowed):
    """What takes two people is not done by one."""

    def __init__(self, person: str, what: str) -> None:
        super().__init__(f"{person} wrote {what}, and it takes another person to approve it. Ask a colleague.")
        self.person, self.what = person, what


class NotDelegated(NotAllowed):
    """Nobody decides for another person without a delegation that holds now."""

    def __init__(self, person: str, other: str) -> None:
        super().__init__(f"{other} has not delegated to {person} at this time. {other} does so on the page “Delegations”.")
        self.person, self.other = person, other


class PasswordNeeded(NotAllowed):
    """High risk is approved by somebody who says again who they are."""

    def __init__(self, person: str, risk: str) -> None:
        super().__init__(
            f"Approving {risk or 'unknown'} risk takes {person}'s password again: type it beside the button, "
            "or confirm the token first (PUT /api/v1/confirmation)."
        )
        self.person, self.risk = person, risk


class WrongPassword(NotAllowed):
    """The password is not that of the person."""

    def __init__(self, person: str, left: int) -> None:
        todo = f"Try again, {left} more times." if left else "Wait a quarter of an hour, then try again."
        super().__init__(f"That is not the password of {person}. Nothing was decided. {todo}")
        self.person, self.left = person, left


def _noun(kind: str) -> str:
    """`ApprovalKind.noun`, whose module imports these errors."""
    return "DBA" if kind == "dba" else kind


class NotAsked(NotReady):
    """The policy does not ask for this approval, or not from this person."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"A {_noun(kind)} approval would not count here: {why}. Nothing was decided.")
        self.kind, self.why = kind, why


class NotItsTurn(NotReady):
    """The policy has approvals in sequence, and an earlier one is not given yet."""

    def __init__(self, kind: str, first: Iterable[str]) -> None:
        self.kind, self.first = kind, tuple(first)
        super().__init__(f"The {_noun(kind)} approval comes after: {'; '.join(self.first)}. Wait until that is decided.")


class StepChanged(NotReady):
    """What the form was about has been decided since, or the policy has changed."""

    def __init__(self, kind: str, seen: int, now: int) -> None:
        super().__init__(
            f"The {_noun(kind)} approval that you saw was step {seen}; it is at step {now} now. Nothing was decided. "
            "Look at the page again, then decide."
        )
        self.kind, self.seen, self.now = kind, seen, now
