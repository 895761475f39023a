"""Going on, for example after a failure, and giving a change up."""

from django.contrib.auth.models import User

from governance import audience, audit, heralding, lifecycle
from governance.audit import save
from governance.dossier import gather
from governance.errors import MissingEvidence, NotReady
from governance.lifecycle import PhaseStatus
from governance.models import Phase
from governance.workflow.acts import act, carry_on, lock, permit
from governance.workflow.freeing import give_up
from governance.workflow.returning import settle_returns
from governance.workflow.reviewing import refuse_live


@act
def advance(*, actor: User, phase: Phase) -> Phase:
    """Go on as far as the evidence carries, for example after a failed run whose cause is gone, or what it was sent back for is done.

    Raises:
        MissingEvidence: what is missing at this stage.
    """
    phase = lock(phase)
    permit(actor, "advance")
    settle_returns(actor, phase)
    lacking = lifecycle.missing(phase.at, gather(phase))
    if lacking:
        raise MissingEvidence(f"leave “{phase.at.title}”", [f"{piece.text} ({piece.detail or piece.state})" for piece in lacking])
    carry_on(actor, phase)
    return phase


@act
def cancel(*, actor: User, phase: Phase, reason: str) -> Phase:
    """Give a change up. It stays in the history."""
    phase = lock(phase)
    permit(actor, "cancel", stage=phase.at, reason=reason)
    refuse_live(phase)
    if phase.deployments.filter(applied=True).exists():
        raise NotReady(f"{phase} is applied on a target. Roll it back there first, so that nothing half-done is left.")
    for booking in phase.bookings.live().select_related("target", "phase__spec"):
        people = list(audience.concerned(phase, booking.target))
        give_up(actor, booking)
        heralding.unbooked(actor, booking, people, reason)
    phase.status = PhaseStatus.CANCELLED
    save(actor, phase)
    audit.append(actor, "phase.cancel", phase.spec.number, f"{actor} cancelled {phase}: {reason}")
    return phase
