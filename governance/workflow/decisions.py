"""Approving and rejecting, each bound to the digest that the person saw."""

from django.contrib.auth.models import User

from governance import audit, policy
from governance.audit import save
from governance.errors import AlreadyDecided, DigestChanged, MissingEvidence, OwnWork
from governance.lifecycle import Stage
from governance.manifest import digests_of
from governance.models import Approval, CommentKind, Decision, Phase, SpecEditor
from governance.policy import ApprovalKind
from governance.workflow.acts import act, carry_on, lock, move, permit
from governance.workflow.discussing import open_comments


@act
def approve(*, actor: User, phase: Phase, kind: ApprovalKind, digest: str, reason: str = "") -> Approval:
    """`digest`: what the person was shown; refused if it is no longer what would run.

    Raises:
        MissingRole, WrongStage, MissingEvidence, OwnWork, DigestChanged, AlreadyDecided
    """
    phase = lock(phase)
    permit(actor, f"approve_{kind}", stage=phase.at)
    if asked := open_comments(phase).filter(kind=CommentKind.CHANGES).first():
        raise MissingEvidence("approve", [f"the changes that {asked.person} asked for: “{asked}”"])
    return _decide(actor, phase, kind, Decision.APPROVED, digest, reason)


@act
def reject(*, actor: User, phase: Phase, kind: ApprovalKind, digest: str, reason: str) -> Approval:
    phase = lock(phase)
    permit(actor, "reject", stage=phase.at, reason=reason)
    permit(actor, f"approve_{kind}", stage=phase.at)
    return _decide(actor, phase, kind, Decision.REJECTED, digest, reason)


def _decide(actor: User, phase: Phase, kind: ApprovalKind, decision: Decision, digest: str, reason: str) -> Approval:
    refuse_own_work(actor, phase, "approve")
    current = digest_for(phase, kind)
    if digest != current:
        raise DigestChanged(f"{phase.spec.number} as you saw it", digest, current)
    if Approval.objects.filter(phase=phase, kind=kind, digest=digest, person=actor, voided_at=None).exists():
        raise AlreadyDecided(actor.get_username(), kind)
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
    if decision is Decision.REJECTED:
        move(actor, phase, min(phase.at, Stage.SCHEDULED_WINDOW), f"{actor} rejected it")
    carry_on(actor, phase)
    return approval


def refuse_own_work(actor: User, phase: Phase, what: str) -> None:
    wrote = phase.spec.author_id == actor.pk or SpecEditor.objects.filter(spec=phase.spec, person=actor).exists()
    if wrote:
        raise OwnWork(actor.get_username(), phase.spec.number, what)


def digest_for(phase: Phase, kind: ApprovalKind) -> str:
    """What an approval of this kind binds to now.

    Raises:
        MissingEvidence: business approves a booked release, and nothing is booked.
    """
    script, release = digests_of(phase)
    if kind is ApprovalKind.TECHNICAL:
        return script
    if not release:
        raise MissingEvidence("approve for production", ["a booking for every production target"])
    return release
