"""What waits for whom, and the counts of the navigation."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from governance.kept import written
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import Approval, ApprovalRequest, Comment, CommentKind, Decision, Notice, Phase, Run, SpecEditor
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

SOMEBODY = -1  # nobody's key: the person's own takes its place


def waiting_for(roles: Collection[Role]) -> Q:
    return Q(stage__in={stage for role in roles for stage in WAITS[role]}, status=PhaseStatus.OPEN)


def navigation(person: User, roles: Collection[Role]) -> dict[str, int] | None:
    if not roles and not person.is_superuser:
        return None
    text, values = written(_counts, frozenset(roles))
    with connection.cursor() as cursor:
        cursor.execute(text, [person.pk if value == SOMEBODY else value for value in values])
        return {"approvals": 0, "live": 0, "unread": 0, **dict(cursor.fetchall())}


def _counts(roles: frozenset[Role]) -> QuerySet[Any]:
    """The same SQL for all who have these roles."""
    first, *others = [
        _counted("approvals", _to_decide(SOMEBODY, roles)),
        _counted("live", Run.objects.live()),
        _counted("unread", Notice.objects.filter(person=SOMEBODY).unread()),
    ]
    return first.union(*others, all=True)


def _to_decide(person: int, roles: Collection[Role]) -> QuerySet[Phase]:
    """Asked of one of the person's roles, not written by the person, not decided by them, and neither rejected nor sent back."""
    asked = ApprovalRequest.objects.open().filter(phase=OuterRef("pk"), kind__in=[kind for kind, role in ROLE_OF.items() if role in roles])
    wrote = SpecEditor.objects.filter(spec=OuterRef("spec"), person=person)
    decided = Approval.objects.filter(Q(person=person) | Q(decision=Decision.REJECTED), phase=OuterRef("pk"), voided_at=None)
    sent_back = Comment.objects.filter(phase=OuterRef("pk"), kind=CommentKind.CHANGES, resolved_at=None)
    return Phase.objects.open().filter(Exists(asked), ~Exists(wrote), ~Exists(decided), ~Exists(sent_back))


def _counted(name: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without a row where there is nothing to count."""
    return rows.order_by().values(what=Value(name)).annotate(count=Count("pk")).values_list("what", "count")
