"""What has to hold when a run is asked for, and again when the runner claims it: the same function, so neither can be fooled."""

from datetime import datetime

from django.db import connection

from governance import compatibility, lifecycle
from governance.dossier import approvals, undeployed
from governance.errors import AlreadyApplied, DigestChanged, MissingEvidence, NothingToUndo, OutsideWindow, Undeployed
from governance.manifest import digests_of
from governance.models import Booking, Deployment, Phase, Run, Window
from governance.orders import RunKind, RunStatus
from governance.policy import ApprovalKind
from governance.windows import GateState, WindowKind, state_at

LEFT_SOMETHING = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED_DIRTY, RunStatus.ROLLED_BACK})


def clock() -> datetime:
    """The portal database's: all its processes share it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def check_run(deployment: Deployment, kind: RunKind, expected: tuple[str, str] | None = None) -> tuple[str, str]:
    """The digests of what would run.

    `expected`: the digests that the run was asked for with; None when it is being asked for.

    Raises:
        DigestChanged, MissingEvidence, OutsideWindow, Undeployed, AlreadyApplied, NothingToUndo
    """
    phase, production = deployment.phase, deployment.target.environment.production
    digests = digests_of(phase)
    if expected is not None:
        _check_unchanged(phase, expected, digests, with_release=kind is RunKind.DEPLOY and production)
    if kind is RunKind.ROLLBACK:
        _check_undoable(deployment, digests[0])
        return digests
    _check_approved(phase, ApprovalKind.TECHNICAL, digests[0])
    if kind is RunKind.DRY_RUN:
        _check_no_blackout(deployment)
        return digests
    _check_not_applied(deployment, digests[0])
    _check_dependencies(deployment)
    if production:
        _check_approved(phase, ApprovalKind.BUSINESS, digests[1])
        _check_clients(phase)
        check_open(deployment)
    return digests


def _check_unchanged(phase: Phase, expected: tuple[str, str], found: tuple[str, str], *, with_release: bool) -> None:
    if expected[0] != found[0]:
        raise DigestChanged(f"A script of {phase.spec.number}", expected[0], found[0])
    if with_release and expected[1] != found[1]:
        raise DigestChanged(f"The release of {phase.spec.number}", expected[1], found[1])


def _check_approved(phase: Phase, kind: ApprovalKind, digest: str) -> None:
    evidence = approvals(phase, kind, digest)
    if evidence.rejected_by:
        raise MissingEvidence("run", [f"{kind} approval: {evidence.rejected_by} rejected it"])
    if evidence.given < evidence.needed:
        changed = ", earlier ones are void because the change was edited or moved" if evidence.stale else ""
        raise MissingEvidence("run", [f"{kind} approval, {evidence.given} of {evidence.needed}{changed}"])


def _last_effect(deployment: Deployment) -> Run | None:
    """The latest run that left something else in the target than it found."""
    return deployment.runs.filter(status__in=LEFT_SOMETHING).exclude(kind=RunKind.DRY_RUN).order_by("-requested_at").first()


def _check_undoable(deployment: Deployment, digest: str) -> None:
    """What is undone is what was applied, even half of it; with the scripts approved then, or ones approved since."""
    last = _last_effect(deployment)
    if not deployment.applied and (last is None or last.status != RunStatus.FAILED_DIRTY):
        raise NothingToUndo(deployment.phase.spec.number, deployment.target.name)
    if last is None or last.script_digest != digest:
        _check_approved(deployment.phase, ApprovalKind.TECHNICAL, digest)


def _check_not_applied(deployment: Deployment, digest: str) -> None:
    last = _last_effect(deployment)
    if deployment.applied and last and last.script_digest == digest:
        raise AlreadyApplied(deployment.phase.spec.number, deployment.target.name)


def _check_no_blackout(deployment: Deployment) -> None:
    now = clock()
    intervals = [window.interval for window in Window.objects.of(deployment.target)]
    if any(each.kind is WindowKind.BLACKOUT and each.covers(now) for each in intervals):
        state = state_at(intervals, now)
        raise OutsideWindow(deployment.target.name, state.why, _opens(state))


def _check_dependencies(deployment: Deployment) -> None:
    waiting = undeployed(deployment.phase.spec, production=deployment.target.environment.production)
    if waiting:
        raise Undeployed(deployment.phase.spec.number, ", ".join(waiting), deployment.target.name)


def _check_clients(phase: Phase) -> None:
    answer = compatibility.can_deploy(phase)
    if answer != "yes":
        raise MissingEvidence("run", [f"clients that can live with it: {answer}"])


def booking_of(deployment: Deployment) -> Booking | None:
    return Booking.objects.filter(phase=deployment.phase, target=deployment.target, cancelled_at=None).first()


def check_open(deployment: Deployment) -> None:
    """Inside the booked time, inside a window, outside every blackout."""
    booking = booking_of(deployment)
    now, name = clock(), deployment.target.name
    if not booking:
        raise OutsideWindow(name, "nothing is booked", "Book a window first.")
    if not booking.starts <= now < booking.ends:
        raise OutsideWindow(
            name, f"the booking is from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC", "Start it then, or book again."
        )
    state = state_at((window.interval for window in Window.objects.of(deployment.target)), now)
    if not state.open:
        raise OutsideWindow(name, state.why, _opens(state))


def _opens(state: GateState) -> str:
    return f"That changes at {state.changes_at:%d %b %H:%M} UTC." if state.changes_at else "No window is planned: add one."


def is_open_now(booking: Booking) -> bool:
    now = clock()
    intervals = [window.interval for window in Window.objects.of(booking.target)]
    return booking.starts <= now < booking.ends and state_at(intervals, now).open


def blackouts_over(booking: Booking) -> list[Window]:
    blackouts = Window.objects.of(booking.target).filter(kind=WindowKind.BLACKOUT)
    return [window for window in blackouts if window.interval.overlaps(booking.starts, booking.ends)]


def stage_before(run: Run, at: lifecycle.Stage) -> lifecycle.Stage:
    """Where a run that did not succeed leads its change back to. A rollback leads nowhere before it is done."""
    if run.kind == RunKind.ROLLBACK:
        return at
    _, asked_at = stage_of(RunKind(run.kind), run.target.environment.production)
    return min(at, lifecycle.stage_after_failure(asked_at))


def stage_of(kind: RunKind, production: bool) -> tuple[str, lifecycle.Stage]:
    """The act that asks for such a run, and the stage that it belongs to."""
    if kind is RunKind.DRY_RUN:
        return "dry_run", lifecycle.Stage.PRODUCTION_DRY_RUN
    if production:
        return "deploy_production", lifecycle.Stage.PRODUCTION_DEPLOYMENT
    return "deploy_below_production", lifecycle.Stage.STAGING_DEPLOYMENT
