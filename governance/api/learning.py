"""The look back: lessons, debt, what holds instead of a check, and how changes are governed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import only
from governance.counting import exported, report
from governance.models import CheckResult, FollowUp, Scope
from governance.orders import Verdict
from governance.pages.lessons import MOST, found
from governance.population import PERIOD

router = Router(tags=["Learning and reporting"])


class LessonOut(Schema):
    change: str = Field(alias="phase.spec.number")
    title: str = Field(alias="phase.spec.title")
    lessons: str
    incidents: str
    performance_impact: str
    reviewer: str = Field(alias="reviewer.username")
    at: datetime


class DebtOut(Schema):
    id: int
    change: str = Field(alias="review.phase.spec.number")
    title: str
    owner: str = Field(alias="owner.username")
    due: date
    done_at: datetime | None
    waived_because: str


class SupersedeIn(Input):
    check: Text = Field(description="Name of the check.")
    verdict: Verdict
    reason: Text


class SupersessionOut(Schema):
    check: str = Field(alias="result.name")
    found: Verdict = Field(alias="result.verdict")
    verdict: Verdict
    reason: str
    person: str = Field(alias="person.username")
    at: datetime


class ReportOut(Schema):
    days: int
    approvals: int
    rejections: int
    rejection_rate: float | None
    rubber_stamp: bool = Field(description="Approvals, and not one rejection.")
    runs: int = Field(description="In production.")
    emergency_runs: int
    emergency_share: float | None
    emergencies: int
    unreviewed: int
    overdue: int


class PopulationOut(Schema):
    count: int
    sha256: str = Field(description="Of all changes in their order, each as JSON with sorted keys on a line of its own.")
    changes: list[dict[str, Any]]


@router.get("/lessons", response=list[LessonOut], summary="Search what reviews taught", **takes(Scope.READ))
def list_lessons(request: ApiRequest, search: Text = "", table: Text = "") -> Any:
    """Words as for a search engine; the best match first, and without words the newest."""
    return found(search, table)[:MOST]


@router.get("/debts", response=list[DebtOut], summary="List technical debt", **takes(Scope.READ))
def list_debts(request: ApiRequest, overdue: bool = False, owner: Text = "") -> Any:
    rows = FollowUp.objects.filter(done_at=None).select_related("owner", "review__phase__spec")
    rows = rows.filter(due__lt=timezone.localdate()) if overdue else rows
    return rows.filter(owner__username=owner) if owner else rows


@router.post("/debts/{key}/done", response=DebtOut, summary="Say that debt is paid", **takes(Scope.SUBMIT))
def finish_debt(request: ApiRequest, key: int) -> Any:
    return workflow.finish_debt(actor=request.auth, debt=_debt(key))


@router.post("/debts/{key}/waive", response=DebtOut, summary="Waive debt", **takes(Scope.DECIDE))
def waive_debt(request: ApiRequest, key: int, given: Reason) -> Any:
    return workflow.waive_debt(actor=request.auth, debt=_debt(key), reason=given.reason)


def _debt(key: int) -> FollowUp:
    return only(FollowUp.objects.filter(pk=key), "debt", key)


@router.post("/runs/{key}/supersede", response={201: SupersessionOut}, summary="Supersede a check of a run", **takes(Scope.DECIDE))
def supersede_check(request: ApiRequest, key: UUID, given: SupersedeIn) -> Any:
    """What was found stays; what holds instead is kept beside it with the reason. Not by whoever wrote or ran the change."""
    result = only(CheckResult.objects.filter(run=key, name=given.check), "check of this run", given.check)
    return workflow.supersede_check(actor=request.auth, result=result, verdict=given.verdict, reason=given.reason)


@router.get("/reports/governance", response=ReportOut, summary="How changes were governed in 90 days", **takes(Scope.READ))
def governance_report(request: ApiRequest) -> Any:
    value = report(timezone.now() - PERIOD)
    names = [name for name in ReportOut.model_fields if name != "days"]
    return {"days": PERIOD.days, **{name: getattr(value, name) for name in names}}


@router.get("/reports/population", response=PopulationOut, summary="Every change, whatever became of it", **takes(Scope.READ))
def list_population(request: ApiRequest, since: datetime | None = None, until: datetime | None = None) -> Any:
    """Submitted in the time. Rejected, cancelled and failed ones are never left out."""
    members, sealed = exported(request.auth, since, until)
    return {"count": len(members), "sha256": sealed, "changes": [member.as_row() for member in members]}
