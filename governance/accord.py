"""How far a change is agreed to: its approvals, weighed by the policy that is active and by who may approve now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from governance.models import Decision, Domain, PolicyVersion
from governance.policy import APPROVERS, ROLE_OF, ApprovalKind, Approver, Considered, Policy, Standing, Voice, read_policy, standings


@dataclass(frozen=True)
class Accord:
    policy: Policy
    approvers: Mapping[int, Approver]  # everybody active who has an approver's role
    wrote: frozenset[int]  # who has no voice: author and editors
    decisions: tuple[Any, ...]  # on what would run now, not voided, newest first
    below: tuple[Considered, ...]  # the change in each environment below production,
    production: tuple[Considered, ...]  # and in each that customers use
    now: datetime

    def counts(self, approval: Any) -> bool:
        """Not those of people who have left, have changed roles, or wrote on the change, and none that has expired."""
        right = self.right_of(approval)
        return bool(
            right
            and ROLE_OF[ApprovalKind(approval.kind)] in right.groups
            and approval.person.is_active
            and approval.expires_at > self.now
            and not {approval.person_id, right.id} & self.wrote
        )

    def right_of(self, approval: Any) -> Approver | None:
        """Of the person, or of who had delegated to them."""
        return self.approvers.get(approval.on_behalf_of_id or approval.person_id)

    @cached_property
    def counting(self) -> tuple[Any, ...]:
        """Newest first; of one person the first only, whatever roles they have."""
        heard: set[int] = set()
        found = []
        for approval in reversed(self.decisions):
            people = {approval.person_id, approval.on_behalf_of_id} - {None}
            if self.counts(approval) and not people & heard:
                heard |= people
                found.append(approval)
        return tuple(reversed(found))

    @cached_property
    def voices(self) -> tuple[Voice, ...]:
        approved = (each for each in self.counting if each.decision == Decision.APPROVED)
        rights = ((each, self.right_of(each)) for each in approved)
        return tuple(Voice(each.person_id, ApprovalKind(each.kind), right) for each, right in rights if right)

    def given(self, kind: ApprovalKind) -> int:
        return len({voice.person for voice in self.voices if voice.kind is kind})

    def needed(self, kind: ApprovalKind) -> int:
        """Distinct people, whatever else is asked of them."""
        return max((each.demand.people for each in self.asked if each.demand.kind is kind), default=0)

    @cached_property
    def before_production(self) -> tuple[Standing, ...]:
        """What has to be agreed before it runs below production."""
        return self._standings(self.below)

    @cached_property
    def for_production(self) -> tuple[Standing, ...]:
        return self._standings(self.production)

    @cached_property
    def asked(self) -> tuple[Standing, ...]:
        """Before and for production together."""
        return self._standings((*self.below, *self.production))

    def standings(self, *, production: bool) -> tuple[Standing, ...]:
        return self.for_production if production else self.before_production

    def _standings(self, environments: Iterable[Considered]) -> tuple[Standing, ...]:
        able = [person for person in self.approvers.values() if person.id not in self.wrote]
        return standings(self.policy.demands(*environments), self.voices, able)


def approver_rows() -> QuerySet[Any]:
    """As JSON: every active person with a role that approves."""
    groups = Group.objects.filter(user=OuterRef("pk"))
    domains = Domain.objects.filter(owners=OuterRef("pk"))
    approving = Exists(groups.filter(name__in=APPROVERS))
    people = User.objects.filter(approving, is_active=True).order_by("username")
    return people.values(
        row=JSONObject(id="pk", name="username", groups=ArraySubquery(groups.values("name")), domains=ArraySubquery(domains.values("slug")))
    )


def approvers_from(rows: Iterable[Mapping[str, Any]]) -> dict[int, Approver]:
    return {row["id"]: Approver(row["id"], row["name"], frozenset(row["groups"]), frozenset(row["domains"])) for row in rows}


def active_policy_row() -> QuerySet[Any]:
    return PolicyVersion.objects.active().values(row=JSONObject(number="number", rules="rules"))


def policy_from(row: Mapping[str, Any]) -> Policy:
    return read_policy(row["number"], row["rules"])
