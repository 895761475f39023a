"""What each tab of a change's page shows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from governance.models import Analysis, Finding, MatrixEntry, Phase, Run, Script
from governance.pages.highlight import highlighted
from governance.pages.values import person_name

LEVELS = {"blocking": "bad", "warning": "warn", "notice": ""}


def tab_of(phase: Phase, tab: str, analysis: Analysis | None) -> dict[str, Any]:
    """Only what the open tab shows is looked up."""
    match tab:
        case "scripts" | "impact":
            return {"scripts": _scripts(phase, analysis)}
        case "approvals":
            return {"approvals": [_approval(approval) for approval in phase.approvals.select_related("person")]}
        case "rehearsal":
            return {"rehearsals": [_rehearsal(row) for row in phase.rehearsals.all()]}
        case "schedule" | "runs":
            return {"deployments": _deployments(phase)}
        case "checks":
            return {"checks": _checks(phase)}
        case "compatibility":
            return {"compatibility": _compatibility(phase)}
    return {}


def _scripts(phase: Phase, analysis: Analysis | None) -> list[dict[str, Any]]:
    findings: dict[int, list[Finding]] = defaultdict(list)
    for finding in Finding.objects.filter(analysis=analysis) if analysis else ():
        findings[finding.script_id].append(finding)
    order = ("forward", "rollback", "check")
    scripts = sorted(phase.scripts.all(), key=lambda script: (script.version, order.index(script.kind)))
    return [_script(script, findings[script.pk]) for script in scripts]


def _script(script: Script, findings: list[Finding]) -> dict[str, Any]:
    at_line: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        at_line[finding.line].append(finding)
    levels = [finding.level for finding in findings]
    return {
        "kind": script.kind,
        "name": script.name,
        "category": "",
        "checksum": script.checksum,
        "url": reverse("admin:governance_script_change", args=[script.pk]),
        "warnings": levels.count("warning"),
        "blockers": levels.count("blocking"),
        "lines": [
            {"number": number, "text": text, "findings": at_line[number], "hit": _hit(at_line[number])}
            for number, text in enumerate(highlighted(script.text), 1)
        ],
    }


def _hit(findings: Iterable[Finding]) -> str:
    looks = {LEVELS[finding.level] for finding in findings}
    return "bad" if "bad" in looks else "warn" if "warn" in looks else ""


def _approval(approval: Any) -> dict[str, Any]:
    return {
        "kind": approval.kind,
        "decision": approval.decision,
        "person": person_name(approval.person),
        "at": approval.at,
        "digest": approval.digest,
        "void": approval.voided_at is not None,
        "why": approval.voided_because or approval.reason,
    }


def _rehearsal(row: Any) -> dict[str, Any]:
    return {
        "url": reverse("admin:governance_rehearsal_change", args=[row.pk]),
        "verdict": row.verdict or row.status,
        "seconds": row.seconds,
        "message": row.message,
        "difference": row.difference,
        "at": row.requested_at,
    }


def _deployments(phase: Phase) -> list[dict[str, Any]]:
    bookings = {booking.target_id: booking for booking in phase.bookings.filter(cancelled_at=None)}
    deployments = phase.deployments.select_related("target__environment").prefetch_related("runs").order_by("target__environment__rank")
    return [
        {
            "target": deployment.target.name,
            "environment": deployment.target.environment.name,
            "booked": bookings.get(deployment.target_id),
            "status": "done" if deployment.applied else "booked" if deployment.target_id in bookings else "waiting",
            "runs": [_run(run) for run in deployment.runs.all()],
        }
        for deployment in deployments
    ]


def _run(run: Run) -> dict[str, Any]:
    url = reverse("admin:governance_run_change", args=[run.pk])
    return {"url": url, "kind": run.kind, "status": run.status, "started_at": run.started_at or run.requested_at, "seconds": run.seconds}


def _checks(phase: Phase) -> list[Any]:
    last = Run.objects.filter(deployment__phase=phase, checks__isnull=False).order_by("-finished_at").first()
    return list(last.checks.all()) if last else []


def _compatibility(phase: Phase) -> list[dict[str, str]]:
    entries = MatrixEntry.objects.filter(run__deployment__phase=phase).select_related("client", "backend")
    return [{"client": f"{entry.client} with {entry.backend}", "reason": entry.reason, "level": entry.verdict} for entry in entries]
