"""Changing the approval policy: one person drafts a version, another approves it, and from then on it holds."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Max
from django.utils import timezone

from governance import audit, heralding
from governance.audit import save
from governance.case import load
from governance.errors import BadPolicy, NotReady, TwoPeople
from governance.lifecycle import Stage
from governance.models import Domain, Environment, Phase, PolicyState, PolicyVersion
from governance.policy import Policy, as_plain, read_policy
from governance.wording import unstorable
from governance.workflow.acts import act, carry_on, lock, move, permit, void_approvals
from governance.workflow.asking import DECIDING


@act
def draft_policy(*, actor: User, rules: object, reason: str, instead_of: int | None = None) -> PolicyVersion:
    """`rules`: a list of mappings, as `governance.policy.read_policy` reads them; all of them, not what differs.
    `instead_of`: number of the version that they were made from, so that nobody takes back unseen what another one brought.

    Raises:
        MissingRole, NeedsReason, BadPolicy
        NotReady: another draft waits, or another version holds by now
    """
    permit(actor, "draft_policy", reason=reason)
    policy = read_policy(1 + (_locked().aggregate(last=Max("number"))["last"] or 0), rules)
    if waiting := PolicyVersion.objects.filter(state=PolicyState.DRAFT).first():
        raise NotReady(f"{waiting} waits for its approval. Have it approved or dropped first.")
    _refuse_unknown_names(policy)
    plain = [as_plain(rule) for rule in policy.rules]
    if unstorable(plain):
        raise BadPolicy("The policy", "it has a character that no text can hold", "Take it out.")
    active = PolicyVersion.objects.active().get()
    if instead_of not in (None, active.number):
        raise NotReady(f"{active} holds since you began with Policy {instead_of}. Look at what differs, and draft again.")
    if plain == [as_plain(rule) for rule in active.value.rules]:
        raise NotReady(f"These are the rules of {active}, which holds already. Change one of them, or leave it.")
    row = save(actor, PolicyVersion(number=policy.number, rules=plain, reason=reason.strip(), drafted_by=actor))
    audit.append(actor, "policy.draft", str(row), f"{actor} drafted {row}: {row.reason}", rules=plain)
    heralding.policy_drafted(actor, row)
    return row


def _locked() -> Any:
    """One at a time: whoever drafts or approves holds the active version."""
    PolicyVersion.objects.select_for_update(no_key=True).get(state=PolicyState.ACTIVE)
    return PolicyVersion.objects.all()


def _refuse_unknown_names(policy: Policy) -> None:
    known = {
        "environments": set(Environment.objects.values_list("name", flat=True)),
        "domains": set(Domain.objects.values_list("slug", flat=True)),
        "groups": set(Group.objects.values_list("name", flat=True)),
    }
    for place, rule in enumerate(policy.rules, 1):
        named: dict[str, Iterable[str]] = {
            "environments": rule.when.environments, "domains": rule.when.domains, "groups": rule.groups,
        }  # fmt: skip
        for what, names in named.items():
            if unknown := sorted(set(names) - known[what]):
                there = ", ".join(sorted(known[what])) or "nothing yet"
                raise BadPolicy(f"Rule {place}, {what}", f"there is no “{unknown[0]}”", f"There is: {there}.")


@act
def approve_policy(*, actor: User, version: PolicyVersion) -> PolicyVersion:
    """It holds from now on; business approvals, which bind to the version, are void.

    Raises:
        MissingRole, NotReady, TwoPeople
    """
    permit(actor, "approve_policy")
    held = _locked().select_for_update(no_key=True).get(pk=version.pk)
    if held.state != PolicyState.DRAFT:
        raise NotReady(f"{held} is {held.get_state_display().lower()}: only a draft is approved.")
    if held.drafted_by_id == actor.pk:
        raise TwoPeople(actor.get_username(), str(held))
    _refuse_unknown_names(held.value)
    before = PolicyVersion.objects.active().get()
    before.state = PolicyState.RETIRED
    save(actor, before)
    held.state, held.approved_by, held.approved_at = PolicyState.ACTIVE, actor, timezone.now()
    save(actor, held)
    said = f"{actor} approved {held}; it holds instead of {before}."
    audit.append(actor, "policy.approve", str(held), said, drafted_by=str(held.drafted_by))
    heralding.policy_decided(actor, held)
    _weigh_again(actor, f"{held} holds now")
    return held


def _weigh_again(actor: User, why: str) -> None:
    for row in Phase.objects.open().filter(stage__in=DECIDING).order_by("pk"):
        phase = lock(row)
        void_approvals(actor, phase, load(phase.pk).digests, why, timezone.now())
        move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), why)
        carry_on(actor, phase)


@act
def drop_policy(*, actor: User, version: PolicyVersion, reason: str) -> PolicyVersion:
    """A draft that is not wanted; it is kept as one that never held."""
    permit(actor, "drop_policy", reason=reason)
    held = PolicyVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if held.state != PolicyState.DRAFT:
        raise NotReady(f"{held} is {held.get_state_display().lower()}: only a draft is dropped.")
    held.state = PolicyState.DROPPED
    save(actor, held)
    audit.append(actor, "policy.drop", str(held), f"{actor} dropped {held}: {reason}")
    heralding.policy_decided(actor, held, reason)
    return held
