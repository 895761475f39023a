"""What is out of the ordinary: emergencies and their reviews, changes that are sent back, and answers of domains' owners."""

from datetime import datetime, timedelta
from typing import Any

from ninja import Field, Router, Schema

from governance import workflow
from governance.api.auth import takes
from governance.api.changes import ChangeOut
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import consideration_of, only, phase_of, spec_of
from governance.emergency import LONGEST, USUAL, Skip
from governance.lifecycle import Stage
from governance.models import BreakGlass, Scope

router = Router(tags=["Emergencies and detours"])
MINUTE = 60


class EmergencyIn(Input):
    incident: Text = Field(max_length=120, description="Its reference, for example INC-4711.")
    reason: Text
    skips: list[Skip] = Field([], description="What the change does without, by name; nothing else is skipped.")
    minutes: int = Field(int(USUAL.total_seconds() / MINUTE), ge=1, le=int(LONGEST.total_seconds() / MINUTE))


class EmergencyOut(Schema):
    id: int
    incident: str
    reason: str
    skips: list[Skip]
    opened_by: str = Field(alias="opened_by.username")
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    review_due: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    findings: str
    justified: bool | None

    @staticmethod
    def resolve_reviewed_by(row: Any) -> str:
        return row.reviewed_by.get_username() if row.reviewed_by else ""


class EmergencyReviewIn(Input):
    findings: Text
    justified: bool


class BackIn(Input):
    stage: int = Field(ge=1, le=13, description="Number of the stage that it goes back to.")
    reason: Text


class AnswerIn(Input):
    question: Text = Field(description="As the domain asks it.")
    text: Text


class AnswerOut(Schema):
    question: str = Field(alias="consideration.question")
    text: str
    person: str = Field(alias="person.username")


@router.get("/changes/{number}/emergencies", response=list[EmergencyOut], summary="Read a change's emergencies", **takes(Scope.READ))
def list_emergencies(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return BreakGlass.objects.filter(phase=phase_of(number, phase)).select_related("opened_by", "reviewed_by")


@router.post("/changes/{number}/emergencies", response={201: EmergencyOut}, summary="Break the glass", **takes(Scope.OPERATE))
def break_glass(request: ApiRequest, number: str, given: EmergencyIn, phase: Text = "") -> Any:
    """Everybody is told at once, and somebody who took no part reviews it within 48 hours; overdue, it blocks your next one."""
    data = given.dict()
    lasts = timedelta(minutes=data.pop("minutes"))
    return workflow.break_glass(actor=request.auth, phase=phase_of(number, phase), lasts=lasts, **data)


@router.post("/emergencies/{key}/end", response=EmergencyOut, summary="End an emergency before its time", **takes(Scope.OPERATE))
def end_emergency(request: ApiRequest, key: int) -> Any:
    return workflow.end_emergency(actor=request.auth, emergency=_emergency(key))


@router.post("/emergencies/{key}/review", response=EmergencyOut, summary="Look back at an emergency", **takes(Scope.DECIDE))
def review_emergency(request: ApiRequest, key: int, given: EmergencyReviewIn) -> Any:
    return workflow.review_emergency(actor=request.auth, emergency=_emergency(key), **given.dict())


def _emergency(key: int) -> BreakGlass:
    return only(BreakGlass.objects.select_related("phase__spec", "opened_by", "reviewed_by").filter(pk=key), "emergency", key)


@router.post("/changes/{number}/back", response=ChangeOut, summary="Send a change back to an earlier stage", **takes(Scope.SUBMIT))
def go_back(request: ApiRequest, number: str, given: BackIn, phase: Text = "") -> Any:
    """What depends on that stage is void or stale, and the change stays there until somebody goes on."""
    workflow.go_back(actor=request.auth, phase=phase_of(number, phase), stage=Stage(given.stage), reason=given.reason)
    return spec_of(number)


@router.put("/changes/{number}/answers", response=AnswerOut, summary="Answer what a domain asks", **takes(Scope.SUBMIT))
def answer_consideration(request: ApiRequest, number: str, given: AnswerIn) -> Any:
    """By an owner of the domain, who stays free to approve, or by the author."""
    spec = spec_of(number)
    return workflow.answer(actor=request.auth, spec=spec, consideration=consideration_of(spec, given.question), text=given.text)
