"""Approving, rejecting, and the review that closes a change."""

from datetime import date, datetime
from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import caller_of, takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import only, person_of, phase_of
from governance.case import load
from governance.models import Approval, Decision, Review, Scope
from governance.policy import ApprovalKind, Standing
from governance.visitors import address_in
from governance.workflow import Debt, Result

router = Router(tags=["Decisions"])


class DecisionIn(Input):
    kind: ApprovalKind
    decision: Decision
    digest: str = Field(description="script_digest for a technical, release_digest for a business decision, as you saw it.")
    reason: Text = Field("", description="Needed to reject.")
    step: int | None = Field(None, description="The step at which you saw it; refused when another's turn has come.")
    on_behalf_of: Text = Field("", description="User name of who has delegated to you.")


class ApprovalOut(Schema):
    kind: ApprovalKind
    decision: Decision
    digest: str
    id: int
    person: str = Field(alias="person.username")
    on_behalf_of: str | None = Field(None, alias="on_behalf_of.username")
    reason: str
    policy: str
    expires_at: datetime
    method: str = Field(description="How the person was recognised: session, password, token or confirmed_token.")
    at: datetime
    voided_at: datetime | None
    voided_because: str


class StandingOut(Schema):
    kind: ApprovalKind
    people: int
    given: int
    groups: list[str] = Field(description="The approver is in one of them; empty: whoever has the role.")
    domain: str = Field(description="Slug of the domain whose owners are asked; empty: none in particular.")
    step: int = Field(description="Later steps wait for earlier ones.")
    why: list[str]
    impossible: str = Field(description="Why nobody could give it now; empty where somebody could.")


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
    results: list[ResultIn] = Field([], description="One for each success criterion that was not measured.")
    follow_ups: list[DebtIn] = []
    incidents: Text = Field("", description="What went wrong for users; empty: nothing.")


class FollowUpOut(Schema):
    title: str
    owner: str = Field(alias="owner.username")
    due: date
    done_at: datetime | None


class ReviewOut(Schema):
    reviewer: str = Field(alias="reviewer.username")
    performance_impact: str
    lessons: str
    incidents: str
    at: datetime
    follow_ups: list[FollowUpOut]


@router.get("/changes/{number}/approvals", response=list[ApprovalOut], summary="Read the decisions, void ones too", **takes(Scope.READ))
def list_approvals(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return Approval.objects.filter(phase=phase_of(number, phase)).select_related("person", "on_behalf_of")


@router.post("/changes/{number}/approvals", response={201: ApprovalOut}, summary="Approve or reject", **takes(Scope.DECIDE))
def decide(request: ApiRequest, number: str, given: DecisionIn, phase: Text = "") -> Any:
    """Bound to the digest that you saw; refused when that is no longer what would run. Authors and editors cannot decide."""
    told: dict[str, Any] = {
        "actor": request.auth,
        "phase": phase_of(number, phase),
        "kind": given.kind,
        "digest": given.digest,
        "reason": given.reason,
        "on_behalf_of": person_of(given.on_behalf_of) if given.on_behalf_of else None,
        "signing": workflow.signing_of(caller_of(request)[1], address_in(request)),
    }
    return workflow.approve(**told, step=given.step) if given.decision is Decision.APPROVED else workflow.reject(**told)


@router.get("/changes/{number}/approvals/needed", response=list[StandingOut], summary="Read what the policy asks for", **takes(Scope.READ))
def list_needed(request: ApiRequest, number: str, phase: Text = "") -> Any:
    """Every approval that the change needs, how far it is given, and whether anybody could give it."""
    return [_standing(standing) for standing in load(phase_of(number, phase).pk).accord.asked]


def _standing(standing: Standing) -> dict[str, Any]:
    demand = standing.demand
    return {
        "kind": demand.kind, "people": demand.people, "given": standing.given, "groups": list(demand.groups), "domain": demand.domain,
        "step": demand.step, "why": list(demand.whys), "impossible": standing.why_impossible if standing.impossible else "",
    }  # fmt: skip


@router.post("/changes/{number}/approvals/{id}/withdraw", response=ApprovalOut, summary="Withdraw your decision", **takes(Scope.DECIDE))
def withdraw_decision(request: ApiRequest, number: str, id: int, given: Reason, phase: Text = "") -> Any:
    rows = Approval.objects.filter(phase=phase_of(number, phase), pk=id).select_related("phase__spec")
    return workflow.withdraw_approval(actor=request.auth, approval=only(rows, f"decision on {number}", id), reason=given.reason)


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
        incidents=given.incidents,
        results={each.criterion: Result(each.result, each.met) for each in given.results},
        follow_ups=[Debt(each.title, person_of(each.owner), each.due) for each in given.follow_ups],
    )
