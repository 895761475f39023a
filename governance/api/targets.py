"""Targets: read by the runner, and what was changed there past the portal."""

from datetime import datetime
from typing import Any

from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Reason, Text
from governance.api.lookups import drift_of, only, spec_of, target_of
from governance.models import Drift, DriftState, Observation, SchemaSnapshot, Scope
from governance.orders import RunStatus

router = Router(tags=["Targets"])


class ObservationOut(Schema):
    target: str = Field(alias="target.name")
    status: RunStatus
    message: str
    requested_at: datetime
    finished_at: datetime | None


class SnapshotOut(Schema):
    target: str = Field(alias="target.name")
    version: str
    fingerprint: str
    valid_from: datetime
    valid_to: datetime | None = Field(description="Empty: so it is now.")
    content: dict[str, Any] = Field(description="The schema, object by object.")


class DriftOut(Schema):
    id: int
    target: str = Field(alias="target.name")
    state: DriftState
    found_at: datetime
    entries: list[dict[str, Any]] = Field(description="What differs, object by object.")
    reason: str
    change: str = Field(description="The change that explains it; empty without one.")
    decided_at: datetime | None

    @staticmethod
    def resolve_change(drift: Drift) -> str:
        return drift.change.number if drift.change else ""


class LinkIn(Input):
    change: Text = Field(description="For example CHG-12.")
    reason: Text = Field("", description="What it has to do with it.")


@router.post("/targets/{name}/observations", response={202: ObservationOut}, summary="Read a target now", **takes(Scope.SUBMIT))
def observe_target(request: ApiRequest, name: str) -> Any:
    """The runner reads facts and schema, and tests what it may do there. The first reading is the baseline; one that waits is enough."""
    return workflow.observe(actor=request.auth, target=target_of(name))


@router.get("/targets/{name}/observations", response=list[ObservationOut], summary="Read how the last readings went", **takes(Scope.READ))
def list_observations(request: ApiRequest, name: str) -> Any:
    return Observation.objects.filter(target=target_of(name)).select_related("target").order_by("-requested_at")[:10]


@router.get("/targets/{name}/schema", response=SnapshotOut, summary="Read a target's schema, now or then", **takes(Scope.READ))
def get_schema(request: ApiRequest, name: str, at: AwareDatetime | None = None) -> Any:
    """From the snapshots: no target is opened. `at`: a moment with its zone."""
    known = SchemaSnapshot.objects.filter(target=target_of(name)).select_related("target")
    then = known.filter(valid_from__lte=at).order_by("-valid_from") if at else known.filter(valid_to=None)
    return only(then, "snapshot", name)


@router.get("/drifts", response=list[DriftOut], summary="List what was changed past the portal, newest first", **takes(Scope.READ))
def list_drifts(request: ApiRequest, target: Text = "", state: DriftState | None = None) -> Any:
    wanted = {name: value for name, value in {"target__name": target, "state": state}.items() if value}
    return Drift.objects.filter(**wanted).select_related("target", "change")[:100]


@router.post("/drifts/{int:key}/accept", response=DriftOut, summary="Accept a drift", **takes(Scope.DECIDE))
def accept_drift(request: ApiRequest, key: int, given: Reason) -> Any:
    return workflow.accept_drift(actor=request.auth, drift=drift_of(key), reason=given.reason)


@router.post("/drifts/{int:key}/link", response=DriftOut, summary="Say which change explains a drift", **takes(Scope.SUBMIT))
def link_drift(request: ApiRequest, key: int, given: LinkIn) -> Any:
    return workflow.link_drift(actor=request.auth, drift=drift_of(key), spec=spec_of(given.change), reason=given.reason)
