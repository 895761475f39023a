"""What each tab of a change's page shows."""

from collections.abc import Collection, Mapping
from typing import Any

from django.urls import reverse

from governance import oncall
from governance.case import Case
from governance.lifecycle import Role
from governance.models import Analysis, MatrixEntry, Phase, Run
from governance.pages.differences import since_last_analysis
from governance.pages.discussion import Discussion
from governance.pages.impact import impact
from governance.pages.proofs import scripts
from governance.pages.values import lock_name, person_name
from governance.pages.verification import answered, checks_tab, questions_of
from governance.policy import ApprovalKind, Standing


def tab_of(known: Case, tab: str, analysis: Analysis | None, talk: Discussion, roles: Collection[Role]) -> dict[str, Any]:
    """What the open tab shows besides, at most one look-up more."""
    match tab:
        case "scripts":
            shown = scripts(known, analysis.report["findings"] if analysis else [], talk.place)
            return {"scripts": shown, "differences": since_last_analysis(known.phase, known.content)}
        case "impact":
            return {"findings": analysis.report["findings"] if analysis else [], "impact": impact(analysis)}
        case "approvals":
            asked = [_asked(standing, known) for standing in known.accord.asked]
            return {"approvals": [_approval(approval) for approval in known.approvals], "asked": asked, "policy": known.policy.version}
        case "rehearsal":
            return {"rehearsals": [_rehearsal(row, latest=row is known.latest_rehearsal) for row in known.rehearsals]}
        case "schedule" | "runs":
            people = oncall.said_of(each.booking_id for each in known.deployments if each.booking_id)
            return {"deployments": [_deployment(each, known, people.get(each.booking_id, "")) for each in known.deployments]}
        case "checks":
            results, answers, facts = answered(known)
            asked = questions_of(results[0].run, results, answers, roles)[0] if results else []
            return {"checks": checks_tab(known, facts, roles), "questions": asked}
        case "compatibility":
            return {"compatibility": _compatibility(known.phase)}
    return {}


def _asked(standing: Standing, known: Case) -> dict[str, Any]:
    """What the policy asks for, and how far it is given."""
    demand = standing.demand
    waits = next((each for each in known.requests if each["kind"] is demand.kind and each["domain"] == demand.domain), None)
    state = "approved" if not standing.lacking else "no" if standing.impossible else "wait"
    why = standing.why_impossible if standing.impossible and standing.lacking else ", ".join(demand.whys)
    return {
        "text": str(demand),
        "count": f"{standing.given} of {demand.people}",
        "state": state,
        "why": f"{why[:1].upper()}{why[1:]}.",
        "step": demand.step,
        "until": waits["due_at"] if waits else None,
    }


def _approval(approval: Any) -> dict[str, Any]:
    return {
        "kind": ApprovalKind(approval.kind).noun,
        "decision": approval.decision,
        "person": person_name(approval.person) + (f" for {person_name(approval.on_behalf_of)}" if approval.on_behalf_of else ""),
        "policy": approval.policy,
        "expires_at": approval.expires_at,
        "at": approval.at,
        "digest": approval.digest,
        "void": approval.voided_at is not None,
        "why": approval.voided_because or approval.reason,
    }


def _rehearsal(row: Any, *, latest: bool) -> dict[str, Any]:
    return {
        "url": reverse("admin:governance_rehearsal_change", args=[row.pk]),
        "verdict": row.verdict or row.status,
        "seconds": row.seconds,
        "message": row.message,
        "difference": row.difference,
        "at": row.requested_at,
        **(_report(row.report) if latest else {}),
    }


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    """In full, for engineers: what each pair came to, what its locks were, and what limits the proof."""
    locks = [{**lock, "mode": lock_name(lock["mode"])} for lock in report.get("locks", ())]
    told = {name: report.get(name, ()) for name in ("pairs", "consistency", "clients", "missing", "notes")}
    return {**told, "lost": report.get("data_lost", ()), "locks": locks}


def _deployment(deployment: Any, known: Case, people: str) -> dict[str, Any]:
    booked = deployment.starts is not None
    return {
        "target": deployment.target.name,
        "environment": deployment.target.environment.name,
        "booked": deployment if booked else None,
        "people": people,
        "status": "done" if deployment.applied else "booked" if booked else "waiting",
        "runs": [_run(run) for run in known.runs if run.deployment_id == deployment.pk],
    }


def _run(run: Run) -> dict[str, Any]:
    url = reverse("admin:governance_run_change", args=[run.pk])
    return {"url": url, "kind": run.kind, "status": run.status, "started_at": run.started_at or run.requested_at, "seconds": run.seconds}


def _compatibility(phase: Phase) -> list[dict[str, str]]:
    entries = MatrixEntry.objects.filter(run__deployment__phase=phase).select_related("client", "backend")
    return [{"client": f"{entry.client} with {entry.backend}", "reason": entry.reason, "level": entry.verdict} for entry in entries]
