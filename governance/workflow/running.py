"""Asking for runs, and steering them."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit, bell, requests
from governance.audit import save
from governance.errors import DigestChanged, NotReady
from governance.gates import booking_of, check_run, emergency_of, stage_of
from governance.lifecycle import ENDED
from governance.models import Choice, DecisionPoint, Deployment, Run
from governance.orders import RunKind, RunStatus, Wish
from governance.workflow.acts import act, lock, permit

WORDS = {Wish.PAUSE: "pause", Wish.STOP: "stop", Wish.SLOW: "slow down", Wish.NONE: "speed up"}


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
    digests = check_run(deployment, kind, executor=actor)  # before the stage: a void approval says more than the stage it led back to
    permit(actor, name, stage=phase.at)
    emergency = emergency_of(phase) if deployment.target.environment.production else None
    run = requests.run(actor, deployment, kind, digests, booking=booking_of(deployment), emergency=emergency)
    audit.append(
        actor,
        f"run.{kind}",
        phase.spec.number,
        f"{actor} asked for a {kind.replace('_', ' ')} on {deployment.target}.",
        run=str(run.pk),
        script_digest=digests[0],
        release_digest=digests[1],
        **({"emergency": emergency.incident, "skips": emergency.skips} if emergency else {}),
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
def roll_back_run(*, actor: User, run: Run, reason: str) -> Run:
    """Whatever the run is doing: one that is under way stops first, and is rolled back as soon as its target says what it holds.

    Returns the rollback, or the run that has still to end.
    """
    held = _held(run)
    permit(actor, "roll_back", reason=reason)
    if held.kind != RunKind.DEPLOY:
        raise NotReady(f"{held} brings nothing that could be rolled back. Roll back the deployment instead.")
    _decide(actor, held, Choice.ROLL_BACK, reason)
    if held.status in ENDED - {RunStatus.INDETERMINATE}:
        return roll_back(actor=actor, deployment=held.deployment, reason=reason)
    held.undo_reason, held.undo_by = reason, actor
    _want(held, Wish.STOP)
    save(actor, held)
    what = f"{actor} asked to stop {held} and to roll it back: {reason}"
    audit.append(actor, "run.roll_back", held.deployment.phase.spec.number, what, run=str(held.pk))
    return held


@act
def keep(*, actor: User, run: Run, reason: str) -> Run:
    """Answer what is open about a run that has ended: it stays as it is.

    Raises:
        MissingRole, NeedsReason, NotReady
    """
    permit(actor, "decide_run", reason=reason)
    held = _held(run)
    if not _decide(actor, held, Choice.KEEP, reason):
        raise NotReady(f"Nothing is open about {held}: there is nothing to decide.")
    audit.append(actor, "run.keep", held.deployment.phase.spec.number, f"{actor} keeps what {held} left: {reason}", run=str(held.pk))
    return held


def _decide(actor: User, run: Run, choice: Choice, reason: str) -> int:
    points = list(DecisionPoint.objects.select_for_update(no_key=True).filter(run=run, decided_at=None, step=None))
    for point in points:
        point.choice, point.decided_by, point.decided_at, point.reason = choice, actor, timezone.now(), reason
        save(actor, point)
    return len(points)


def _held(run: Run) -> Run:
    rows = Run.objects.select_for_update(of=("self",), no_key=True).select_related("deployment__phase__spec__author", "target__environment")
    return rows.get(pk=run.pk)


def _want(run: Run, wish: Wish) -> None:
    """Raises NotReady."""
    if run.status in (RunStatus.PAUSED, RunStatus.INDETERMINATE) and wish is Wish.STOP:
        if run.status == RunStatus.PAUSED:
            run.status, run.message = RunStatus.INDETERMINATE, "Stopped while it rested. The target is asked what it holds."
    elif run.status not in (RunStatus.QUEUED, RunStatus.RUNNING):
        raise NotReady(f"{run} is {run.status.replace('_', ' ')}: there is nothing to {WORDS[wish]}.")
    run.wish = wish


@act
def control(*, actor: User, run: Run, wish: Wish) -> Run:
    """Pause or stop a run, make its backfill slow, or let it have its speed again (`Wish.NONE`): obeyed at the next boundary.

    A stop cancels the statement it is in.
    """
    permit(actor, "control_run")
    held = _held(run)
    if held.status == RunStatus.INDETERMINATE:
        raise NotReady(f"{held} is indeterminate: its target is asked what it holds, and there is nothing to {WORDS[wish]}.")
    if held.wish == Wish.STOP and wish is not Wish.STOP:
        raise NotReady(f"{held} has been told to stop, which cannot be taken back. Start a new run when it has ended.")
    _want(held, wish)
    save(actor, held)
    number = held.deployment.phase.spec.number
    audit.append(actor, f"run.{WORDS[wish].replace(' ', '_')}", number, f"{actor} asked to {WORDS[wish]} {held}.", run=str(held.pk))
    return held


@act
def resume(*, actor: User, run: Run) -> Run:
    """Queue a paused run again; what the target's ledger holds is not done twice."""
    permit(actor, "control_run")
    held = _held(run)
    if held.status != RunStatus.PAUSED:
        raise NotReady(f"{held} is {held.status.replace('_', ' ')}, not paused.")
    if held.kind == RunKind.DEPLOY:
        _check_again(held, actor)
    _decide(actor, held, Choice.KEEP, "It goes on.")
    held.wish, held.status = Wish.NONE, RunStatus.QUEUED
    save(actor, held)
    bell.ring("run", held.pk)
    audit.append(actor, "run.resume", held.deployment.phase.spec.number, f"{actor} resumed {held}.", run=str(held.pk))
    return held


def _check_again(run: Run, actor: User) -> None:
    """What holds at a start holds when it goes on: it may have paused because its window was over, and have been booked anew since."""
    digests = check_run(run.deployment, RunKind.DEPLOY, executor=actor)
    if digests[0] != run.script_digest:
        raise DigestChanged(f"A script of {run.deployment.phase.spec.number}", run.script_digest, digests[0])
    run.release_digest, run.booking, run.emergency = digests[1], booking_of(run.deployment), emergency_of(run.deployment.phase)
