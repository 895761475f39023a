"""The page of one change."""

import re
from typing import Any

from django.contrib.auth.models import User
from django.db.models import prefetch_related_objects
from django.urls import reverse

from governance import lifecycle
from governance.dossier import gather
from governance.lifecycle import Dossier, PhaseStatus, Stage, State
from governance.manifest import digests_of
from governance.models import Analysis, AuditEvent, Phase, Run, Spec
from governance.orders import RunStatus
from governance.pages.acts import buttons
from governance.pages.tabs import tab_of
from governance.pages.values import person_name
from governance.policy import ApprovalKind
from governance.specification import SECTIONS

TABS = (
    "specification", "scripts", "impact", "rehearsal", "approvals", "schedule", "runs", "checks", "compatibility", "review", "history",
)  # fmt: skip
SHORT = {Stage.STAGING_DEPLOYMENT: "Staging deploy", Stage.PRODUCTION_DRY_RUN: "Dry run", Stage.PRODUCTION_DEPLOYMENT: "Production deploy",
         Stage.POST_MIGRATION_VERIFICATION: "Verification", Stage.MONITORING_PERIOD: "Monitoring"}  # fmt: skip
BLOCKS = ("nothing", "writes", "reads and writes")
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")  # AccessExclusive → access exclusive


def change_page(person: User, spec: Spec, phase_id: int | None, tab: str) -> dict[str, Any]:
    phases = list(spec.phases.all())
    current = next((phase for phase in phases if phase.pk == phase_id), phases[0])
    current.spec = spec
    prefetch_related_objects([current], "scripts")  # read for the digests and by several tabs
    analysis = current.analyses.order_by("-pk").first()
    events = list(AuditEvent.objects.filter(subject=spec.number)[:200]) if tab == "history" else []
    return {
        "number": spec.number,
        "title": spec.title,
        "sentence": current.sentence,
        "author": person_name(spec.author),
        "status": {"state": current.status, "word": current.get_status_display()},
        "open": current.status == PhaseStatus.OPEN,
        "risk": _risk(current, analysis),
        "change_class": current.get_change_class_display(),
        "phases": [_phase(person, phase, phase == current, analysis, tab) for phase in phases],
        "specification": [{"title": title, "text": getattr(spec, name)} for name, title in SECTIONS.items() if getattr(spec, name)],
        "facts": _facts(spec, current),
        "requires": [
            _requirement(dependency.other) for dependency in spec.dependencies.select_related("other").prefetch_related("other__phases")
        ],
        "history": _history(events),
        "tabs": [{"name": name.capitalize(), "url": f"?phase={current.pk}&tab={name}", "current": name == tab} for name in TABS],
        "tab": tab,
        "review": _review(current),
    }


def _history(events: list[AuditEvent]) -> list[dict[str, Any]]:
    """Newest first; a text that begins with its actor is not said twice."""
    names = {user.get_username(): person_name(user) for user in User.objects.filter(username__in={event.actor for event in events})}
    return [
        {
            "at": event.at,
            "actor": names.get(event.actor) or event.actor.removeprefix("system:").capitalize(),
            "text": event.text.removeprefix(event.actor).strip(),
            "refused": event.refused,
        }
        for event in events
    ]


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
    debts = [f"{debt.title} ({person_name(debt.owner)}, due {debt.due:%d %b %Y})" for debt in review.follow_ups.select_related("owner")]
    parts = {
        "Success criteria": "\n".join(criteria),
        "Performance impact": review.performance_impact,
        "Lessons": review.lessons,
        "Follow-ups": "\n".join(debts),
        "Reviewed by": person_name(review.reviewer),
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
        **tab_of(phase, tab, analysis),
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
    locks = [lock for statement in (analysis.report["statements"] if analysis else []) for lock in statement["locks"]]
    weakest_first = sorted(locks, key=lambda lock: BLOCKS.index(lock["blocks"]))
    strongest = {lock["relation"]: lock for lock in weakest_first}
    return [
        {
            "name": relation.removeprefix("public."),
            "lock": WORDS.sub(" ", lock["mode"].removesuffix("Lock")).lower(),
            "detail": f"blocks {lock['blocks']}",
            "state": "ok" if lock["blocks"] == "nothing" else "warn",
        }
        for relation, lock in strongest.items()
    ]
