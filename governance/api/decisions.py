"""Approving, rejecting, and the review that closes a change."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import only, phase_of
from governance.models import Approval, Decision, Review, Scope
from governance.policy import ApprovalKind
from governance.workflow import Debt, Result

router = Router(tags=["Decisions"])


class DecisionIn(Input):
    kind: ApprovalKind
    decision: Decision
    digest: str = Field(description="script_digest for a technical, release_digest for a business decision, as you saw it.")
    reason: Text = Field("", description="Needed to reject.")


class ApprovalOut(Schema):
    kind: ApprovalKind
    decision: Decision
    digest: str
    person: str = Field(alias="person.username")
    reason: str
    policy: str
    at: datetime
    voided_at: datetime | None
    voided_because: str


class ResultIn(Input):
    criterion: Text
    result: Text = Field(max_length=200)
    met: bool


class DebtIn(Input):
    title: Text = Field(max_length=200)
    owner: Text = Field(description="User name.")
    due: date


class ReviewIn(Input):
    performance_impact: Text = Field(description="What users felt.")
    lessons: Text
    results: list[ResultIn] = Field(description="One for each success criterion of the specification.")
    follow_ups: list[DebtIn] = []


class FollowUpOut(Schema):
    title: str
    owner: str = Field(alias="owner.username")
    due: date
    done_at: datetime | None


class ReviewOut(Schema):
    reviewer: str = Field(alias="reviewer.username")
    performance_impact: str
    lessons: str
    at: datetime
    follow_ups: list[FollowUpOut]


@router.get("/changes/{number}/approvals", response=list[ApprovalOut], summary="Read the decisions, void ones too", **takes(Scope.READ))
def list_approvals(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return Approval.objects.filter(phase=phase_of(number, phase)).select_related("person")


@router.post("/changes/{number}/approvals", response={201: ApprovalOut}, summary="Approve or reject", **takes(Scope.DECIDE))
def decide(request: ApiRequest, number: str, given: DecisionIn, phase: Text = "") -> Any:
    """Bound to the digest that you saw; refused when that is no longer what would run. Authors and editors cannot decide."""
    act = workflow.approve if given.decision is Decision.APPROVED else workflow.reject
    row = phase_of(number, phase)
    return act(actor=request.auth, phase=row, kind=given.kind, digest=given.digest, reason=given.reason)


@router.get("/changes/{number}/review", response=ReviewOut, summary="Read the review", **takes(Scope.READ))
def get_review(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return only(Review.objects.filter(phase=phase_of(number, phase)).select_related("reviewer"), "review of", number)


@router.post("/changes/{number}/review", response={201: ReviewOut}, summary="Review and close", **takes(Scope.DECIDE))
def review_change(request: ApiRequest, number: str, given: ReviewIn, phase: Text = "") -> Any:
    return workflow.review(
        actor=request.auth,
        phase=phase_of(number, phase),
        performance_impact=given.performance_impact,
        lessons=given.lessons,
        results={each.criterion: Result(each.result, each.met) for each in given.results},
        follow_ups=[Debt(each.title, _person(each.owner), each.due) for each in given.follow_ups],
    )


def _person(name: str) -> User:
    return only(User.objects.filter(username=name, is_active=True), "person", name)
