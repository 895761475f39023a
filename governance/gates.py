"""What has to hold when a run is asked for, and again when the runner claims it: the same function, so neither can be fooled."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from governance import lifecycle, openings
from governance.case import Case, load
from governance.dossier import approvals, dossier_of
from governance.emergency import Skip
from governance.errors import (
    AlreadyApplied,
    DigestChanged,
    MissingEvidence,
    NothingToUndo,
    OnlyApprover,
    OutsideWindow,
    StillNeeded,
    Undeployed,
)
from governance.lifecycle import Stage
from governance.models import Booking, BreakGlass, Dependency, DependencyKind, Deployment, Phase, Run, Spec, Window
from governance.orders import RunKind, RunStatus
from governance.recurrence import MOMENT
from governance.refused_bookings import ConflictRuns
from governance.windows import GateState, Interval, Tier, WindowKind

LEFT_SOMETHING = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED_DIRTY, RunStatus.ROLLED_BACK})


def clock() -> datetime:
    """The portal database's: all its processes share it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def check_run(
    deployment: Deployment, kind: RunKind, expected: tuple[str, str] | None = None, *, executor: User | None = None
) -> tuple[str, str]:
    """The digests of what would run.

    `executor`: who asks for it, None where it starts by itself.
    `expected`: the digests that the run was asked for with; None when it is being asked for.

    Raises:
        DigestChanged, MissingEvidence, OnlyApprover, OutsideWindow, Undeployed, AlreadyApplied, NothingToUndo
    """
    case, production = load(deployment.phase_id), deployment.target.environment.production
    if expected is not None:
        _check_unchanged(case, expected, with_release=kind is RunKind.DEPLOY and production)
    if kind is RunKind.ROLLBACK:
        _check_undoable(deployment, case)
        return case.digests
    _check_agreed(deployment, kind, case, executor)
    if kind is RunKind.DRY_RUN:
        _check_no_blackout(deployment)
        return case.digests
    _check_kept_apart(case)
    if production:
        check_open(deployment)  # before what came up: of a blackout it knows the end
        _check_settled(deployment, case)
        _check_evidence(case)
    return case.digests


def _check_evidence(case: Case) -> None:
    """Of every stage before, as it is now: what was there when the change came here may have gone since, without leading it back.

    The analysis may be older than a day: preflight makes a new one.
    """
    dossier = dossier_of(case, timezone.now())
    before = [stage for stage in Stage if stage < Stage.PRODUCTION_DEPLOYMENT and stage is not Stage.IMPACT_ANALYSIS]
    lacking = [f"{piece.text} ({piece.detail or piece.state})" for stage in before for piece in lifecycle.missing(stage, dossier)]
    if lacking:
        raise MissingEvidence("run", lacking)


def check_known(deployment: Deployment, kind: RunKind, case: Case, executor: User | None = None) -> None:
    """What the case tells by itself, without the calendar and without other changes: pages say it beside the button.

    Raises:
        MissingEvidence, OnlyApprover, Undeployed, AlreadyApplied
    """
    _check_agreed(deployment, kind, case, executor)
    if kind is not RunKind.DRY_RUN and deployment.target.environment.production:
        _check_settled(deployment, case)
        _check_evidence(case)


def _check_agreed(deployment: Deployment, kind: RunKind, case: Case, executor: User | None) -> None:
    _check_approved(case, production=False)
    if kind is RunKind.DRY_RUN:
        return
    production = deployment.target.environment.production
    _check_not_applied(deployment, case)
    waiting = case.undeployed(production=production)
    if waiting:
        raise Undeployed(case.phase.spec.number, ", ".join(waiting), deployment.target.name)
    if production:
        _check_production(deployment, case, executor)


def _check_production(deployment: Deployment, case: Case, executor: User | None) -> None:
    """An emergency does without what it names; everything else is checked as ever."""
    if case.skips(Skip.BUSINESS):
        _check_peers(case)
    else:
        _check_approved(case, production=True)
    _check_executor(case, executor)
    if not case.skips(Skip.CLIENTS):
        check_clients(case)


def _check_unchanged(case: Case, expected: tuple[str, str], *, with_release: bool) -> None:
    number, found = case.phase.spec.number, case.digests
    if expected[0] != found[0]:
        raise DigestChanged(f"A script of {number}", expected[0], found[0])
    if with_release and expected[1] != found[1]:
        raise DigestChanged(f"The release of {number}", expected[1], found[1])


def _check_approved(case: Case, *, production: bool) -> None:
    evidence = approvals(case, production=production)
    if evidence.rejected_by:
        raise MissingEvidence("run", [f"approval: {evidence.rejected_by} rejected it"])
    if evidence.unmet:
        changed = ", earlier ones are void because the change was edited or moved" if evidence.stale else ""
        raise MissingEvidence("run", ["; ".join(evidence.unmet) + changed])


def _check_peers(case: Case) -> None:
    """What policy asks for in production of others than the business: no emergency does without it."""
    lacking = [str(each) for each in case.accord.for_production if each.lacking and not each.demand.kind.released]
    if lacking:
        raise MissingEvidence("run", lacking)


def _check_executor(case: Case, executor: User | None) -> None:
    """Nobody in particular starts what starts by itself."""
    if executor and {voice.person for voice in case.accord.voices} == {executor.pk}:
        raise OnlyApprover(executor.get_username(), case.phase.spec.number)


