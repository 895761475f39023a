"""The end of a run: what an operator has to decide about it, and what its environment lets happen by itself."""

from collections.abc import Iterable

from django.utils import timezone

from governance import announcing, audit, requests
from governance.audit import Actor, System, save
from governance.errors import Refusal
from governance.gates import check_run
from governance.models import AfterFailedCheck, Cause, Choice, DecisionPoint, Deployment, Run, Step
from governance.orders import RunKind, RunStatus, StepStatus

UNDOABLE = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED_DIRTY})
SETTLING = {RunKind.DEPLOY: RunStatus.SUCCEEDED, RunKind.ROLLBACK: RunStatus.ROLLED_BACK}  # after which no half of a change is left


def undo(actor: Actor, run: Run, reason: str) -> str:
    """Queue the approved rollback of a run that has ended; says in a sentence what came of it."""
    deployment = Deployment.objects.select_related("phase__spec", "target__environment").get(pk=run.deployment_id)  # as the run left it
    number, target = deployment.phase.spec.number, deployment.target
    try:
        digests = check_run(deployment, RunKind.ROLLBACK)
        rollback = requests.run(actor, deployment, RunKind.ROLLBACK, digests, reason=reason)
    except Refusal as refusal:
        audit.append(System.RUNNER, "refused.undo", number, refusal.message, code=refusal.code, run=str(run.pk))
        return f"It could not be rolled back by itself: {refusal.message}"
    audit.append(actor, "run.rollback", number, f"The rollback on {target} begins by itself: {reason}.", run=str(rollback.pk))
    return "The approved rollback begins by itself."


def settle(run: Run, wrong: Iterable[str]) -> None:
    """`wrong`: names of the checks that failed behind it. In the transaction that ends the run."""
    wrong = tuple(wrong)
    ask_about(run)
    if run.kind in SETTLING and run.status == SETTLING[RunKind(run.kind)]:
        _close_halves(run)
    if run.kind == RunKind.DEPLOY and run.undo_reason and run.status in UNDOABLE:
        _open(run, Cause.DIRTY, f"To be rolled back: {run.undo_reason}. {undo(run.undo_by or System.RUNNER, run, run.undo_reason)}")
    elif run.kind == RunKind.DEPLOY and run.status == RunStatus.SUCCEEDED and wrong:
        _open(run, Cause.CHECK, f"Checks that did not pass behind the run: {', '.join(wrong)}. {_after_failed_check(run, wrong[0])}")
    elif run.status == RunStatus.FAILED_DIRTY:
        _open(run, Cause.DIRTY, f"The {run.kind.replace('_', ' ')} ended half-way: the target holds a part of the change.")


def _after_failed_check(run: Run, name: str) -> str:
    if run.target.environment.after_failed_check == AfterFailedCheck.ROLL_BACK:
        return undo(System.RUNNER, run, f"the check “{name}” did not pass behind it")
    return "An operator decides whether the change stays."


def open_failed(run: Run, name: str, text: str) -> str:
    """Of a check that fails while its change is watched; says what was done about it."""
    done = _after_failed_check(run, name)
    _open(run, Cause.CHECK, f"{text} {done}")
    return done


def ask_about(run: Run) -> None:
    """Statements that no catalogue can judge: somebody has to look at the target. Those that it can judge now are asked about no more."""
    for point in DecisionPoint.objects.filter(run=run, cause=Cause.STATEMENT, decided_at=None).exclude(step__status=StepStatus.UNKNOWN):
        point.choice = Choice.APPLIED if point.step and point.step.status == StepStatus.DONE else Choice.NOT_APPLIED
        point.decided_at, point.reason = timezone.now(), "The target's catalogue told it after all."
        save(System.RUNNER, point)
    asked = DecisionPoint.objects.filter(run=run, cause=Cause.STATEMENT, decided_at=None).values("step")
    for step in run.steps.filter(status=StepStatus.UNKNOWN).exclude(pk__in=asked):
        place = f"line {step.line} of {step.script}"
        _open(run, Cause.STATEMENT, f"No catalogue tells whether {place} took effect: {' '.join(step.statement.split())}", step)


def _open(run: Run, cause: Cause, text: str, step: Step | None = None) -> None:
    announcing.to_be_decided(save(System.RUNNER, DecisionPoint(run=run, cause=cause, at=timezone.now(), text=text, step=step)))


def _close_halves(run: Run) -> None:
    """A later run has completed, or taken back, what an earlier one left half done; a rollback answers everything."""
    points = DecisionPoint.objects.filter(run__deployment=run.deployment, decided_at=None, step=None)
    for point in points if run.kind == RunKind.ROLLBACK else points.filter(cause=Cause.DIRTY):
        point.choice = Choice.ROLL_BACK if run.kind == RunKind.ROLLBACK else Choice.KEEP
        point.decided_at = timezone.now()
        point.reason = f"Settled by the {run.kind.replace('_', ' ')} of {run.requested_at:%d %b %H:%M} UTC."
        save(System.RUNNER, point)
