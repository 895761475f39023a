"""Who works on which waiting row: one holder at a time, fenced by a token, alive as long as its heart beats."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance import announcing, audit, requests
from governance.audit import System, save
from governance.errors import NotReady, Refusal
from governance.expectation import forecast_of
from governance.gates import check_run, is_open_now, stage_before
from governance.handoff.building import Order, observation_order, recheck_order, rehearsal_order, run_order
from governance.handoff.waiting import end_approvals, escalate
from governance.lifecycle import Stage
from governance.models import AuditEvent, Booking, BreakGlass, Heartbeat, Observation, Phase, Recheck, Rehearsal, Request, Run, StartMode
from governance.orders import RunKind, RunStatus
from governance.workflow.acts import carry_on, lock, lock_even_closed, move, subject_of
from governance.workflow.emergency import expire

KINDS: Mapping[str, type[Request]] = {"run": Run, "rehearse": Rehearsal, "observe": Observation, "recheck": Recheck}
DEATHS = 3
UNSETTLED = (RunStatus.RUNNING, RunStatus.INDETERMINATE)


class ClaimLost(NotReady):
    """Somebody else has claimed the row since: the older holder must stop writing."""

    def __init__(self, token: UUID) -> None:
        super().__init__(f"Claim {token} is no longer valid: the row was claimed again. Nothing was written.")
        self.token = token


@dataclass(frozen=True, slots=True)
class Claim:
    kind: str
    id: UUID
    token: UUID
    order: Order
    again: bool = False  # somebody has held it before, so that something may have been done already


def due() -> list[tuple[str, UUID]]:
    """Rows that wait for somebody to claim them."""
    return [
        (kind, pk)
        for kind, model in KINDS.items()
        for pk in model._default_manager.filter(status=RunStatus.QUEUED).values_list("pk", flat=True)
    ]


def claim(kind: str, row: UUID) -> Claim | None:
    """Take a waiting row: None if it does not wait any more, its target is busy, or it may not run (which is then recorded)."""
    try:
        with transaction.atomic():
            waiting = _locked(kind, row, RunStatus.QUEUED)
            if isinstance(waiting, Run):
                digests = (waiting.script_digest, waiting.release_digest)
                check_run(waiting.deployment, RunKind(waiting.kind), digests, executor=waiting.requested_by)
            return _take(kind, waiting) if waiting else None
    except IntegrityError:
        return None  # run_alone_on_target: another run occupies the target, this one stays queued
    except Refusal as refusal:
        _refuse(kind, row, refusal)
        return None


def reclaim(kind: str, row: UUID) -> Claim | None:
    """Take a row over whose holder fell silent. Nothing is checked again: what was begun has to be reconciled."""
    with transaction.atomic():
        silent = _locked(kind, row, *UNSETTLED)
        return _take(kind, silent) if silent and (kind, row) in lost() else None


def _locked(kind: str, pk: UUID, *statuses: RunStatus) -> Request | None:
    return KINDS[kind]._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=pk, status__in=statuses).first()


def _take(kind: str, row: Request) -> Claim:
    silence(row)
    again = row.started_at is not None
    row.token, row.status, row.started_at = uuid4(), RunStatus.RUNNING, row.started_at or timezone.now()
    if isinstance(row, Run) and not again:
        _keep_forecast(row)
    save(System.RUNNER, row)
    Heartbeat.objects.create(token=row.token, at=timezone.now())
    audit.append(System.RUNNER, f"{kind}.claim", subject_of(row), f"The runner took {row}.", id=str(row.pk), again=again)
    if isinstance(row, Run) and not again:
        announcing.started(row)
    return Claim(kind, row.pk, row.token, _order(row), again)


def _keep_forecast(run: Run) -> None:
    """What was promised is what was said before, not what would be said after."""
    found = forecast_of(run.deployment.phase_id, run.target_id) if run.kind == RunKind.DEPLOY else None
    if found and math.isfinite(found.p90):
        run.forecast_likely, run.forecast_p90 = found.likely, found.p90


def _order(row: Request) -> Order:
    if isinstance(row, Run):
        return run_order(row)
    if isinstance(row, Rehearsal):
        return rehearsal_order(row)
    if isinstance(row, Observation):
        return observation_order(row)
    if isinstance(row, Recheck):
        return recheck_order(row)
    raise TypeError(f"{row} is nothing that the runner does")


def _refuse(kind: str, pk: UUID, refusal: Refusal) -> None:
    """The row ends here, with the reason; a later request starts afresh. What an earlier attempt of a run left, its target has to say."""
    with transaction.atomic():
        row = _locked(kind, pk, RunStatus.QUEUED)
        if row is None:
            return
        begun = isinstance(row, Run) and row.started_at is not None
        row.status = RunStatus.INDETERMINATE if begun else RunStatus.FAILED_CLEAN
        row.message, row.finished_at = refusal.message, None if begun else timezone.now()
        save(System.RUNNER, row)
        audit.append(System.RUNNER, f"refused.{kind}", subject_of(row), refusal.message, code=refusal.code, id=str(pk))
        if isinstance(row, Run):
            announcing.ended(row)
            phase = lock_even_closed(row.deployment.phase)
            move(System.RUNNER, phase, stage_before(row, phase.at), f"the run on {row.target} was refused")


def held(kind: str, token: UUID) -> Request:
    """The row of a claim, locked. Raises ClaimLost."""
    row = KINDS[kind]._default_manager.select_for_update(of=("self",), no_key=True).filter(token=token, status=RunStatus.RUNNING).first()
    if row is None:
        raise ClaimLost(token)
    return row


def beat(token: UUID) -> None:
    if not Heartbeat.objects.filter(token=token).update(at=timezone.now()):
        raise ClaimLost(token)


def lost() -> list[tuple[str, UUID]]:
    """Running rows whose holder has been silent for CLAIM_SILENCE, and every PROBE_AGAIN runs of which nobody knows what they left."""
    now = timezone.now()
    alive = Heartbeat.objects.filter(at__gt=now - timedelta(seconds=settings.CLAIM_SILENCE)).values("token")
    running, unknown = Q(status=RunStatus.RUNNING), Q(status=RunStatus.INDETERMINATE)
    asked = Q(finished_at=None) | Q(finished_at__lte=now - timedelta(seconds=settings.PROBE_AGAIN))
    return [
        (kind, pk)
        for kind, model in KINDS.items()
        for pk in model._default_manager.filter(running | unknown & asked).exclude(token__in=alive).values_list("pk", flat=True)
    ]


def silence(row: Request) -> None:
    if row.token:
        Heartbeat.objects.filter(token=row.token).delete()


def let_go(claim: Claim) -> None:
    """Stay silent about a row that nobody can finish yet, so that it is found lost again."""
    Heartbeat.objects.filter(token=claim.token).delete()


def abandon(claim: Claim, why: str) -> None:
    """Give a row back unharmed: nothing was done, somebody may try again."""
    with transaction.atomic():
        row = held(claim.kind, claim.token)
        row.status, row.message = RunStatus.QUEUED, why
        if not claim.again:
            row.started_at = None
        save(System.RUNNER, row)
        audit.append(System.RUNNER, f"{claim.kind}.abandon", subject_of(row), f"{row} waits again: {why}", id=str(row.pk))


def give_back(claim: Claim) -> None:
    """What nobody finished, since its worker died; once several have died of it, it ends, and keeps no more of them from other work."""
    with transaction.atomic():
        row = held(claim.kind, claim.token)
        died = row.history.filter(status=RunStatus.RUNNING).count() // 2  # taken, and taken over
        if died < DEATHS:
            abandon(claim, "Its worker died.")
            return
        row.status, row.finished_at = RunStatus.FAILED_CLEAN, timezone.now()
        row.message = f"{died} workers died of it one after the other; their log says why. Ask for it again when the cause is gone."
        silence(row)
        save(System.RUNNER, row)
        audit.append(System.RUNNER, f"{claim.kind}.failed", subject_of(row), f"{row}: {row.message}", id=str(row.pk))


def tick() -> None:
    """What time alone brings about: emergencies and monitoring periods that are over, approvals that end, requests that nobody decided,
    and windows that open for automatic bookings."""
    for emergency in BreakGlass.objects.expired():
        with transaction.atomic():
            expire(emergency)
    end_approvals()
    escalate()
    for phase in Phase.objects.open().filter(stage=Stage.MONITORING_PERIOD):
        with transaction.atomic():
            carry_on(System.CLOCK, lock(phase))
    ready = Phase.objects.open().filter(stage=Stage.PRODUCTION_DEPLOYMENT)
    bookings = Booking.objects.filter(start=StartMode.AUTOMATIC, cancelled_at=None, runs=None, phase__in=ready)
    for booking in bookings.select_related("phase__spec", "target__environment"):
        if is_open_now(booking):
            _start_automatically(booking)


def _start_automatically(booking: Booking) -> None:
    deployment = booking.phase.deployments.get(target=booking.target)
    try:
        with transaction.atomic():
            lock(booking.phase)
            digests = check_run(deployment, RunKind.DEPLOY)
            run = requests.run(System.CLOCK, deployment, RunKind.DEPLOY, digests, booking=booking)
            told = f"The window of {booking} opened: the run starts by itself."
            audit.append(System.CLOCK, "run.deploy", booking.phase.spec.number, told, run=str(run.pk))
    except Refusal as refusal:
        _tell_once(booking, refusal)


def _tell_once(booking: Booking, refusal: Refusal) -> None:
    """The clock looks every few seconds; a reason is news the first time only."""
    told = AuditEvent.objects.filter(kind="refused.start", actor=System.CLOCK, text=refusal.message, data__booking=booking.pk)
    if not told.exists():
        audit.append(System.CLOCK, "refused.start", booking.phase.spec.number, refusal.message, code=refusal.code, booking=booking.pk)
