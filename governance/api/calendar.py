"""When work may be done: windows, blackouts, bookings, and whether a target is open."""

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from governance import openings, workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import deployment_of, only, phase_of, target_of
from governance.errors import BadInput
from governance.expectation import forecast, latest_analyses, latest_facts
from governance.gates import clock
from governance.models import Booking, Domain, Environment, Phase, Resource, Scope, StartMode, Target, Window
from governance.windows import Tier, WindowKind

YEARS = range(2000, 2101)
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
    asks_for_more: bool = Field(False, description="A soft blackout: it takes one business approval more.")
    advice: list[str] = Field([], description="Blackouts that do not close it.")


class SlotTimes(Schema):
    starts: datetime
    ends: datetime


class CalendarStateOut(Schema):
    targets: list[str]
    open: bool
    why: str
    at: datetime
    changes_at: datetime | None = Field(description="The next moment at which the answer may be another.")
    asks_for_more: bool
    advice: list[str]
    first_slot: SlotTimes | None = Field(description="From when all of them are open and free; null: not within 90 days.")


class SlotOut(Schema):
    targets: list[str]
    seconds: float
    slot: SlotTimes | None = Field(description="Null: there is none within 90 days.")


class Asked(Schema):
    targets: Text = Field("", description="Names, with commas between.")
    domains: Text = Field("", description="Slugs of the domains that the change touches, with commas between.")


class SlotWanted(Asked):
    duration: float = Field(0, ge=0, le=90 * 86400, description="Seconds; without it, what nine runs in ten of the change take at most.")
    change: Text = Field("", description="For example CHG-12: its targets, domains and duration, unless given. Its own bookings may move.")
    people: Text = Field("", description="User names, with commas between.")
    resources: Text = Field("", description="Names, with commas between.")


class WindowIn(Input):
    kind: WindowKind = WindowKind.MAINTENANCE
    name: Text
    environment: Text = ""
    target: Text = ""
    domain: Text = Field("", description="Its slug.")
    starts: AwareDatetime = Field(description="The first time, with its zone.")
    ends: AwareDatetime
    rule: Text = Field("", description="By RFC 5545, for example FREQ=WEEKLY;BYDAY=SA; empty: once.")
    zone: Text = Field("UTC", description="On whose clock it recurs, for example Europe/Berlin.")
    tier: Tier = Tier.HARD
    capacity: int = Field(1, ge=1, le=1000, description="How many changes may be worked on in it at once.")


class WindowOut(Schema):
    id: int
    environment: str | None = Field(None, alias="environment.name")
    target: str | None = Field(None, alias="target.name")
    domain: str | None = Field(None, alias="domain.slug")
    kind: WindowKind
    name: str
    starts: datetime
    ends: datetime
    rule: str
    zone: str
    tier: Tier
    capacity: int


class HolidaysIn(Input):
    environment: Text
    country: Text = Field(description="Its two letters, for example DE.")
    subdivision: Text = Field("", description="A part of the country, for example BY.")
    year: int = Field(ge=2000, le=2100)
    zone: Text = Field("UTC", description="On whose clock the days begin, for example Europe/Berlin.")
    tier: Tier = Tier.HARD


class CollisionOut(Schema):
    booking: int = Field(alias="booking_id")
    other: int = Field(alias="other_id")
    score: float = Field(description="From 0.7 on it blocks, from 0.3 on it has to be acknowledged.")
    why: str
    acknowledged_at: datetime | None


class BookingIn(Input):
    target: Text
    window: int = Field(description="Id of a maintenance window.")
    starts: AwareDatetime | None = Field(None, description="With its zone, inside a time of the window; its next start unless given.")
    ends: AwareDatetime | None = None
    start: StartMode = StartMode.MANUAL
    operator: Text = Field("", description="User name of who runs it, and nothing else at that time.")
    on_call: Text = Field("", description="User name of who is called during the run and while the change is watched.")
    acknowledge: bool = Field(False, description="The caller knows what it disturbs, where that does not block it.")


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
    target, moment = target_of(name), _moment(at)
    return {"target": target.name, "at": moment, **asdict(openings.state_of(target, (), moment))}


@router.get("/calendar/state", response=CalendarStateOut, summary="Are these targets open together?", **takes(Scope.READ))
def get_calendar_state(request: ApiRequest, asked: Query[Asked], at: AwareDatetime | None = None) -> Any:
    """Open when every target is; those below production need no window. The first slot is for `duration` seconds, at least a minute."""
    targets, moment = _targets(asked.targets), _moment(at)
    domains = _names(asked.domains)
    state = openings.state_at(targets, moment, domains)
    slot = openings.first_slot(targets, timedelta(minutes=1), moment, domains=domains)
    return {"targets": [target.name for target in targets], "at": moment, **asdict(state), "first_slot": slot}


@router.get("/calendar/next-slot", response=SlotOut, summary="When is there room?", **takes(Scope.READ))
def get_next_slot(request: ApiRequest, asked: Query[SlotWanted], after: AwareDatetime | None = None) -> Any:
    """The first time within 90 days in which all targets are open and free, and the people and resources are there."""
    row = phase_of(asked.change) if asked.change else None
    targets = _targets(asked.targets) if asked.targets or not row else _booked_targets(row)
    needs = timedelta(seconds=asked.duration or _expected(row, targets))
    slot = openings.first_slot(
        targets,
        needs,
        _moment(after),
        domains=_names(asked.domains) or (openings.domains_of(row) if row else []),
        people=[only(User.objects.filter(username=name), "person", name) for name in _names(asked.people)],
        resources=[only(Resource.objects.filter(name=name), "resource", name) for name in _names(asked.resources)],
        phase=row,
    )
    return {"targets": [target.name for target in targets], "seconds": needs.total_seconds(), "slot": slot}


