"""The page of one change."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from governance import lifecycle
from governance.pages.acts import buttons
from governance.pages.highlight import highlighted
from governance.dossier import gather
from governance.lifecycle import Dossier, PhaseStatus, Stage, State
from governance.manifest import digests_of
from governance.models import Analysis, AuditEvent, Finding, Phase, Run, Script, Spec
from governance.orders import RunStatus
from governance.policy import ApprovalKind
from governance.specification import SECTIONS

TABS = (
    "specification", "scripts", "impact", "rehearsal", "approvals", "schedule", "runs", "checks", "compatibility", "review", "history",
)  # fmt: skip
SHORT = {Stage.STAGING_DEPLOYMENT: "Staging deploy", Stage.PRODUCTION_DRY_RUN: "Dry run", Stage.PRODUCTION_DEPLOYMENT: "Production deploy",
         Stage.POST_MIGRATION_VERIFICATION: "Verification", Stage.MONITORING_PERIOD: "Monitoring"}  # fmt: skip
LEVELS = {"blocking": "bad", "warning": "warn", "notice": ""}


def change_page(person: User, spec: Spec, phase_id: int | None, tab: str) -> dict[str, Any]:
    phases = list(spec.phases.all())
    current = next((phase for phase in phases if phase.pk == phase_id), phases[0])
    current.spec = spec
    analysis = current.analyses.order_by("-pk").first()
    events = list(AuditEvent.objects.filter(subject=spec.number)[:200]) if tab == "history" else []
    return {
        "number": spec.number,
        "title": spec.title,
        "sentence": current.sentence,
        "author": spec.author.get_full_name() or spec.author.get_username(),
        "status": "" if current.status == PhaseStatus.OPEN else current.get_status_display(),
        "risk": _risk(current, analysis),
        "change_class": current.get_change_class_display(),
        "phases": [_phase(person, phase, phase == current, analysis, tab) for phase in phases],
        "specification": [{"title": title, "text": getattr(spec, name)} for name, title in SECTIONS.items() if getattr(spec, name)],
        "facts": _facts(spec, current),
        "requires": [
            _requirement(dependency.other) for dependency in spec.dependencies.select_related("other").prefetch_related("other__phases")
        ],
        "history": [{"at": event.at, "actor": event.actor, "text": event.text, "refused": event.refused} for event in reversed(events)],
        "tabs": [{"name": name.capitalize(), "url": f"?phase={current.pk}&tab={name}", "current": name == tab} for name in TABS],
        "tab": tab,
        "review": _review(current),
    }


def _risk(phase: Phase, analysis: Analysis | None) -> dict[str, Any]:
    points = analysis.report["risk"]["points"] if analysis else []
    reasons = [f"{point['reason']} ({point['points']} points)" for point in points]
    return {"level": phase.risk, "word": f"{phase.get_risk_display()} risk" if phase.risk else "", "reasons": reasons}


def _facts(spec: Spec, phase: Phase) -> list[dict[str, str]]:
    rows = {
        "Domains": ", ".join(domain.name for domain in spec.domains.all()),
        "Class": phase.get_change_class_display(),
        "Category": phase.get_category_display(),
        "Data class": spec.get_data_class_display(),
        "Privacy impact": spec.privacy_impact,
        "Pattern": spec.get_pattern_display(),
        "Reversible": f"No. {spec.restore_plan}" if spec.irreversible else "Yes, by its rollback scripts",
    }
    return [{"name": name, "value": value} for name, value in rows.items() if value]


def _requirement(other: Spec) -> dict[str, str]:
    closed = all(phase.status == PhaseStatus.CLOSED for phase in other.phases.all())
    url = reverse("admin:governance_spec_change", args=[other.pk])
    return {"title": f"{other.number} {other.title}", "url": url, "state": "done" if closed else "waiting"}


def _review(phase: Phase) -> list[dict[str, str]]:
    review = getattr(phase, "review", None)
    if not review:
        return []
    criteria = [
        f"{'✓' if each.met else '✗'} {each.name}: expected {each.expected}, got {each.result}" for each in phase.spec.criteria.all()
    ]
    debts = [f"{debt.title} ({debt.owner}, due {debt.due:%d %b %Y})" for debt in review.follow_ups.select_related("owner")]
    parts = {
        "Success criteria": "\n".join(criteria),
        "Performance impact": review.performance_impact,
        "Lessons": review.lessons,
        "Follow-ups": "\n".join(debts),
        "Reviewed by": str(review.reviewer),
    }
    return [{"title": title, "text": text} for title, text in parts.items() if text]


def _phase(person: User, phase: Phase, current: bool, analysis: Analysis | None, tab: str) -> dict[str, Any]:
    url = f"?phase={phase.pk}"
    if not current:
        return {"title": phase.name.capitalize(), "current": False, "url": url}
    dossier = gather(phase)
    evidence = lifecycle.evidence(phase.at, dossier)
    given = frozenset(kind for kind in ApprovalKind if _complete(dossier, kind))
    return {
        "title": phase.name.capitalize(),
        "current": True,
        "url": url,
        "stage_number": phase.stage,
        "stages": _stages(phase, dossier),
        "note": _note(phase, dossier),
        "missing": [{"state": piece.state, "text": piece.text, "detail": piece.detail} for piece in evidence],
        "acts": buttons(person, phase, digests_of(phase), given),
        "versions": _versions(phase),
        "tables": _tables(analysis),
        **_tab(phase, tab),
    }


def _complete(dossier: Dossier, kind: ApprovalKind) -> bool:
    approval = dossier.technical if kind is ApprovalKind.TECHNICAL else dossier.business
    return approval.given >= approval.needed


def _stages(phase: Phase, dossier: Dossier) -> list[dict[str, Any]]:
    return [{"number": stage.value, "name": SHORT.get(stage, stage.title), **_stage_state(phase, stage, dossier)} for stage in Stage]


def _stage_state(phase: Phase, stage: Stage, dossier: Dossier) -> dict[str, str]:
    lacking = lifecycle.missing(stage, dossier)
    if phase.status == PhaseStatus.CLOSED or (stage < phase.at and not lacking):
        return {"state": "done", "title": "done"}
    if stage > phase.at:
        return {"state": "todo", "title": "not begun"}
    title = "; ".join(piece.text for piece in lacking) or "complete"
    if stage == phase.at:
        return {"state": "now", "title": f"missing: {title}" if lacking else title}
    stale = all(piece.state is State.STALE for piece in lacking)
    return {"state": "stale" if stale else "missing", "title": f"since then {'stale' if stale else 'missing'}: {title}"}


def _note(phase: Phase, dossier: Dossier) -> dict[str, str] | None:
    """One sentence where something went wrong; what is merely missing stands in the rail."""
    last = Run.objects.filter(deployment__phase=phase).exclude(status=RunStatus.QUEUED).order_by("-requested_at").first()
    if (
        phase.status == PhaseStatus.OPEN
        and last
        and last.status in (RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE)
    ):
        return {"level": "bad", "text": f"{last.get_kind_display()} on {last.target}: {last.message}"}
    for name, approval in (("technical", dossier.technical), ("business", dossier.business)):
        if approval.rejected_by:
            return {"level": "bad", "text": f"{approval.rejected_by} rejected the {name} approval. Edit the change, or cancel it."}
        if approval.stale and approval.given < approval.needed:
            return {"level": "warn", "text": f"The {name} approval is void: what was approved has changed since. It has to be given again."}
    return None


def _versions(phase: Phase) -> str:
    done = phase.deployments.filter(applied=True, target__environment__production=True).first()
    return f"{done.target} {done.version_before} → {done.version_after}" if done else ""


def _tables(analysis: Analysis | None) -> list[dict[str, str]]:
    """The strongest lock per table, from the report's statements."""
    found: dict[str, dict[str, str]] = {}
    for statement in analysis.report["statements"] if analysis else []:
        for lock in statement["locks"]:
            blocks = lock["blocks"]
            state = {"nothing": "ok", "writes": "warn"}.get(blocks, "warn")
            rank = ("nothing", "writes", "reads and writes").index(blocks)
            if rank >= ("nothing", "writes", "reads and writes").index(
                found.get(lock["relation"], {}).get("detail", "nothing").removeprefix("blocks ")
            ):
                found[lock["relation"]] = {"name": lock["relation"], "lock": lock["mode"], "detail": f"blocks {blocks}", "state": state}
    return list(found.values())


def _tab(phase: Phase, tab: str) -> dict[str, Any]:
    """Only what the open tab shows is looked up."""
    match tab:
        case "scripts" | "impact":
            return {"scripts": _scripts(phase)}
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


def _scripts(phase: Phase) -> list[dict[str, Any]]:
    latest = phase.analyses.order_by("-pk").values_list("pk", flat=True).first()
    findings: dict[int, list[Finding]] = defaultdict(list)
    for finding in Finding.objects.filter(analysis=latest):
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
        "person": approval.person.get_full_name() or approval.person.get_username(),
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
    runs = Run.objects.filter(deployment__phase=phase)
    entries = [entry for run in runs for entry in run.matrix_entries.select_related("client", "backend")]
    return [{"client": f"{entry.client} with {entry.backend}", "reason": entry.reason, "level": entry.verdict} for entry in entries]
