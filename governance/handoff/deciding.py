"""The end of a run: what an operator has to decide about it, and what its environment lets happen by itself."""

from collections.abc import Iterable

from django.utils import timezone

from governance import announcing, audit, requests
from governance.audit import Actor, System, save
from governance.errors import Refusal
from governance.gates import check_run
from governance.models import AfterFailedCheck, Cause, Choice, DecisionPoint, Deployment, Run
from governance.orders import RunKind, RunStatus

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


def _open(run: Run, cause: Cause, text: str) -> None:
    announcing.to_be_decided(save(System.RUNNER, DecisionPoint(run=run, cause=cause, at=timezone.now(), text=text)))


def _close_halves(run: Run) -> None:
    """A later run has completed, or taken back, what an earlier one left half done; a rollback answers everything."""
    points = DecisionPoint.objects.filter(run__deployment=run.deployment, decided_at=None)
    for point in points if run.kind == RunKind.ROLLBACK else points.filter(cause=Cause.DIRTY):
        point.choice = Choice.ROLL_BACK if run.kind == RunKind.ROLLBACK else Choice.KEEP
        point.decided_at = timezone.now()
        point.reason = f"Settled by the {run.kind.replace('_', ' ')} of {run.requested_at:%d %b %H:%M} UTC."
        save(System.RUNNER, point)
