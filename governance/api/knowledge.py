"""What works with what, and what happened."""

from datetime import datetime
from typing import Any

from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from governance.api.auth import takes
from governance.api.common import ApiRequest, Text
from governance.api.paging import Cursor, Limit, Page, page_of
from governance.matrix import Compatibility, Source
from governance.models import AuditEvent, MatrixEntry, Release, ReleaseKind, Scope

router = Router(tags=["Compatibility and audit"])


class ReleaseOut(Schema):
    kind: ReleaseKind
    name: str
    version: str
    live: bool = Field(description="Somebody still uses it.")


class CellOut(Schema):
    client: ReleaseOut
    backend: ReleaseOut
    verdict: Compatibility
    reason: str
    source: Source
    rulings: list[dict[str, Any]] = Field(description="What the rules said, of a derived one.")


class EventOut(Schema):
    id: int
    at: datetime
    actor: str
    kind: str
    subject: str
    text: str
    refused: bool
    data: dict[str, Any]


class CellFilters(Schema):
    client: Text = Field("", description="Name of a client, for example App.")
    client_version: Text = ""
    backend: Text = Field("", description="Name of a target.")
    backend_version: Text = ""


class EventFilters(Schema):
    subject: Text = Field("", description="For example CHG-12.")
    actor: Text = ""
    kind: Text = Field("", description="For example run.deploy.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


def _wanted(filters: Schema, names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in filters.dict().items() if value}


@router.get("/releases", response=list[ReleaseOut], summary="List releases of clients and backends", **takes(Scope.READ))
def list_releases(request: ApiRequest, kind: ReleaseKind | None = None, live: bool | None = None) -> Any:
    wanted = {name: value for name, value in {"kind": kind, "live": live}.items() if value is not None}
    return Release.objects.filter(**wanted)


@router.get("/matrix", response=list[CellOut], summary="Read which client works with which backend", **takes(Scope.READ))
def list_cells(request: ApiRequest, filters: Query[CellFilters]) -> Any:
    """What each source says of a pair: a test counts more than a derivation, a derivation more than a declaration."""
    names = {
        "client": "client__name", "client_version": "client__version", "backend": "backend__name", "backend_version": "backend__version",
    }  # fmt: skip
    return MatrixEntry.objects.filter(**_wanted(filters, names)).select_related("client", "backend")


@router.get("/events", response=Page[EventOut], summary="Read what happened, refusals included", **takes(Scope.READ))
def list_events(request: ApiRequest, filters: Query[EventFilters], cursor: Cursor = "", limit: Limit = 50) -> Any:
    names = {"subject": "subject", "actor": "actor", "kind": "kind", "since": "at__gte", "until": "at__lt"}
    return page_of(AuditEvent.objects.filter(**_wanted(filters, names)), cursor, limit)
