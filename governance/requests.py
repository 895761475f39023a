"""Rows that wait for the runner: created here, claimed through `handoff`."""

from django.contrib.auth.models import User

from governance import audit, bell
from governance.audit import save
from governance.errors import NotReady, TargetBusy
from governance.models import BreakGlass, Deployment, Observation, Phase, Rehearsal, Run, Target
from governance.models.bookings import Booking
from governance.orders import RunKind, RunStatus

WAITING = (RunStatus.QUEUED, RunStatus.RUNNING)


def _person(actor: audit.Actor) -> User | None:
    return None if isinstance(actor, audit.System) else actor


def observe(actor: audit.Actor, target: Target, phase: Phase | None = None) -> Observation:
    waiting = Observation.objects.filter(target=target, phase=phase, status=RunStatus.QUEUED).first()
    if waiting:
        return waiting
    row = save(actor, Observation(target=target, phase=phase, requested_by=_person(actor)))
    bell.ring("observe", row.pk)
    return row


def observe_targets(actor: audit.Actor, phase: Phase) -> None:
    for deployment in phase.deployments.select_related("target"):
        observe(actor, deployment.target, phase)


def rehearse(actor: audit.Actor, phase: Phase, digest: str, *, traffic: bool = False) -> Rehearsal:
    """On the schema of the first target of the highest rank: what production looks like."""
    if Rehearsal.objects.filter(phase=phase, digest=digest, status__in=WAITING).exists():
        raise NotReady(f"A rehearsal of {phase} is under way. Its result will be on the page.")
    deployment = phase.deployments.select_related("target").order_by("-target__environment__rank", "target__name").first()
    if deployment is None:
        raise NotReady(f"{phase} has no target, so there is no schema to rehearse on. Add a target first.")
    row = save(actor, Rehearsal(phase=phase, target=deployment.target, digest=digest, traffic=traffic, requested_by=_person(actor)))
    bell.ring("rehearse", row.pk)
    return row


def run(
    actor: audit.Actor,
    deployment: Deployment,
    kind: RunKind,
    digests: tuple[str, str],
    *,
    booking: Booking | None = None,
    emergency: BreakGlass | None = None,
    reason: str = "",
) -> Run:
    other = Run.objects.live().filter(target=deployment.target).select_related("deployment__phase__spec").first()
    if other:
        raise TargetBusy(deployment.target.name, f"{other} ({other.status})")
    row = Run(
        deployment=deployment,
        target=deployment.target,
        booking=booking,
        emergency=emergency,
        kind=kind,
        script_digest=digests[0],
        release_digest=digests[1],
        reason=reason,
        requested_by=_person(actor),
    )
    save(actor, row)
    bell.ring("run", row.pk)
    return row
