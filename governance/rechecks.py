"""When a check of a run may be asked again: the same function when it is asked for and when the runner takes it."""

from governance.case import load
from governance.errors import NotReady
from governance.models import CheckResult, Run, what_holds
from governance.orders import Moment, RunKind, RunStatus, Verdict

BEHIND = (Moment.AFTER, Moment.MONITORING)
INSTEAD = "Supersede its answer with a reason."


def check_askable(result: CheckResult) -> None:
    """Raises NotReady: its answer is known, or what it is about is not there any more."""
    run, holds = result.run, CheckResult.objects.annotate(holds=what_holds()).values_list("holds", flat=True).get(pk=result.pk)
    if holds != Verdict.UNKNOWN or hasattr(result, "superseded"):
        raise NotReady(f"“{result.name}” is answered: {holds}. Only what is unknown is asked again.")
    if result.moment not in BEHIND:
        raise NotReady(f"“{result.name}” is about the time before {run} had ended, which is over. {INSTEAD}")
    check_still_there(run)
    if load(run.deployment.phase_id).digests[0] != run.script_digest:
        number = run.deployment.phase.spec.number
        raise NotReady(f"The scripts of {number} have changed since {run}: their checks ask something else. {INSTEAD}")


def check_still_there(run: Run) -> None:
    """What a page can tell without loading the change. Raises NotReady."""
    number, target = run.deployment.phase.spec.number, run.target
    if run.kind != RunKind.DEPLOY or run.status != RunStatus.SUCCEEDED or not run.deployment.applied:
        raise NotReady(f"{run} left nothing on {target} that could be asked about now. {INSTEAD}")
    later = Run.objects.filter(target=target, started_at__gt=run.started_at).exclude(kind=RunKind.DRY_RUN)
    if other := later.select_related("deployment__phase__spec", "deployment__target").first():
        raise NotReady(f"{other} came after {number}: with it went what {target} had kept to compare with. {INSTEAD}")
