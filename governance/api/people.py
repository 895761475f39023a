"""Who is called."""

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from governance import oncall
from governance.api.auth import takes
from governance.api.common import ApiRequest, Text
from governance.api.lookups import target_of
from governance.gates import clock
from governance.models import Scope

router = Router(tags=["Calendar and targets"])


class OnCallOut(Schema):
    person: str = Field(alias="person.username")
    email: str = Field(alias="person.email")
    target: str = Field(alias="booking.target.name")
    change: str = Field(alias="phase.spec.number")
    starts: datetime
    ends: datetime = Field(description="When the change is not watched any more.")


@router.get("/calendar/on-call", response=list[OnCallOut], summary="Who is on call?", **takes(Scope.READ))
def list_on_call(request: ApiRequest, targets: Text = "", at: AwareDatetime | None = None) -> Any:
    """For the runs of a moment, and for the changes that are watched then. `targets`: names, with commas between; all without any."""
    names = [target_of(name.strip()).name for name in targets.split(",") if name.strip()]
    return oncall.on_call(at or clock(), names)
