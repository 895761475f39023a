"""Who waits for whom: the next step of a change, whose it is, and since when it waits."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, DateTimeField, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import Analysis, Approval, ApprovalRequest, AuditEvent, Booking, Comment, CommentKind, Decision, Phase, Run
from governance.orders import RunStatus
from governance.policy import ROLE_OF, ApprovalKind

WORK = {
    Stage.REQUIREMENT: "specification",
    Stage.IMPACT_ANALYSIS: "analysis",
    Stage.DESIGN: "design",
    Stage.SCRIPT_DEVELOPMENT: "scripts",
    Stage.LOCAL_TESTING: "rehearsal",
    Stage.INTEGRATION_TESTING: "test results",
}


@dataclass(frozen=True, slots=True)
class Step:
    role: Role | None  # None: it waits for time to pass, or for a run
    what: str
    approval: ApprovalKind | None = None
    by_others: bool = False  # than author and editors

    def __str__(self) -> str:
        return f"{self.role.capitalize()}: {self.what}" if self.role else self.what.capitalize()


LIVE = {
    RunStatus.PAUSED: Step(Role.OPERATOR, "paused run"),
    RunStatus.INDETERMINATE: Step(Role.OPERATOR, "run of which nobody knows what it left"),
}  # any other goes on by itself


def weighed(phases: QuerySet[Phase]) -> QuerySet[Phase]:
    """With what `next_step` asks for; `spec` has to be there too."""
    number = Concat(Value("CHG-"), Cast(OuterRef("spec_id"), CharField()))
    moved = AuditEvent.objects.filter(subject=number, kind="phase.stage").order_by("-pk").values("at")[:1]
    requests = ApprovalRequest.objects.open().filter(phase=OuterRef("pk"))
    asked = Comment.objects.filter(phase=OuterRef("pk"), kind=CommentKind.CHANGES, resolved_at=None)
    live = Run.objects.live().filter(deployment__phase=OuterRef("pk")).order_by("requested_at").values("status")[:1]
    return phases.annotate(
        since=Coalesce(Subquery(moved), F("spec__created_at"), output_field=DateTimeField()),
        booked=Exists(Booking.objects.filter(phase=OuterRef("pk"), cancelled_at=None)),
        asks=ArraySubquery(requests.order_by("step", "pk").values("kind")),
        due=Subquery(requests.order_by("due_at").values("due_at")[:1]),
        changes_asked=Exists(asked),
        risk_points=points_of_risk("pk", "risk"),
        rejected=Exists(Approval.objects.filter(phase=OuterRef("pk"), voided_at=None, decision=Decision.REJECTED)),
        live=Subquery(live),
    )


def points_of_risk(phase: str, risk: str) -> Subquery:
    """What a phase's risk is made of, by the names of its key and its risk: the latest analysis that came to it says so."""
    weighing = Analysis.objects.filter(phase=OuterRef(phase), risk=OuterRef(risk))
    return Subquery(weighing.order_by("-pk").values("report__risk__points")[:1])


def next_step(phase: Phase) -> Step | None:
    """What a weighed phase waits for first; None once it is over."""
    return next(iter(next_steps(phase)), None)


def next_steps(phase: Phase) -> tuple[Step, ...]:
    """All that it waits for at once: approvals may be decided side by side."""
    if phase.status != PhaseStatus.OPEN:
        return ()
    if step := _in_between(phase):
        return (step,)
    asked = (ApprovalKind(kind) for kind in dict.fromkeys(phase.asks))  # type: ignore[attr-defined]
    return tuple(map(_decision, asked)) or (_at_stage(phase),)


def _in_between(phase: Any) -> Step | None:
    """What comes before the step that the stage asks for."""
    if phase.live:
        return LIVE.get(phase.live, Step(None, "end of a run"))
    if phase.at > Stage.PRODUCTION_DEPLOYMENT:
        return None
    if phase.rejected:
        return Step(Role.ENGINEER, "answer to a rejection")
    return Step(Role.ENGINEER, "changes that were asked for") if phase.changes_asked else None


def _decision(kind: ApprovalKind) -> Step:
    return Step(ROLE_OF[kind], f"{kind.noun} approval", kind, by_others=True)


def _at_stage(phase: Any) -> Step:
    match phase.at:
        case Stage.STAGING_DEPLOYMENT:
            return Step(Role.OPERATOR, "run below production")
        case Stage.PRODUCTION_DRY_RUN:
            return Step(Role.OPERATOR, "dry run")
        case Stage.SCHEDULED_WINDOW if phase.booked:
            return Step(Role.OPERATOR, "what its window needs")
        case Stage.SCHEDULED_WINDOW:
            return Step(Role.OPERATOR, "window")
        case Stage.PRODUCTION_DEPLOYMENT:
            return Step(Role.OPERATOR, "run in production")
        case Stage.POST_MIGRATION_VERIFICATION:
            return Step(Role.OPERATOR, "answers of the checks")
        case Stage.MONITORING_PERIOD:
            return Step(None, "end of the monitoring period")
        case Stage.CLOSURE:
            return Step(Role.REVIEWER, "review", by_others=True)
    return Step(Role.ENGINEER, WORK[phase.at])
