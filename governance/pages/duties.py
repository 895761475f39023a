"""What waits for a person: the changes whose next step takes one of their roles, what that step is, and since when it waits."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db.models import CharField, Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils import timezone

from governance import policy
from governance.analysis.risk import RiskLevel
from governance.lifecycle import Role, Stage
from governance.models import Approval, AuditEvent, Booking, Decision, Phase, SpecEditor
from governance.pages.home import waiting_for
from governance.pages.values import address_of
from governance.policy import ApprovalKind
from governance.wording import age

MOST, LOOKED_AT = 8, 60
SLOW = 2  # days after which waiting is marked
WORK = {
    Stage.REQUIREMENT: "specification",
    Stage.IMPACT_ANALYSIS: "analysis",
    Stage.DESIGN: "design",
    Stage.SCRIPT_DEVELOPMENT: "scripts",
    Stage.LOCAL_TESTING: "rehearsal",
    Stage.INTEGRATION_TESTING: "test results",
}


def duties(person: User, roles: Collection[Role]) -> list[dict[str, Any]]:
    """Longest waiting first."""
    if not roles:
        return []
    rows = _waiting(person, roles)[:LOOKED_AT]
    found = [(phase, duty) for phase in rows if (duty := _duty(phase, roles))]
    return [_row(phase, *duty) for phase, duty in found]


def _waiting(person: User, roles: Collection[Role]) -> QuerySet[Phase]:
    number = Concat(Value("CHG-"), Cast(OuterRef("spec_id"), CharField()))
    moved = AuditEvent.objects.filter(subject=number, kind="phase.stage").order_by("-pk").values("at")[:1]
    held = Q(approvals__voided_at=None, approvals__decision=Decision.APPROVED)
    mine = Approval.objects.filter(phase=OuterRef("pk"), person=person, voided_at=None)
    return (
        Phase.objects.filter(waiting_for(roles))
        .select_related("spec")
        .annotate(
            since=Coalesce(Subquery(moved), F("spec__created_at"), output_field=DateTimeField()),
            wrote=Exists(SpecEditor.objects.filter(spec=OuterRef("spec"), person=person)),
            booked=Exists(Booking.objects.filter(phase=OuterRef("pk"), cancelled_at=None)),
            decided=Exists(mine.filter(kind=ApprovalKind.TECHNICAL)),
            agreed=Exists(mine.filter(kind=ApprovalKind.BUSINESS)),
            technical=Count("approvals__person", filter=held & Q(approvals__kind=ApprovalKind.TECHNICAL), distinct=True),
        )
        .order_by("since", "pk")
    )


def _duty(phase: Any, roles: Collection[Role]) -> tuple[str, str] | None:
    """What the person does next, and where; None when it waits for somebody else."""
    approved = phase.technical >= _needed(phase)
    match phase.at:
        case Stage.STAGING_DEPLOYMENT if not approved and Role.REVIEWER in roles and not phase.wrote and not phase.decided:
            return "technical approval", _approval(phase, ApprovalKind.TECHNICAL)
        case Stage.STAGING_DEPLOYMENT if approved and Role.OPERATOR in roles:
            return "run below production", address_of(phase)
        case Stage.PRODUCTION_DRY_RUN if Role.OPERATOR in roles:
            return "dry run", address_of(phase)
        case Stage.SCHEDULED_WINDOW if phase.booked and Role.STAKEHOLDER in roles and not phase.wrote and not phase.agreed:
            return "business approval", _approval(phase, ApprovalKind.BUSINESS)
        case Stage.SCHEDULED_WINDOW if not phase.booked and Role.OPERATOR in roles:
            return "window", address_of(phase)
        case Stage.PRODUCTION_DEPLOYMENT if Role.OPERATOR in roles:
            return "run in production", address_of(phase)
        case Stage.CLOSURE if Role.REVIEWER in roles and not phase.wrote:
            return "review", address_of(phase)
        case stage if stage in WORK and Role.ENGINEER in roles:
            return WORK[stage], address_of(phase)
    return None


def _needed(phase: Phase) -> int:
    return policy.people_needed(ApprovalKind.TECHNICAL, RiskLevel(phase.risk or RiskLevel.CRITICAL), phase.spec.irreversible)


def _approval(phase: Phase, kind: ApprovalKind) -> str:
    return reverse("admin:approve", args=[phase.pk, kind])


def _row(phase: Any, what: str, url: str) -> dict[str, Any]:
    waited = timezone.now() - phase.since
    return {
        "url": url,
        "title": str(phase),
        "sub": phase.sentence,
        "risk": {"level": phase.risk, "word": f"{phase.get_risk_display()} risk"} if phase.risk else None,
        "what": what,
        "since": phase.since,
        "age": age(waited),
        "slow": waited.days >= SLOW,
    }
