"""The look back at a change: its review, what holds instead of a check, and the debt it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.actuals import actual_of
from governance.audit import save
from governance.case import load
from governance.criteria import measured
from governance.errors import BadInput, MissingRole, NotAllowed, NotReady, OwnWork
from governance.lifecycle import Stage
from governance.models import CheckResult, Criterion, FollowUp, Phase, Review, Run, Supersession
from governance.orders import RunKind, Verdict
from governance.workflow.acts import act, carry_on, lock, move, permit
from governance.workflow.decisions import refuse_own_work


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
def review(
    *,
    actor: User,
    phase: Phase,
    performance_impact: str,
    lessons: str,
    results: Mapping[str, Result],
    follow_ups: Sequence[Debt] = (),
    incidents: str = "",
) -> Review:
    """The post-migration review, which closes the change.

    `results`: by name of the criterion, for every one that was not measured; what was measured nobody says otherwise.

    Raises:
        OwnWork, NotReady, BadInput
    """
    phase = lock(phase)
    permit(actor, "review", stage=phase.at)
    refuse_own_work(actor, load(phase.pk), "review")
    refuse_live(phase)
    if not performance_impact.strip() or not lessons.strip():
        raise BadInput("A review says what users felt and what was learned. Write both, even if it is “nothing”.")
    _judge(actor, phase, results)
    texts = {"performance_impact": performance_impact, "lessons": lessons, "incidents": incidents}
    row = save(actor, Review(phase=phase, reviewer=actor, **texts))
    for debt in follow_ups:
        save(actor, FollowUp(review=row, title=debt.title, owner=debt.owner, due=debt.due))
    audit.append(actor, "review.done", phase.spec.number, f"{actor} reviewed {phase}.", follow_ups=[debt.title for debt in follow_ups])
    phase.refresh_from_db()
    carry_on(actor, phase)
    return row


def refuse_live(phase: Phase) -> None:
    if Run.objects.live().filter(deployment__phase=phase).exists():
        raise NotReady(f"{phase} has a run that has not ended. Wait for it, or stop it first.")


def _judge(actor: User, phase: Phase, results: Mapping[str, Result]) -> None:
    criteria = {criterion.name: criterion for criterion in Criterion.objects.filter(spec=phase.spec)}
    if unknown := results.keys() - criteria.keys():
        raise BadInput(f"No criterion is called {', '.join(sorted(unknown))}. They are: {', '.join(criteria) or 'none'}.")
    actual = actual_of(load(phase.pk))
    for name, criterion in criteria.items():
        found = measured(criterion.measure, actual) or results.get(name)
        if found is None:
            raise BadInput(f"The criterion “{name}” (expected: {criterion.expected}) has no result. Write what came of it.")
        criterion.result, criterion.met = found.result, found.met
        save(actor, criterion)


@act
def supersede_check(*, actor: User, result: CheckResult, verdict: Verdict, reason: str) -> Supersession:
    """What holds instead of what a check found. The result stays as it is, and both are shown.

    Raises:
        MissingRole, NeedsReason, OwnWork, NotReady
    """
    run = Run.objects.select_related("deployment__phase", "target__environment").get(pk=result.run_id)
    phase = lock(run.deployment.phase)
    permit(actor, "supersede_check", reason=reason)
    refuse_own_work(actor, load(phase.pk), "supersede a check of")
    if run.requested_by_id == actor.pk:
        raise OwnWork(actor.get_username(), f"the run of {phase.spec.number}", "supersede a check of")
    if result.verdict == verdict or Supersession.objects.filter(result=result).exists():
        raise NotReady(f"“{result.name}” has this verdict, or was superseded before. Nothing is left to do.")
    row = save(actor, Supersession(result=result, verdict=verdict, reason=reason, person=actor))
    text = f"{actor} says that “{result.name}” {verdict} instead of {result.verdict}: {reason}"
    audit.append(actor, "check.supersede", phase.spec.number, text, run=str(run.pk), check=result.name)
    if verdict is not Verdict.PASSED and run.kind == RunKind.DEPLOY and run.target.environment.production:
        move(actor, phase, min(phase.at, Stage.POST_MIGRATION_VERIFICATION), f"“{result.name}” {verdict}")
    carry_on(actor, phase)
    return row


@act
def finish_debt(*, actor: User, debt: FollowUp) -> FollowUp:
    """Its owner says that it is done.

    Raises:
        MissingRole, NotAllowed, NotReady
    """
    permit(actor, "finish_debt")
    held = _open_debt(debt)
    if held.owner_id != actor.pk:
        raise NotAllowed(f"“{held}” is {held.owner}'s. Ask {held.owner} to say that it is done, or waive it with a reason.")
    return _settle(actor, held, "")


@act
def waive_debt(*, actor: User, debt: FollowUp, reason: str) -> FollowUp:
    """Somebody other than its owner says that it will not be done, and why."""
    permit(actor, "waive_debt", reason=reason)
    held = _open_debt(debt)
    if held.owner_id == actor.pk:
        raise MissingRole(actor.get_username(), "waive their own debt", ["another reviewer, stakeholder", "operator"])
    return _settle(actor, held, reason)


def _open_debt(debt: FollowUp) -> FollowUp:
    held = FollowUp.objects.select_for_update(of=("self",), no_key=True).select_related("owner", "review__phase__spec").get(pk=debt.pk)
    if held.done_at:
        raise NotReady(f"“{held}” was settled at {held.done_at:%d %b %H:%M} UTC. Nothing is left to do.")
    return held


def _settle(actor: User, debt: FollowUp, reason: str) -> FollowUp:
    debt.done_at, debt.settled_by, debt.waived_because = timezone.now(), actor, reason
    save(actor, debt)
    what = f"waived “{debt}”: {reason}" if reason else f"says that “{debt}” is done."
    audit.append(actor, "debt.waive" if reason else "debt.done", debt.review.phase.spec.number, f"{actor} {what}", debt=debt.pk)
    return debt
