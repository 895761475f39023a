"""Approving, rejecting and withdrawing, each bound to the digest that the person saw."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from governance import announcing, audit
from governance.audit import save
from governance.case import Case, load
from governance.errors import (
    AlreadyDecided,
    CountedTwice,
    DigestChanged,
    MissingEvidence,
    NotAllowed,
    NotAsked,
    NotDelegated,
    NotItsTurn,
    NotReady,
    OwnWork,
    PasswordNeeded,
    StepChanged,
)
from governance.lifecycle import Role, Stage
from governance.models import Approval, Decision, Delegation, Phase
from governance.policy import ApprovalKind, asks_for_password, turn, waits_for
from governance.signing import UNSIGNED, Signing
from governance.workflow.acts import act, carry_on, lock, move, permit, refuse_ended, roles_of, void, void_approvals

USUAL_DAYS = 14  # that a rejection counts


@act
def approve(
    *,
    actor: User,
    phase: Phase,
    kind: ApprovalKind,
    digest: str,
    reason: str = "",
    step: int | None = None,
    on_behalf_of: User | None = None,
    signing: Signing = UNSIGNED,
) -> Approval:
    """`digest` and `step`: what the person was shown; refused if it is no longer what would run, or another's turn.

    Raises:
        MissingRole, WrongStage, MissingEvidence, OwnWork, DigestChanged, StepChanged, NotItsTurn, NotAsked, AlreadyDecided, CountedTwice,
        NotDelegated, PasswordNeeded
    """
    phase = lock(phase)
    case = load(phase.pk)
    check_approval(actor, _roles(actor, on_behalf_of), case, kind, digest, step=step, on_behalf_of=on_behalf_of)
    if asks_for_password(phase.risk) and not signing.confirmed:
        raise PasswordNeeded(actor.get_username(), phase.risk)
    return _decide(actor, case, phase, Approval(kind=kind, digest=digest, reason=reason, on_behalf_of=on_behalf_of), signing)


def check_approval(
    person: User,
    roles: frozenset[Role],
    case: Case,
    kind: ApprovalKind,
    seen: str | None = None,
    *,
    step: int | None = None,
    on_behalf_of: User | None = None,
) -> None:
    """Refuses what `approve` refuses, and tells a page beforehand; `seen` is then not known yet. `roles`: those of the right."""
    refuse_ended(case.phase)
    permit(person, f"approve_{kind}", stage=case.phase.at, roles=roles)
    if case.asked:
        wish = case.asked[0]
        said = wish["text"][:60].rstrip(". ")
        raise MissingEvidence("approve", [f"the changes that {wish['person']} asked for: “{said}”"])
    _check_decision(person, case, kind, seen, on_behalf_of)
    _check_turn(on_behalf_of or person, case, kind, step)


@act
def reject(
    *,
    actor: User,
    phase: Phase,
    kind: ApprovalKind,
    digest: str,
    reason: str,
    on_behalf_of: User | None = None,
    signing: Signing = UNSIGNED,
) -> Approval:
    phase = lock(phase)
    roles = _roles(actor, on_behalf_of)
    permit(actor, "reject", stage=phase.at, reason=reason, roles=roles)
    permit(actor, f"approve_{kind}", stage=phase.at, roles=roles)
    case = load(phase.pk)
    _check_decision(actor, case, kind, digest, on_behalf_of)
    decision = Approval(kind=kind, decision=Decision.REJECTED, digest=digest, reason=reason, on_behalf_of=on_behalf_of)
    return _decide(actor, case, phase, decision, signing)


@act
def withdraw_approval(*, actor: User, approval: Approval, reason: str) -> Approval:
    """Take one's own decision back, as long as the change is not in production; whom one had delegated to decided for oneself.

    Raises:
        MissingRole, WrongStage, NeedsReason, NotAllowed, NotReady
    """
    phase = lock(approval.phase)
    permit(actor, "withdraw_approval", stage=phase.at, reason=reason)
    held = Approval.objects.select_related("phase__spec", "person").get(pk=approval.pk)
    if actor.pk not in (held.person_id, held.on_behalf_of_id):
        raise NotAllowed(f"{held} is not the decision of {actor}. {held.person} withdraws it, or you ask for changes.")
    if held.voided_at:
        raise NotReady(f"{held} is void already: {held.voided_because}. Nothing is left to withdraw.")
    void(actor, phase, held, f"{actor} withdrew it: {reason}", timezone.now())
    _go_back(actor, phase, ApprovalKind(held.kind), f"{actor} withdrew the {held.kind} approval")
    carry_on(actor, phase)
    return held


def _go_back(actor: User, phase: Phase, kind: ApprovalKind, why: str) -> None:
    """To where the decision is given: what was only agreed to below production is asked for again before the next run."""
    move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), why)


def _roles(actor: User, on_behalf_of: User | None) -> frozenset[Role]:
    """Of the one whose right it is. Raises NotDelegated."""
    if on_behalf_of is None:
        return roles_of(actor)
    if not Delegation.objects.holding().filter(person=on_behalf_of, delegate=actor).exists():
        raise NotDelegated(actor.get_username(), on_behalf_of.get_username())
    return roles_of(on_behalf_of)


def _check_decision(person: User, case: Case, kind: ApprovalKind, seen: str | None, on_behalf_of: User | None) -> None:
    for one in filter(None, (person, on_behalf_of)):
        refuse_own_work(one, case, "approve")
    current = _bound(case, kind)
    if seen not in (None, current):
        raise DigestChanged(f"{case.phase.spec.number} as you saw it", seen, current)
    _refuse_second_voice(person, case, kind, on_behalf_of)


def _refuse_second_voice(person: User, case: Case, kind: ApprovalKind, on_behalf_of: User | None) -> None:
    people = {each.pk: each for each in (person, on_behalf_of) if each}
    for given in case.accord.decisions:
        mine = people.keys() & {given.person_id, given.on_behalf_of_id}
        if not mine or given.expires_at <= case.accord.now:
            continue
        if given.kind == kind and given.person_id == person.pk:
            raise AlreadyDecided(person.get_username(), kind)
        raise CountedTwice(people[min(mine)].get_username(), f"{given.person} {given.decision} it ({given.kind})")


def _check_turn(right: User, case: Case, kind: ApprovalKind, step: int | None) -> None:
    asked = [standing for standing in case.accord.asked if standing.demand.kind is kind]
    if not asked:
        raise NotAsked(kind, f"version {case.policy.version} of the policy asks for none")
    now = turn(asked, kind)
    if step not in (None, now):
        raise StepChanged(kind, step, now)
    if first := waits_for(case.accord.asked, kind, now):
        raise NotItsTurn(kind, map(str, first))
    approver = case.accord.approvers.get(right.pk)
    if not any(approver and approver.may(standing.demand) for standing in asked):
        raise NotAsked(kind, f"it is asked of others than {right}: {'; '.join(str(each.demand) for each in asked)}")


def _decide(actor: User, case: Case, phase: Phase, approval: Approval, signing: Signing) -> Approval:
    now = timezone.now()
    void_approvals(actor, phase, case.digests, "it was about something else, or its time was over", now)
    approval.phase, approval.person, approval.policy = phase, actor, case.policy.version
    approval.expires_at = now + timedelta(days=_days(case, approval))
    approval.method, approval.confirmed_at = signing.method or "", _confirmed(signing, now)
    save(actor, approval)
    others = f" on behalf of {approval.on_behalf_of}" if approval.on_behalf_of else ""
    audit.append(
        actor,
        f"approval.{approval.decision}",
        phase.spec.number,
        f"{actor} {approval.decision} {phase} ({approval.kind}){others}.",
        digest=approval.digest,
        policy=approval.policy,
        reason=approval.reason,
        on_behalf_of=approval.on_behalf_of.get_username() if approval.on_behalf_of else "",
        expires_at=approval.expires_at.isoformat(),
        method=approval.method,
        session=signing.session,
        address=signing.address,
    )
    announcing.decided(approval)
    if approval.decision == Decision.REJECTED:
        _go_back(actor, phase, ApprovalKind(approval.kind), f"{actor} rejected it")
    carry_on(actor, phase)
    return approval


def _confirmed(signing: Signing, now: datetime) -> datetime | None:
    return now if signing.confirmed else None


def _days(case: Case, approval: Approval) -> int:
    """The shortest time of what it answers."""
    return min((each.demand.days for each in case.accord.asked if each.demand.kind == approval.kind), default=USUAL_DAYS)


def refuse_own_work(person: User, case: Case, what: str) -> None:
    if person.pk in case.wrote:
        raise OwnWork(person.get_username(), case.phase.spec.number, what)


def digest_for(phase: Phase, kind: ApprovalKind) -> str:
    """What an approval of this kind binds to now.

    Raises:
        MissingEvidence: business approves a booked release, and nothing is booked.
    """
    return _bound(load(phase.pk), kind)


def _bound(case: Case, kind: ApprovalKind) -> str:
    digest = case.digest_of(kind)
    if not digest:
        raise MissingEvidence("approve for production", ["a booking for every production target"])
    return digest
