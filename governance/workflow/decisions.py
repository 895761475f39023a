"""Approving and rejecting, each bound to the digest that the person saw."""

from django.contrib.auth.models import User

from governance import announcing, audit, policy
from governance.audit import save
from governance.case import Case, load
from governance.errors import AlreadyDecided, DigestChanged, MissingEvidence, OwnWork
from governance.lifecycle import Role, Stage
from governance.models import Approval, Decision, Phase
from governance.policy import ApprovalKind
from governance.workflow.acts import act, carry_on, lock, move, permit, refuse_ended, roles_of


@act
def approve(*, actor: User, phase: Phase, kind: ApprovalKind, digest: str, reason: str = "") -> Approval:
    """`digest`: what the person was shown; refused if it is no longer what would run.

    Raises:
        MissingRole, WrongStage, MissingEvidence, OwnWork, DigestChanged, AlreadyDecided
    """
    phase = lock(phase)
    check_approval(actor, roles_of(actor), load(phase.pk), kind, digest)
    return _decide(actor, phase, kind, Decision.APPROVED, digest, reason)


def check_approval(person: User, roles: frozenset[Role], case: Case, kind: ApprovalKind, seen: str | None = None) -> None:
    """Refuses what `approve` refuses, and tells a page beforehand; `seen` is then not known yet."""
    refuse_ended(case.phase)
    permit(person, f"approve_{kind}", stage=case.phase.at, roles=roles)
    if case.asked:
        raise MissingEvidence("approve", ["the changes that {person} asked for: “{text:.60}”".format(**case.asked[0])])
    _check_decision(person, case, kind, seen)


@act
def reject(*, actor: User, phase: Phase, kind: ApprovalKind, digest: str, reason: str) -> Approval:
    phase = lock(phase)
    permit(actor, "reject", stage=phase.at, reason=reason)
    permit(actor, f"approve_{kind}", stage=phase.at)
    _check_decision(actor, load(phase.pk), kind, digest)
    return _decide(actor, phase, kind, Decision.REJECTED, digest, reason)


def _check_decision(person: User, case: Case, kind: ApprovalKind, seen: str | None) -> None:
    refuse_own_work(person, case, "approve")
    current = _bound(case, kind)
    if seen not in (None, current):
        raise DigestChanged(f"{case.phase.spec.number} as you saw it", seen, current)
    if any(each.person_id == person.pk for each in case.decided(kind)):
        raise AlreadyDecided(person.get_username(), kind)


def _decide(actor: User, phase: Phase, kind: ApprovalKind, decision: Decision, digest: str, reason: str) -> Approval:
    approval = Approval(phase=phase, kind=kind, decision=decision, digest=digest, person=actor, reason=reason, policy=policy.VERSION)
    save(actor, approval)
    audit.append(
        actor,
        f"approval.{decision}",
        phase.spec.number,
        f"{actor} {decision} {phase} ({kind}).",
        digest=digest,
        policy=policy.VERSION,
        reason=reason,
    )
    announcing.decided(approval)
    if decision is Decision.REJECTED:
        move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), f"{actor} rejected it")
    carry_on(actor, phase)
    return approval


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
