"""Asking for runs, and steering them."""

from django.contrib.auth.models import User

from governance import audit, bell, requests
from governance.audit import save
from governance.errors import DigestChanged, NotReady
from governance.gates import booking_of, check_run, stage_of
from governance.models import Deployment, Run
from governance.orders import RunKind, RunStatus, Wish
from governance.workflow.acts import act, lock, permit


@act
def start(*, actor: User, deployment: Deployment, kind: RunKind = RunKind.DEPLOY) -> Run:
    """Ask for a run; the runner does it as soon as it is woken.

    Raises:
        MissingRole, WrongStage, MissingEvidence, OutsideWindow, Undeployed, AlreadyApplied, TargetBusy
    """
    phase = lock(deployment.phase)
    deployment = Deployment.objects.select_related("phase__spec__author", "target__environment").get(pk=deployment.pk)
    name, _ = stage_of(kind, deployment.target.environment.production)
    permit(actor, name)
    digests = check_run(deployment, kind)  # before the stage: a void approval says more than the stage it led back to
    permit(actor, name, stage=phase.at)
    run = requests.run(actor, deployment, kind, digests, booking=booking_of(deployment))
    audit.append(
        actor,
        f"run.{kind}",
        phase.spec.number,
        f"{actor} asked for a {kind.replace('_', ' ')} on {deployment.target}.",
        run=str(run.pk),
        script_digest=digests[0],
        release_digest=digests[1],
    )
    return run


@act
def roll_back(*, actor: User, deployment: Deployment, reason: str) -> Run:
    """May start outside windows and inside blackouts: going back is always allowed, and is recorded."""
    phase = lock(deployment.phase)
    deployment = Deployment.objects.select_related("phase__spec__author", "target__environment").get(pk=deployment.pk)
    permit(actor, "roll_back", stage=phase.at, reason=reason)
    digests = check_run(deployment, RunKind.ROLLBACK)
    run = requests.run(actor, deployment, RunKind.ROLLBACK, digests, reason=reason)
    audit.append(actor, "run.rollback", phase.spec.number, f"{actor} rolls back on {deployment.target}: {reason}", run=str(run.pk))
    return run


@act
def control(*, actor: User, run: Run, wish: Wish) -> Run:
    """Pause or stop a run: the runner obeys at the next boundary, and a stop cancels the statement it is in."""
    permit(actor, "control_run")
    held = Run.objects.select_for_update(of=("self",)).select_related("deployment__phase__spec", "target").get(pk=run.pk)
    if held.status == RunStatus.PAUSED and wish is Wish.STOP:
        held.status, held.message = RunStatus.INDETERMINATE, "Stopped while it rested. The target is asked what it holds."
    elif held.status not in (RunStatus.QUEUED, RunStatus.RUNNING):
        raise NotReady(f"{held} is {held.status.replace('_', ' ')}: there is nothing to {wish}.")
    held.wish = wish
    save(actor, held)
    audit.append(actor, f"run.{wish}", held.deployment.phase.spec.number, f"{actor} asked to {wish} {held}.", run=str(held.pk))
    return held


@act
def resume(*, actor: User, run: Run) -> Run:
    """Queue a paused run again; what the target's ledger holds is not done twice."""
    permit(actor, "control_run")
    held = Run.objects.select_for_update(of=("self",)).select_related("deployment__phase__spec", "target").get(pk=run.pk)
    if held.status != RunStatus.PAUSED:
        raise NotReady(f"{held} is {held.status.replace('_', ' ')}, not paused.")
    if held.kind == RunKind.DEPLOY:
        _check_again(held)
    held.wish, held.status = Wish.NONE, RunStatus.QUEUED
    save(actor, held)
    bell.ring("run", held.pk)
    audit.append(actor, "run.resume", held.deployment.phase.spec.number, f"{actor} resumed {held}.", run=str(held.pk))
    return held


def _check_again(run: Run) -> None:
    """What holds at a start holds when it goes on: it may have paused because its window was over, and have been booked anew since."""
    digests = check_run(run.deployment, RunKind.DEPLOY)
    if digests[0] != run.script_digest:
        raise DigestChanged(f"A script of {run.deployment.phase.spec.number}", run.script_digest, digests[0])
    run.release_digest, run.booking = digests[1], booking_of(run.deployment)
