"""A statement that no catalogue can judge: somebody looks at the target, and says whether it is applied."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.case import load
from governance.errors import NotReady
from governance.models import Cause, Choice, DecisionPoint, Run
from governance.orders import RunStatus
from governance.workflow.acts import act, lock_even_closed, permit
from governance.workflow.decisions import refuse_own_work


@act
def judge_statement(*, actor: User, run: Run, position: int, applied: bool, reason: str) -> Run:
    """The target is then asked again at once: the run ends, and goes on or is rolled back, by what it holds and by what was said.

    Raises:
        MissingRole, NeedsReason, OwnWork
        NotReady: its target can still tell, or has told
    """
    permit(actor, "judge_statement", reason=reason)
    phase = lock_even_closed(run.deployment.phase)
    held = Run.objects.select_for_update(of=("self",), no_key=True).select_related("deployment__phase__spec", "target").get(pk=run.pk)
    refuse_own_work(actor, load(phase.pk), "say what is applied of")
    point = _point(held, position)
    point.choice = Choice.APPLIED if applied else Choice.NOT_APPLIED
    point.decided_by, point.decided_at, point.reason = actor, timezone.now(), reason.strip()
    save(actor, point)
    held.finished_at = None  # whoever looks for runs of which nobody knows asks its target now
    save(actor, held)
    said = f"{actor} says that {_named(point)} is {'' if applied else 'not '}applied on {held.target}: {point.reason}"
    audit.append(actor, "run.judge", phase.spec.number, said, run=str(held.pk), position=position, applied=applied)
    return held


def _point(run: Run, position: int) -> DecisionPoint:
    if run.status != RunStatus.INDETERMINATE:
        raise NotReady(f"{run} is {run.status.replace('_', ' ')}: its target has said what it holds. There is nothing to say of it.")
    points = DecisionPoint.objects.select_related("step").filter(run=run, cause=Cause.STATEMENT, decided_at=None)
    found = next((point for point in points if point.step and point.step.position == position), None)
    if found is None:
        open_ = ", ".join(str(point.step.position) for point in points if point.step) or "none now"
        raise NotReady(f"Nobody has to say whether statement {position} of {run} is applied: its target tells. To be said: {open_}.")
    return found


def _named(point: DecisionPoint) -> str:
    assert point.step
    return f"line {point.step.line} of {point.step.script}"
