"""Home: what waits for the person's roles, what runs, what is new. And the counts of the navigation."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.urls import reverse

from governance.pages.run import run_page_progress
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import Phase, Run

WAITS: dict[Role, tuple[Stage, ...]] = {
    Role.ENGINEER: (
        Stage.REQUIREMENT, Stage.IMPACT_ANALYSIS, Stage.DESIGN, Stage.SCRIPT_DEVELOPMENT, Stage.LOCAL_TESTING, Stage.INTEGRATION_TESTING,
    ),
    Role.REVIEWER: (Stage.STAGING_DEPLOYMENT, Stage.CLOSURE),
    Role.STAKEHOLDER: (Stage.SCHEDULED_WINDOW,),
    Role.OPERATOR: (Stage.STAGING_DEPLOYMENT, Stage.PRODUCTION_DRY_RUN, Stage.SCHEDULED_WINDOW, Stage.PRODUCTION_DEPLOYMENT),
    Role.AUDITOR: (),
}  # fmt: skip
MOST = 8


def waiting_for(roles: Collection[Role]) -> Q:
    return Q(stage__in={stage for role in roles for stage in WAITS[role]}, status=PhaseStatus.OPEN)


def navigation(roles: Collection[Role], superuser: bool) -> dict[str, int] | None:
    if not roles and not superuser:
        return None
    approving = [role for role in (Role.REVIEWER, Role.STAKEHOLDER) if role in roles]
    waiting = Phase.objects.filter(waiting_for(approving)).count() if approving else 0
    return {"approvals": waiting, "live": Run.objects.live().count()}


def home_page(roles: Collection[Role]) -> dict[str, Any]:
    phases = Phase.objects.select_related("spec")
    runs = Run.objects.live().select_related("deployment__phase__spec", "target__environment", "requested_by")
    return {
        "waiting": [_row(phase) for phase in phases.filter(waiting_for(roles)).order_by("-pk")[:MOST]] if roles else [],
        "recent": [_row(phase) for phase in phases.order_by("-pk")[:MOST]],
        "running": [_running(run) for run in runs[:MOST]],
    }


def _row(phase: Phase) -> dict[str, Any]:
    closed = phase.status == PhaseStatus.CLOSED
    word = phase.at.title if phase.status == PhaseStatus.OPEN else phase.get_status_display()
    return {
        "url": reverse("admin:governance_spec_change", args=[phase.spec_id]),
        "title": str(phase),
        "sub": phase.sentence,
        "risk": {"level": phase.risk, "word": f"{phase.get_risk_display()} risk"} if phase.risk else None,
        "pill": {"state": "done" if closed else "waiting", "word": word},
    }


def _running(run: Run) -> dict[str, Any]:
    return {
        "url": reverse("admin:governance_run_change", args=[run.pk]),
        "title": str(run.deployment.phase),
        "percent": run_page_progress(run),
        "sub": f"{run.get_kind_display()} on {run.target}",
        "status": {"slug": run.status, "word": run.get_status_display()},
    }
