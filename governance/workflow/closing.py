"""The end of a change: going on after a failure, the review, or giving it up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User

from governance import audit, lifecycle
from governance.audit import save
from governance.case import load
from governance.dossier import gather
from governance.errors import BadInput, MissingEvidence, NotReady
from governance.lifecycle import PhaseStatus
from governance.models import Criterion, FollowUp, Phase, Review, Run
from governance.workflow.acts import act, carry_on, lock, permit
from governance.workflow.decisions import refuse_own_work
from governance.workflow.reserving import give_up


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a success criterion."""

    result: str
    met: bool


@dataclass(frozen=True, slots=True)
class Debt:
    title: str
    owner: User
    due: date


@act
def advance(*, actor: User, phase: Phase) -> Phase:
    """Go on as far as the evidence carries, for example after a failed run whose cause is gone.

    Raises:
        MissingEvidence: what is missing at this stage.
    """
    phase = lock(phase)
    permit(actor, "advance")
    lacking = lifecycle.missing(phase.at, gather(phase))
    if lacking:
        raise MissingEvidence(f"leave “{phase.at.title}”", [f"{piece.text} ({piece.detail or piece.state})" for piece in lacking])
    carry_on(actor, phase)
    return phase


@act
def review(
    *,
    actor: User,
    phase: Phase,
    performance_impact: str,
    lessons: str,
    results: Mapping[str, Result],
    follow_ups: Sequence[Debt] = (),
) -> Review:
    """The post-migration review, which closes the change. `results`: by name of the criterion, for every criterion.

    Raises:
        OwnWork, NotReady, BadInput
    """
    phase = lock(phase)
    permit(actor, "review", stage=phase.at)
    refuse_own_work(actor, load(phase.pk), "review")
    _refuse_live(phase)
    if not performance_impact.strip() or not lessons.strip():
        raise BadInput("A review says what users felt and what was learned. Write both, even if it is “nothing”.")
    _judge(actor, phase, results)
    row = save(actor, Review(phase=phase, reviewer=actor, performance_impact=performance_impact, lessons=lessons))
    for debt in follow_ups:
        save(actor, FollowUp(review=row, title=debt.title, owner=debt.owner, due=debt.due))
    audit.append(actor, "review.done", phase.spec.number, f"{actor} reviewed {phase}.", follow_ups=[debt.title for debt in follow_ups])
    phase.refresh_from_db()
    carry_on(actor, phase)
    return row


def _judge(actor: User, phase: Phase, results: Mapping[str, Result]) -> None:
    criteria = {criterion.name: criterion for criterion in Criterion.objects.filter(spec=phase.spec)}
    if unknown := results.keys() - criteria.keys():
        raise BadInput(f"No criterion is called {', '.join(sorted(unknown))}. They are: {', '.join(criteria) or 'none'}.")
    for name, criterion in criteria.items():
        if name not in results:
            raise BadInput(f"The criterion “{name}” (expected: {criterion.expected}) has no result. Write what came of it.")
        criterion.result, criterion.met = results[name].result, results[name].met
        save(actor, criterion)


@act
def cancel(*, actor: User, phase: Phase, reason: str) -> Phase:
    """Give a change up. It stays in the history."""
    phase = lock(phase)
    permit(actor, "cancel", stage=phase.at, reason=reason)
    _refuse_live(phase)
    if phase.deployments.filter(applied=True).exists():
        raise NotReady(f"{phase} is applied on a target. Roll it back there first, so that nothing half-done is left.")
    for booking in phase.bookings.live():
        give_up(actor, booking)
    phase.status = PhaseStatus.CANCELLED
    save(actor, phase)
    audit.append(actor, "phase.cancel", phase.spec.number, f"{actor} cancelled {phase}: {reason}")
    return phase


def _refuse_live(phase: Phase) -> None:
    if Run.objects.live().filter(deployment__phase=phase).exists():
        raise NotReady(f"{phase} has a run that has not ended. Wait for it, or stop it first.")
