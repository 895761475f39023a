"""What waits for whom, and the counts of the navigation."""

from collections.abc import Collection

from django.db.models import Q

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


def waiting_for(roles: Collection[Role]) -> Q:
    return Q(stage__in={stage for role in roles for stage in WAITS[role]}, status=PhaseStatus.OPEN)


def navigation(roles: Collection[Role], superuser: bool) -> dict[str, int] | None:
    if not roles and not superuser:
        return None
    approving = [role for role in (Role.REVIEWER, Role.STAKEHOLDER) if role in roles]
    waiting = Phase.objects.filter(waiting_for(approving)).count() if approving else 0
    return {"approvals": waiting, "live": Run.objects.live().count()}
