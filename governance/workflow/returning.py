"""Leading a change back to an earlier stage, with a reason: what depends on it is void, and it stays until somebody deals with it."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.case import load
from governance.errors import BadInput, NotReady
from governance.lifecycle import Stage
from governance.models import Phase, Run, SentBack
from governance.workflow.acts import act, lock, move, permit, void_approvals
from governance.workflow.freeing import give_up


@act
def go_back(*, actor: User, phase: Phase, stage: Stage, reason: str) -> Phase:
    """Rehearsals, tests, dry runs and analyses of that stage and later ones are stale from now on; approvals and bookings are void.

    Raises:
        MissingRole, WrongStage, NeedsReason, BadInput, NotReady
    """
    phase = lock(phase)
    permit(actor, "go_back", stage=phase.at, reason=reason)
    _refuse(phase, stage)
    save(actor, SentBack(phase=phase, stage=stage, person=actor, reason=reason))
    why = f"{actor} sent it back to {stage.title.lower()}: {reason}"
    audit.append(actor, "phase.back", phase.spec.number, why, stage=stage)
    _void(actor, phase, stage, why)
    move(actor, phase, stage, why)
    return phase


def _refuse(phase: Phase, stage: Stage) -> None:
    if stage >= phase.at:
        raise BadInput(f"{phase.spec.number} is at “{phase.at.title}”. Name a stage before it.")
    if Run.objects.live().filter(deployment__phase=phase).exists():
        raise NotReady(f"{phase} has a run that has not ended. Wait for it, or stop it first.")
    applied = phase.deployments.filter(applied=True, target__environment__production=True).select_related("target").first()
    if applied and stage <= Stage.PRODUCTION_DEPLOYMENT:
        raise NotReady(f"{phase} is applied on {applied.target}. Roll it back there first, or submit the correction as a new change.")


def _void(actor: User, phase: Phase, stage: Stage, why: str) -> None:
    """A technical approval survives what comes after it, a business one nothing."""
    if stage > Stage.SCHEDULED_WINDOW:
        return
    for booking in phase.bookings.live():
        give_up(actor, booking)
    keep = load(phase.pk).digests[:1] if stage > Stage.STAGING_DEPLOYMENT else ()
    void_approvals(actor, phase, keep, why, timezone.now())


def settle_returns(actor: User, phase: Phase) -> None:
    """Whoever goes on from a stage says that what it was sent back for is dealt with."""
    for row in phase.sent_back.filter(stage=phase.stage, settled_at=None):
        row.settled_by, row.settled_at = actor, timezone.now()
        save(actor, row)
        audit.append(actor, "phase.settled", phase.spec.number, f"{actor} says that it is dealt with: {row.reason}")
