"""What waits for whom, and the counts of the navigation."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import ApprovalRequest, Notice, Phase, Run
from governance.policy import ROLE_OF

WAITS: dict[Role, tuple[Stage, ...]] = {
    Role.ENGINEER: (
        Stage.REQUIREMENT, Stage.IMPACT_ANALYSIS, Stage.DESIGN, Stage.SCRIPT_DEVELOPMENT, Stage.LOCAL_TESTING, Stage.INTEGRATION_TESTING,
    ),
    Role.REVIEWER: (Stage.STAGING_DEPLOYMENT, Stage.CLOSURE),
    Role.STAKEHOLDER: (Stage.SCHEDULED_WINDOW,),
    Role.OPERATOR: (
        Stage.STAGING_DEPLOYMENT, Stage.PRODUCTION_DRY_RUN, Stage.SCHEDULED_WINDOW, Stage.PRODUCTION_DEPLOYMENT,
        Stage.POST_MIGRATION_VERIFICATION,
    ),
    Role.SECURITY: (Stage.STAGING_DEPLOYMENT,),
    Role.AUDITOR: (),
}  # fmt: skip


def waiting_for(roles: Collection[Role]) -> Q:
    return Q(stage__in={stage for role in roles for stage in WAITS[role]}, status=PhaseStatus.OPEN)


def navigation(person: User, roles: Collection[Role]) -> dict[str, int] | None:
    if not roles and not person.is_superuser:
        return None
    asked = ApprovalRequest.objects.open().filter(phase=OuterRef("pk"), kind__in=[kind for kind, role in ROLE_OF.items() if role in roles])
    first, *others = [
        _counted("approvals", Phase.objects.open().filter(Exists(asked))),
        _counted("live", Run.objects.live()),
        _counted("unread", Notice.objects.filter(person=person).unread()),
    ]
    return {"approvals": 0, "live": 0, "unread": 0, **dict(first.union(*others, all=True))}


def _counted(name: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without a row where there is nothing to count."""
    return rows.order_by().values(what=Value(name)).annotate(count=Count("pk")).values_list("what", "count")