def _last_effect(deployment: Deployment, case: Case) -> Run | None:
    """The latest run that left something else in the target than it found."""
    runs = (run for run in case.runs if run.deployment_id == deployment.pk and run.kind != RunKind.DRY_RUN)
    return next((run for run in runs if run.status in LEFT_SOMETHING), None)


def has_something_to_undo(deployment: Deployment, case: Case) -> bool:
    """It is applied, or a failed run left a part of it."""
    last = _last_effect(deployment, case)
    return deployment.applied or (last is not None and last.status == RunStatus.FAILED_DIRTY)


def _check_undoable(deployment: Deployment, case: Case) -> None:
    """What is undone is what was applied, even half of it; with the scripts approved then, or ones approved since."""
    last = _last_effect(deployment, case)
    if not has_something_to_undo(deployment, case):
        raise NothingToUndo(case.phase.spec.number, deployment.target.name)
    needing = Spec.objects.filter(dependencies__other=case.phase.spec_id, dependencies__kind=DependencyKind.REQUIRES)
    needing = needing.filter(phases__deployments__target=deployment.target_id, phases__deployments__applied=True).distinct()
    if deployment.applied and needing:
        raise StillNeeded(case.phase.spec.number, [spec.number for spec in needing.order_by("pk")], deployment.target.name)
    if last is None or last.script_digest != case.digests[0]:
        _check_approved(case, production=False)


def _check_not_applied(deployment: Deployment, case: Case) -> None:
    last = _last_effect(deployment, case)
    if deployment.applied and last and last.script_digest == case.digests[0]:
        raise AlreadyApplied(case.phase.spec.number, deployment.target.name)


def _check_no_blackout(deployment: Deployment) -> None:
    now, domains = clock(), openings.domains_of(deployment.phase)
    rows = Window.objects.of(deployment.target, domains).filter(kind=WindowKind.BLACKOUT, tier=Tier.HARD).touching(now, now + MOMENT)
    if openings.intervals(rows, now, now + MOMENT):
        state = openings.state_of(deployment.target, domains, now)
        raise OutsideWindow(deployment.target.name, state.why, _opens(state))


def _check_kept_apart(case: Case) -> None:
    spec = case.phase.spec
    apart = (
        Run.objects.live().filter(deployment__phase__spec__in=_kept_apart_from(spec)).select_related("deployment__phase__spec", "target")
    )
    if run := apart.first():
        raise ConflictRuns(spec.number, f"{run.deployment.phase.spec.number} on {run.target}")


def _kept_apart_from(spec: Spec) -> list[int]:
    rows = Dependency.objects.filter(Q(spec=spec) | Q(other=spec), kind=DependencyKind.CONFLICTS)
    return [key for pair in rows.values_list("spec", "other") for key in pair if key != spec.pk]


def _check_settled(deployment: Deployment, case: Case) -> None:
    """What came up since it was booked, unless an emergency does without a window."""
    if case.skips(Skip.WINDOW):
        return
    conflict = next((each.conflict for each in case.deployments if each.pk == deployment.pk), "")
    if conflict:
        raise MissingEvidence("run", [f"a booking without open conflict: {conflict}"])


def check_clients(case: Case, act: str = "run") -> None:
    """The same answer as `can_deploy` gives: unknown does not pass for production.

    Raises:
        MissingEvidence
    """
    answer = case.can_deploy()
    if answer != "yes":
        raise MissingEvidence(act, [f"clients that can live with it: {answer}"])


def booking_of(deployment: Deployment) -> Booking | None:
    return Booking.objects.filter(phase=deployment.phase, target=deployment.target, cancelled_at=None).first()


def emergency_of(phase: Phase) -> BreakGlass | None:
    """The one that lasts now."""
    return BreakGlass.objects.live().filter(phase=phase).first()


def check_open(deployment: Deployment) -> None:
    """Inside the booked time, inside a window, outside every blackout; or in an emergency that names windows, as long as it lasts."""
    emergency = emergency_of(deployment.phase)
    if emergency and Skip.WINDOW in emergency.skips:
        return
    booking = booking_of(deployment)
    now, name = clock(), deployment.target.name
    if not booking:
        raise OutsideWindow(name, "nothing is booked", "Book a window first.")
    if not booking.starts <= now < booking.ends:
        raise OutsideWindow(
            name, f"the booking is from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC", "Start it then, or book again."
        )
    state = openings.state_of(deployment.target, openings.domains_of(deployment.phase), now)
    if not state.open:
        raise OutsideWindow(name, state.why, _opens(state))


def _opens(state: GateState) -> str:
    return f"That changes at {state.changes_at:%d %b %H:%M} UTC." if state.changes_at else "No window is planned: add one."


def is_open_now(booking: Booking) -> bool:
    now = clock()
    return booking.starts <= now < booking.ends and openings.state_of(booking.target, openings.domains_of(booking.phase), now).open


def hard_blackouts_over(booking: Booking) -> list[Interval]:
    rows = Window.objects.of(booking.target, openings.domains_of(booking.phase)).filter(kind=WindowKind.BLACKOUT, tier=Tier.HARD)
    return openings.intervals(rows.touching(booking.starts, booking.ends), booking.starts, booking.ends)


def closed_now(run: Run) -> str:
    """Why the calendar wants a run to pause; "" when it may go on. Below production, and for a rollback, it never does."""
    if run.kind != RunKind.DEPLOY or not run.target.environment.production:
        return ""
    try:
        check_open(run.deployment)
    except OutsideWindow as refusal:
        return refusal.message
    return ""


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