def _moment(given: datetime | None) -> datetime:
    if given and given.year not in YEARS:
        raise BadInput(f"{given:%d %b %Y} is too far away to say. Ask for a moment from {YEARS[0]} to {YEARS[-1]}.")
    return given or clock()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _targets(text: str) -> list[Target]:
    if not _names(text):
        raise BadInput("No target is named. Write targets=one,two.")
    return [target_of(name) for name in dict.fromkeys(_names(text))]


def _booked_targets(phase: Phase) -> list[Target]:
    """Those of production."""
    rows = phase.deployments.filter(target__environment__production=True).select_related("target__environment")
    return [row.target for row in rows]


def _expected(phase: Phase | None, targets: list[Target]) -> float:
    """Seconds that nine runs in ten take at most, on the slowest of the targets."""
    if phase is None:
        raise BadInput("How long it takes is not said. Write duration=1800, in seconds, or name a change that was analysed.")
    facts = latest_facts(target.pk for target in targets)
    reports = {row.target_id: row.report for row in latest_analyses({phase.pk})}
    slowest = max((forecast(reports[key], facts.get(key)).p90 for key in facts if key in reports), default=math.inf)
    if math.isinf(slowest):
        raise BadInput(f"How long {phase.spec.number} takes is not known. Write duration=1800, in seconds.")
    return slowest


@router.get("/windows", response=list[WindowOut], summary="List windows and blackouts", **takes(Scope.READ))
def list_windows(
    request: ApiRequest, environment: Text = "", ends_after: AwareDatetime | None = None, starts_before: AwareDatetime | None = None
) -> Any:
    """Those that have not ended yet, unless asked otherwise; each with its first time, and the rule by which it recurs."""
    since = ends_after or clock()
    rows = Window.objects.select_related("environment", "target", "domain").filter(~Q(rule="") | Q(ends__gt=since)).order_by("starts")
    if environment:
        rows = rows.filter(environment__name=environment)
    return rows.filter(starts__lt=starts_before) if starts_before else rows


@router.post("/windows", response={201: WindowOut}, summary="Add a window or a blackout", **takes(Scope.OPERATE))
def add_window(request: ApiRequest, given: WindowIn) -> Any:
    """For exactly one of an environment, a target and a domain."""
    values = given.dict(exclude={"environment", "target", "domain"})
    scope = {
        "environment": given.environment and only(Environment.objects.filter(name=given.environment), "environment", given.environment),
        "target": given.target and target_of(given.target),
        "domain": given.domain and only(Domain.objects.filter(slug=given.domain), "domain", given.domain),
    }
    window = Window(**values, **{name: row or None for name, row in scope.items()})
    return workflow.save_record(actor=request.auth, record=window)


@router.post("/holidays", response={201: list[WindowOut]}, summary="Add a country's holidays as blackouts", **takes(Scope.OPERATE))
def add_holidays(request: ApiRequest, given: HolidaysIn) -> Any:
    """One blackout for each public holiday of the year that is not there yet."""
    environment = only(Environment.objects.filter(name=given.environment), "environment", given.environment)
    values = given.dict(exclude={"environment"})
    return workflow.add_holidays(actor=request.auth, environment=environment, **values)


@router.get("/changes/{number}/bookings", response=list[BookingOut], summary="List a change's bookings", **takes(Scope.READ))
def list_bookings(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return _bookings(phase_of(number, phase))


@router.post("/changes/{number}/bookings", response={201: BookingOut}, summary="Book a window", **takes(Scope.OPERATE))
def book(request: ApiRequest, number: str, given: BookingIn, phase: Text = "") -> Any:
    """Booking again moves it, which voids the business approval."""
    row = phase_of(number, phase)
    window = only(Window.objects.select_related("environment").filter(pk=given.window), "window", given.window)
    target = deployment_of(row, given.target).target
    values = given.dict(include={"starts", "ends", "start", "acknowledge"})
    people = {"operator": _person(given.operator), "on_call": _person(given.on_call)}
    return workflow.book(actor=request.auth, phase=row, target=target, window=window, **{**values, **people})


def _person(name: str) -> User | None:
    return only(User.objects.filter(username=name), "person", name) if name else None


@router.post("/bookings/{key}/withdraw", response=BookingOut, summary="Withdraw a booking", **takes(Scope.OPERATE))
def withdraw_booking(request: ApiRequest, key: int, given: Reason) -> Any:
    """Its time is free again; a run that is under way in it pauses at its next boundary."""
    return workflow.withdraw(actor=request.auth, booking=_booking(key), reason=given.reason)


@router.post("/bookings/{key}/acknowledge", response=BookingOut, summary="Acknowledge what a booking disturbs", **takes(Scope.OPERATE))
def acknowledge_booking(request: ApiRequest, key: int) -> Any:
    return workflow.acknowledge_collisions(actor=request.auth, booking=_booking(key))


@router.get("/bookings/{key}/collisions", response=list[CollisionOut], summary="List what a booking collides with", **takes(Scope.READ))
def list_collisions(request: ApiRequest, key: int) -> Any:
    """From either side, worst first."""
    return workflow.collisions_of(_booking(key))


def _booking(key: int) -> Booking:
    return only(Booking.objects.select_related("phase__spec", "target", "booked_by").filter(pk=key), "booking", key)
