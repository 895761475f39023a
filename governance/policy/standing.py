"""How far what the policy asks for is met: who has agreed, who is waited for, and whether anybody could."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from governance.policy.kinds import ROLE_OF, ApprovalKind
from governance.policy.rules import Demand
from governance.wording import counted


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may approve: by groups, of which roles are some, and by the domains that they own."""

    id: int
    name: str
    groups: frozenset[str]
    domains: frozenset[str] = frozenset()

    def may(self, demand: Demand) -> bool:
        in_groups = not demand.groups or bool(self.groups & set(demand.groups))
        return ROLE_OF[demand.kind] in self.groups and in_groups and (not demand.domain or demand.domain in self.domains)


@dataclass(frozen=True, slots=True)
class Voice:
    """An approval that counts: whose it is, of which kind, and with whose right it was given."""

    person: int
    kind: ApprovalKind
    right: Approver


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one demand is met."""

    demand: Demand
    given: int
    able: int  # people who have or could: neither author nor editor, active, in role, groups and domain

    @property
    def lacking(self) -> int:
        return max(self.demand.people - self.given, 0)

    @property
    def impossible(self) -> bool:
        """Nobody is there to meet it: it blocks until somebody is, or the policy is changed."""
        return self.able < self.demand.people

    def __str__(self) -> str:
        text = f"{self.demand}, {self.given} of {self.demand.people}"
        return f"{text}: {self.why_impossible}" if self.impossible and self.lacking else text

    @property
    def why_impossible(self) -> str:
        who = f"the role {ROLE_OF[self.demand.kind]}"
        who += f" in the group {' or '.join(self.demand.groups)}" if self.demand.groups else ""
        who += f" who own{'s' if self.able == 1 else ''} {self.demand.domain}" if self.demand.domain else ""
        there = f"only {counted(self.able, 'person').replace('persons', 'people')} with" if self.able else "nobody with"
        return f"there is {there} {who} who did not write on the change. Give somebody the role, or change the policy"


def standings(demands: Iterable[Demand], voices: Collection[Voice], able: Collection[Approver]) -> tuple[Standing, ...]:
    """`able`: everybody who may approve this change at all."""
    return tuple(_standing(demand, voices, able) for demand in demands)


def _standing(demand: Demand, voices: Iterable[Voice], able: Iterable[Approver]) -> Standing:
    given = {voice.person for voice in voices if voice.kind is demand.kind and voice.right.may(demand)}
    could = given | {approver.id for approver in able if approver.may(demand)}
    return Standing(demand, len(given), len(could))


def waits_for(found: Collection[Standing], kind: ApprovalKind, step: int) -> tuple[Standing, ...]:
    """What has to be decided before this step; what binds to the scripts never waits for what binds to the release."""
    earlier = (each for each in found if each.demand.step < step and each.demand.kind.released <= kind.released)
    return tuple(standing for standing in earlier if standing.lacking)


def turn(found: Collection[Standing], kind: ApprovalKind) -> int:
    """The step at which the kind is asked for next: of what is open, or else of what was."""
    steps = [standing.demand.step for standing in found if standing.demand.kind is kind and standing.lacking]
    return min(steps, default=max((each.demand.step for each in found if each.demand.kind is kind), default=1))
