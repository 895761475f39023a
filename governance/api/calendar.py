"""When work may be done: windows, blackouts, bookings, and whether a target is open."""

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import deployment_of, only, phase_of, target_of
from governance.gates import clock
from governance.models import Booking, Phase, Scope, StartMode, Target, Window
from governance.windows import WindowKind, state_at

router = Router(tags=["Calendar and targets"])


class TargetOut(Schema):
    name: str
    environment: str = Field(alias="environment.name")
    production: bool = Field(alias="environment.production")
    version: str


class StateOut(Schema):
    target: str
    open: bool
    why: str
    at: datetime
    changes_at: datetime | None = Field(description="The next moment at which the answer may be another.")


class WindowOut(Schema):
    id: int
    environment: str = Field(alias="environment.name")
    kind: WindowKind
    name: str
    starts: datetime
    ends: datetime


class BookingIn(Input):
    target: Text
    window: int = Field(description="Id of a maintenance window.")
    starts: AwareDatetime | None = Field(None, description="With its zone; the window's start unless given.")
    ends: AwareDatetime | None = None
    start: StartMode = StartMode.MANUAL


class BookingOut(Schema):
    id: int
    change: str = Field(alias="phase.spec.number")
    target: str = Field(alias="target.name")
    window: int = Field(alias="window_id")
    starts: datetime
    ends: datetime
    start: StartMode
    booked_by: str = Field(alias="booked_by.username")
    cancelled_at: datetime | None


def _bookings(phase: Phase) -> Any:
    return Booking.objects.filter(phase=phase).select_related("phase__spec", "target", "booked_by")


@router.get("/targets", response=list[TargetOut], summary="List targets in the order of deployment", **takes(Scope.READ))
def list_targets(request: ApiRequest) -> Any:
    return Target.objects.in_rank_order()


@router.get("/targets/{name}/calendar", response=StateOut, summary="Is the target open?", **takes(Scope.READ))
def get_state(request: ApiRequest, name: str, at: AwareDatetime | None = None) -> Any:
    """Judged as a run would be, by the portal database's clock, now or at a moment given with its zone."""
    target, moment = target_of(name), at or clock()
    state = state_at((window.interval for window in Window.objects.of(target)), moment)
    return {"target": target.name, "open": state.open, "why": state.why, "at": moment, "changes_at": state.changes_at}


@router.get("/windows", response=list[WindowOut], summary="List windows and blackouts", **takes(Scope.READ))
def list_windows(
    request: ApiRequest, environment: Text = "", ends_after: AwareDatetime | None = None, starts_before: AwareDatetime | None = None
) -> Any:
    """Those that have not ended yet, unless asked otherwise."""
    rows = Window.objects.select_related("environment").filter(ends__gt=ends_after or clock()).order_by("starts")
    if environment:
        rows = rows.filter(environment__name=environment)
    return rows.filter(starts__lt=starts_before) if starts_before else rows


@router.get("/changes/{number}/bookings", response=list[BookingOut], summary="List a change's bookings", **takes(Scope.READ))
def list_bookings(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return _bookings(phase_of(number, phase))


@router.post("/changes/{number}/bookings", response={201: BookingOut}, summary="Book a window", **takes(Scope.OPERATE))
def book(request: ApiRequest, number: str, given: BookingIn, phase: Text = "") -> Any:
    """Booking again moves it, which voids the business approval."""
    row = phase_of(number, phase)
    window = only(Window.objects.select_related("environment").filter(pk=given.window), "window", given.window)
    target = deployment_of(row, given.target).target
    return workflow.book(
        actor=request.auth, phase=row, target=target, window=window, starts=given.starts, ends=given.ends, start=given.start
    )
