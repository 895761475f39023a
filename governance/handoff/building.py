"""Orders from rows: frozen, complete, and made at the moment of the claim."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q

from governance.analysis.rule import Level
from governance.case import load
from governance.consistency import consistency_checks
from governance.earlier import undeployed_before
from governance.errors import NotReady
from governance.expectation import latest_facts
from governance.manifest import unrehearsed
from governance.models import (
    OF_A_STATEMENT,
    Choice,
    DecisionPoint,
    Deployment,
    Domain,
    Finding,
    Observation,
    Phase,
    Recheck,
    Rehearsal,
    Run,
    Target,
)
from governance.orders import Check, Manifest, ObservationOrder, RecheckOrder, RehearsalOrder, RunKind, RunStatus, Told
from governance.orders import Order as RunOrder
from governance.policy import ApprovalKind
from governance.rechecks import check_askable
from governance.validation.catalogue import Builtin
from governance.validation.choosing import chosen, listed
from governance.validation.uses import make

Order = RunOrder | RehearsalOrder | ObservationOrder | RecheckOrder


def run_order(run: Run) -> RunOrder:
    deployment = run.deployment
    phase, target = deployment.phase, run.target
    case = load(phase.pk)
    report = report_on(phase, target)
    production_deploy = target.environment.production and run.kind == RunKind.DEPLOY
    return RunOrder(
        run=str(run.pk),
        kind=RunKind(run.kind),
        target=target.name,
        connection=target.connection,
        role=target.owner_role,
        environment=target.environment.name,
        actor=run.requested_by.get_username() if run.requested_by else "system:clock",
        manifest=case.manifest,
        script_digest=run.script_digest,
        release=case.release_of(run.script_digest) if production_deploy else None,
        release_digest=run.release_digest if production_deploy else "",
        checks=checks_of(case.manifest, report, target),
        counted=() if target.environment.production else untouched_rows(report),
        earlier=() if run.kind == RunKind.ROLLBACK else half_way(deployment),
        known_blockers=known_blockers(phase, target),
        touched=tuple(report["tables"]),
        told=told_of(deployment),
        recoverable=target.environment.production and run.kind != RunKind.DRY_RUN,
    )


def half_way(deployment: Deployment) -> tuple[str, ...]:
    """Runs since the last rollback that were applied in part."""
    runs = deployment.runs.order_by("requested_at")
    undone = runs.filter(status=RunStatus.ROLLED_BACK).last()
    since = runs.filter(requested_at__gt=undone.requested_at) if undone else runs
    return tuple(str(run.pk) for run in since.filter(kind=RunKind.DEPLOY, status=RunStatus.FAILED_DIRTY))


def told_of(deployment: Deployment) -> tuple[Told, ...]:
    """What people said, oldest first, of statements that no catalogue can judge."""
    points = DecisionPoint.objects.filter(run__deployment=deployment, choice__in=OF_A_STATEMENT, decided_by__isnull=False)
    return tuple(
        Told(step.script, step.line, step.statement, point.choice == Choice.APPLIED, point.decided_by.get_username(), point.reason)
        for point in points.select_related("step", "decided_by").order_by("pk")
        if (step := point.step) and point.decided_by
    )


def known_blockers(phase: Phase, target: Target) -> frozenset[str]:
    """Codes of blocking findings that reviewers could see on this target when they approved."""
    approved = phase.approvals.filter(kind=ApprovalKind.TECHNICAL, voided_at=None).order_by("at").last()
    seen = phase.analyses.filter(target=target, at__lte=approved.at).order_by("pk").last() if approved else None
    return frozenset(Finding.objects.filter(analysis=seen, level=Level.BLOCKING).values_list("code", flat=True))


def report_on(phase: Phase, target: Target) -> dict[str, Any]:
    """What the latest analysis on the target says, or that of the scripts alone before there is one."""
    latest = phase.analyses.filter(Q(target=target) | Q(target=None)).order_by("target", "-pk").first()
    if latest is None:
        raise NotReady(f"{phase} has no analysis. Ask for one on its page.")
    return latest.report


def untouched_rows(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Tables whose rows the change leaves alone. Counted where nobody else works: customers add and delete while a run goes on."""
    return tuple(table for table in report["tables"] if not {table} & {*report["created"], *report["removed"], *report["written"]})


def checks_of(manifest: Manifest, report: Mapping[str, Any], target: Target) -> tuple[Check, ...]:
    """The author's, those of the catalogue that fit, and what people decided about them."""
    return chosen(listed(manifest, report, latest_facts([target.pk]).get(target.pk)))


def rehearsal_order(rehearsal: Rehearsal) -> RehearsalOrder:
    target = rehearsal.target
    return RehearsalOrder(
        rehearsal=str(rehearsal.pk),
        target=target.name,
        connection=target.connection,
        manifest=unrehearsed(rehearsal.phase),
        earlier=undeployed_before(rehearsal.phase, target),
        traffic=rehearsal.traffic,
        consistency=consistency_checks(),
        consistency_of=next((row["state"] for row in Domain.objects.state_of_checks()), ""),
    )


def observation_order(observation: Observation) -> ObservationOrder:
    target = observation.target
    return ObservationOrder(str(observation.pk), target.name, target.connection, target.owner_role)


def recheck_order(recheck: Recheck) -> RecheckOrder:
    """Raises NotReady."""
    result = recheck.result
    check_askable(result)
    order = run_order(result.run)
    counts = (make(Builtin.ROWS, table) for table in order.counted)
    asked = tuple(check for check in (*order.checks, *counts) if check.name == result.name)
    if not asked:
        raise NotReady(f"The change has no check “{result.name}” any more. Supersede its answer with a reason.")
    return RecheckOrder(str(recheck.pk), replace(order, checks=asked, counted=()))
