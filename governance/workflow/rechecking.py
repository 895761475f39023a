"""Asking a check again whose answer is unknown, for example because it was stopped. What was answered first stays."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit, bell
from governance.audit import save
from governance.errors import NotReady
from governance.models import CheckResult, Recheck
from governance.orders import RunStatus
from governance.rechecks import check_askable
from governance.workflow.acts import act, lock, permit


@act
def ask_again(*, actor: User, result: CheckResult) -> Recheck:
    """The runner asks it as soon as it is woken, beside whoever works on the target.

    Raises:
        MissingRole, NotReady
    """
    phase = lock(result.run.deployment.phase)
    permit(actor, "ask_again")
    fresh = CheckResult.objects.select_related("run__deployment__phase__spec", "run__target").get(pk=result.pk)
    if fresh.rechecks.live().exists():
        raise NotReady(f"“{fresh.name}” is being asked again already. Its answer will stand beside the first one.")
    check_askable(fresh)
    row = save(actor, Recheck(result=fresh, requested_by=actor))
    bell.ring("recheck", row.pk)
    audit.append(actor, "check.ask", phase.spec.number, f"{actor} asks “{fresh.name}” again on {fresh.run.target}.", run=str(fresh.run_id))
    return row


@act
def stop_asking(*, actor: User, result: CheckResult) -> Recheck:
    """A reading hears it within a second; what it has read is kept, so that it can go on there.

    Raises:
        MissingRole, NotReady
    """
    phase = lock(result.run.deployment.phase)
    permit(actor, "ask_again")
    row = result.rechecks.live().select_for_update(of=("self",), no_key=True).first()
    if row is None:
        raise NotReady(f"“{result.name}” is not being asked now. There is nothing to stop.")
    row.stop = True
    if row.status == RunStatus.QUEUED:
        row.status, row.finished_at, row.message = RunStatus.FAILED_CLEAN, timezone.now(), "Stopped before it was asked."
    save(actor, row)
    audit.append(actor, "check.stop", phase.spec.number, f"{actor} stops asking “{result.name}”.", run=str(result.run_id))
    return row
