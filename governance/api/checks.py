"""The checks of a change: what will be asked, and adding, taking out and putting back."""

from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import phase_of
from governance.case import load
from governance.models import Phase, Scope
from governance.orders import Moment, Question, Severity
from governance.validation.choosing import Listed, Origin

router = Router(tags=["Changes"])


class CheckIn(Input):
    text: Text = Field(description="One check as in a check file.", examples=["-- use: checksum of public.bids without total"])
    reason: Text


class WhyIn(Input):
    name: Text = Field(description="Of the check, as it is listed.")
    reason: Text


class ListedOut(Schema):
    name: str = Field(alias="check.name")
    question: Question = Field(alias="check.question")
    moment: Moment = Field(alias="check.moment")
    severity: Severity = Field(alias="check.severity")
    expect: str = Field(alias="check.expect")
    builtin: str = Field(alias="check.builtin", description="Of the catalogue; empty for a query of the author's.")
    sql: str = Field(alias="check.sql", description="Empty where a built-in check finds its own once it sees the table.")
    origin: Origin
    why: str
    taken_out: str = Field(description="The reason; empty where it is asked.")


def _listed(phase: Phase) -> list[Listed]:
    return list(workflow.checks_of(load(phase.pk)))


@router.get("/changes/{number}/checks", response=list[ListedOut], summary="List what a run will ask", **takes(Scope.READ))
def list_checks(request: ApiRequest, number: str, phase: Text = "") -> Any:
    """Of its check files, of the catalogue as the analysis proposes it, and what people added; with what they took out, and why."""
    return _listed(phase_of(number, phase))


@router.post("/changes/{number}/checks", response={201: list[ListedOut]}, summary="Add a check", **takes(Scope.SUBMIT))
def add_check(request: ApiRequest, number: str, given: CheckIn, phase: Text = "") -> Any:
    """Voids approvals: what is asked is part of what is approved."""
    row = phase_of(number, phase)
    workflow.add_check(actor=request.auth, phase=row, text=given.text, reason=given.reason)
    return _listed(row)


@router.post("/changes/{number}/checks/take-out", response=list[ListedOut], summary="Take a check out", **takes(Scope.SUBMIT))
def take_out_check(request: ApiRequest, number: str, given: WhyIn, phase: Text = "") -> Any:
    """One of a check file is taken out by editing that file."""
    row = phase_of(number, phase)
    workflow.take_out_check(actor=request.auth, phase=row, name=given.name, reason=given.reason)
    return _listed(row)


@router.post("/changes/{number}/checks/put-back", response=list[ListedOut], summary="Put a check back", **takes(Scope.SUBMIT))
def put_back_check(request: ApiRequest, number: str, given: WhyIn, phase: Text = "") -> Any:
    row = phase_of(number, phase)
    workflow.put_back_check(actor=request.auth, phase=row, name=given.name, reason=given.reason)
    return _listed(row)
