"""What proves a change before anybody approves it: analyses with their findings, rehearsals, and results of test suites elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Router, Schema
from ninja.responses import Status

from governance import workflow
from governance.analysis.rule import Level
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import phase_of
from governance.manifest import content_digest
from governance.models import Analysis, Phase, Rehearsal, Scope
from governance.orders import RunStatus

router = Router(tags=["Analysis, rehearsal and evidence"])


class FindingOut(Schema):
    code: str
    level: Level
    script: str = Field(alias="script.name")
    line: int
    column: int
    message: str
    why: str
    safe_form: str


class AnalysisOut(Schema):
    target: str = Field("", description="Empty: what the scripts alone tell.")
    current: bool = Field(description="Of the scripts as they are now.")
    at: datetime
    facts_at: datetime | None
    change_class: str
    category: str
    bump: str
    risk: str
    sentence: str
    findings: list[FindingOut]
    report: dict[str, Any] = Field(description="Statements with their locks, tables, points of risk.")


class AnalysesOut(Schema):
    pending: int = Field(description="Targets whose facts are still being read.")
    analyses: list[AnalysisOut]


class RehearsalOut(Schema):
    id: UUID
    target: str = Field(alias="target.name")
    status: RunStatus
    verdict: str = Field(description="passed, failed or unknown; empty while it runs.")
    message: str
    difference: str = Field(description="How the schema after the rollback differs from the one before.")
    cosmetic: bool
    current: bool = Field(description="Of the scripts as they are now.")
    requested_at: datetime
    finished_at: datetime | None
    seconds: float | None
    traffic: bool = Field(description="With simulated clients at work on the tables.")
    report: dict[str, Any] = Field(description="Pairs, data lost, locks, checks, consistency, clients, what limits the proof.")
    steps: list[dict[str, Any]]


class EvidenceIn(Input):
    suite: Text = Field(max_length=100, examples=["checkout end-to-end"])
    service: Text = Field(max_length=100, examples=["bids-api"])
    passed: bool
    commit: Text = Field("", max_length=64)
    address: Text = Field("", max_length=200, pattern=r"^(https?://\S+)?$", description="Where the result can be read.")


class TestEvidenceOut(Schema):
    suite: str
    service: str
    passed: bool
    commit: str
    address: str
    current: bool = Field(description="Of the scripts as they are now.")
    at: datetime


def _analyses(phase: Phase) -> dict[str, Any]:
    digest = content_digest(phase)
    rows = Analysis.objects.filter(phase=phase).select_related("target").prefetch_related("findings__script").order_by("pk")
    latest = {row.target: row for row in rows}
    names = ("at", "facts_at", "change_class", "category", "bump", "risk", "sentence", "findings", "report")
    return {
        "pending": phase.observations.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]).count(),
        "analyses": [
            {name: getattr(row, name) for name in names} | {"target": target.name if target else "", "current": row.digest == digest}
            for target, row in sorted(latest.items(), key=lambda item: str(item[0] or ""))
        ],
    }


def _with_current(rows: Any, digest: str) -> list[Any]:
    found = list(rows)
    for row in found:
        row.current = row.digest == digest
    return found


@router.get("/changes/{number}/analysis", response=AnalysesOut, summary="Read the analyses and their findings", **takes(Scope.READ))
def get_analysis(request: ApiRequest, number: str, phase: Text = "") -> Any:
    """The latest one of the scripts alone, and the latest one on each target's facts."""
    return _analyses(phase_of(number, phase))


@router.post("/changes/{number}/analysis", response={202: AnalysesOut}, summary="Analyse on fresh facts", **takes(Scope.SUBMIT))
def request_analysis(request: ApiRequest, number: str, phase: Text = "") -> Any:
    row = phase_of(number, phase)
    workflow.request_analysis(actor=request.auth, phase=row)
    return Status(202, _analyses(row))


@router.get("/changes/{number}/rehearsals", response=list[RehearsalOut], summary="Read the rehearsals, newest first", **takes(Scope.READ))
def list_rehearsals(request: ApiRequest, number: str, phase: Text = "") -> Any:
    row = phase_of(number, phase)
    return _with_current(Rehearsal.objects.filter(phase=row).select_related("target"), content_digest(row))


@router.post("/changes/{number}/rehearsals", response={202: RehearsalOut}, summary="Rehearse", **takes(Scope.SUBMIT))
def request_rehearsal(request: ApiRequest, number: str, phase: Text = "", traffic: bool = False) -> Any:
    """Forward, checks, back, compared, forward again, on a copy of the schema; on request with simulated clients at work on the tables."""
    row = phase_of(number, phase)
    workflow.request_rehearsal(actor=request.auth, phase=row, traffic=traffic)
    return Status(202, _with_current(Rehearsal.objects.filter(phase=row).select_related("target")[:1], content_digest(row))[0])


@router.get("/changes/{number}/evidence", response=list[TestEvidenceOut], summary="Read the results of test suites", **takes(Scope.READ))
def list_evidence(request: ApiRequest, number: str, phase: Text = "") -> Any:
    row = phase_of(number, phase)
    return _with_current(row.test_evidence.all(), content_digest(row))


@router.post("/changes/{number}/evidence", response={201: TestEvidenceOut}, summary="Send a test suite's result", **takes(Scope.SUBMIT))
def add_evidence(request: ApiRequest, number: str, given: EvidenceIn, phase: Text = "") -> Any:
    """It counts for the scripts as they are now."""
    row = phase_of(number, phase)
    evidence = workflow.add_evidence(actor=request.auth, phase=row, **given.dict())
    return Status(201, _with_current([evidence], content_digest(row))[0])
