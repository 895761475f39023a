"""Runs: asked for, watched, paused, stopped, resumed; rollbacks too."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Field, Router, Schema

from governance import workflow
from governance.advice import next_step
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import deployment_of, only, phase_of
from governance.models import CheckResult, Run, Scope, what_holds
from governance.orders import Moment, Question, RunKind, RunStatus, Severity, StepStatus, Verdict, Wish

router = Router(tags=["Runs"])
RELATED = ("deployment__phase__spec", "target", "requested_by")


class RunIn(Input):
    target: Text = Field(description="Name of a target of the change.")
    kind: RunKind = RunKind.DEPLOY
    reason: Text = Field("", description="Needed for a rollback.")


class DecisionIn(Input):
    reason: Text = Field(description="Why.")


class JudgementIn(Input):
    position: int = Field(description="Of the statement, as the run's steps have it.")
    applied: bool = Field(description="Whether it took effect on the target.")
    reason: Text = Field(description="What you have seen there.")


class RunLine(Schema):
    id: UUID
    change: str = Field(alias="deployment.phase.spec.number")
    target: str = Field(alias="target.name")
    kind: RunKind
    status: RunStatus
    wish: Wish = Field(description="What a person wants of it; obeyed at the next boundary.")
    message: str
    reason: str
    requested_by: str = Field(description="Empty: by its booking.")
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    longest_lock: float | None = Field(description="Seconds that its strongest lock was held.")
    wal_bytes: int | None
    script_digest: str
    release_digest: str
    lsn: str = Field(description="Position in the target's WAL before anything was executed.")
    restore_point: str = Field(description="Made there; empty where there is none.")
    unrecoverable: str = Field(description="Why the server cannot be recovered to it.")
    next: str = Field(description="What to do next.")

    @staticmethod
    def resolve_next(run: Run) -> str:
        return next_step(RunKind(run.kind), RunStatus(run.status))

    @staticmethod
    def resolve_requested_by(run: Run) -> str:
        return run.requested_by.get_username() if run.requested_by else ""


class StepOut(Schema):
    position: int
    script: str
    line: int
    statement: str
    status: StepStatus
    started_at: datetime
    seconds: float
    attempts: int
    rows: int | None
    note: str


class CheckOut(Schema):
    name: str
    question: Question
    moment: Moment
    verdict: Verdict = Field(description="What the run found; it stays.")
    holds: Verdict = Field(description="What counts: what somebody says with a reason, or what was found since where it was unknown.")
    evidence: str
    severity: Severity
    strength: str = Field(description="How much that proves, with its formula.")
    sample: list[str] = Field(description="Keys of rows that offend; never another value.")
    seconds: float
    sql: str = Field(description="Asks the same again.")


class AnswerOut(Schema):
    name: str
    at: datetime
    verdict: Verdict
    evidence: str
    strength: str
    sample: list[str]


class RunOut(RunLine):
    steps: list[StepOut]
    checks: list[CheckOut]
    asked_again: list[AnswerOut] = Field(description="What checks came to since, asked by people or in monitoring; oldest first.")

    @staticmethod
    def resolve_checks(run: Run) -> Any:
        return run.checks.annotate(holds=what_holds())


class CheckIn(Input):
    check: Text = Field(description="Name of a check of the run.")


class RecheckOut(Schema):
    id: UUID
    check: str = Field(alias="result.name")
    status: RunStatus
    message: str = Field(description="Why nothing came of it; else empty, and the answer stands among the run's.")
    requested_by: str = Field(alias="requested_by.username")
    requested_at: datetime
    finished_at: datetime | None


def _run(key: UUID) -> Run:
    return only(Run.objects.select_related(*RELATED).filter(pk=key), "run", key)


@router.get("/changes/{number}/runs", response=list[RunLine], summary="List a change's runs, newest first", **takes(Scope.READ))
def list_runs(request: ApiRequest, number: str, phase: Text = "") -> Any:
    return Run.objects.filter(deployment__phase=phase_of(number, phase)).select_related(*RELATED)


@router.post("/changes/{number}/runs", response={202: RunLine}, summary="Deploy, dry-run or roll back", **takes(Scope.OPERATE))
def start_run(request: ApiRequest, number: str, given: RunIn, phase: Text = "") -> Any:
    """The run is queued; watch it at /runs/{id}. A rollback may start outside windows, and takes a reason."""
    deployment = deployment_of(phase_of(number, phase), given.target)
    if given.kind is RunKind.ROLLBACK:
        return workflow.roll_back(actor=request.auth, deployment=deployment, reason=given.reason)
    return workflow.start(actor=request.auth, deployment=deployment, kind=given.kind)


@router.get("/runs/{uuid:key}", response=RunOut, summary="Watch a run", **takes(Scope.READ))
def get_run(request: ApiRequest, response: HttpResponse, key: UUID) -> Any:
    """With its steps and checks. Send the ETag back as If-None-Match: as long as nothing has changed the answer is 304, without a body."""
    run = RunOut.from_orm(_run(key))
    etag = f'"{hashlib.sha256(run.model_dump_json().encode()).hexdigest()[:20]}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={"ETag": etag})
    response["ETag"] = etag
    return run


@router.post("/runs/{uuid:key}/pause", response=RunLine, summary="Pause at the next boundary", **takes(Scope.OPERATE))
def pause_run(request: ApiRequest, key: UUID) -> Any:
    return workflow.control(actor=request.auth, run=_run(key), wish=Wish.PAUSE)


@router.post("/runs/{uuid:key}/stop", response=RunLine, summary="Stop, the statement it is in included", **takes(Scope.OPERATE))
def stop_run(request: ApiRequest, key: UUID) -> Any:
    return workflow.control(actor=request.auth, run=_run(key), wish=Wish.STOP)


@router.post("/runs/{uuid:key}/slow", response=RunLine, summary="Let a backfill work a quarter of the time", **takes(Scope.OPERATE))
def slow_run(request: ApiRequest, key: UUID) -> Any:
    return workflow.control(actor=request.auth, run=_run(key), wish=Wish.SLOW)


@router.post("/runs/{uuid:key}/faster", response=RunLine, summary="Give a backfill its speed again", **takes(Scope.OPERATE))
def faster_run(request: ApiRequest, key: UUID) -> Any:
    return workflow.control(actor=request.auth, run=_run(key), wish=Wish.NONE)


@router.post("/runs/{uuid:key}/roll_back", response={202: RunLine}, summary="Stop it where it is, and roll it back", **takes(Scope.OPERATE))
def roll_back_run(request: ApiRequest, key: UUID, given: DecisionIn) -> Any:
    """The answer is the rollback, or the run that has still to end."""
    return workflow.roll_back_run(actor=request.auth, run=_run(key), reason=given.reason)


@router.post("/runs/{uuid:key}/keep", response=RunLine, summary="Decide that it stays", **takes(Scope.OPERATE))
def keep_run(request: ApiRequest, key: UUID, given: DecisionIn) -> Any:
    return workflow.keep(actor=request.auth, run=_run(key), reason=given.reason)


@router.post("/runs/{uuid:key}/judge", response=RunLine, summary="Say whether a statement is applied", **takes(Scope.OPERATE))
def judge_statement(request: ApiRequest, key: UUID, given: JudgementIn) -> Any:
    """Of a statement that no catalogue can judge: its step is unknown. The target is then asked again."""
    return workflow.judge_statement(actor=request.auth, run=_run(key), position=given.position, applied=given.applied, reason=given.reason)


@router.post("/runs/{uuid:key}/resume", response=RunLine, summary="Go on with a paused run", **takes(Scope.OPERATE))
def resume_run(request: ApiRequest, key: UUID) -> Any:
    return workflow.resume(actor=request.auth, run=_run(key))


@router.post("/runs/{uuid:key}/ask_again", response={202: RecheckOut}, summary="Ask an unknown check again", **takes(Scope.OPERATE))
def ask_again(request: ApiRequest, key: UUID, given: CheckIn) -> Any:
    """For example one that was stopped. The first answer stays; the new one comes under `asked_again` of the run."""
    return workflow.ask_again(actor=request.auth, result=_check(key, given.check))


@router.post("/runs/{uuid:key}/stop_asking", response=RecheckOut, summary="End the reading of a check", **takes(Scope.OPERATE))
def stop_asking(request: ApiRequest, key: UUID, given: CheckIn) -> Any:
    """What was read is kept: asked again, it goes on there."""
    return workflow.stop_asking(actor=request.auth, result=_check(key, given.check))


def _check(key: UUID, name: str) -> CheckResult:
    rows = CheckResult.objects.filter(run=key, name=name).select_related("run__deployment__phase")
    return only(rows, "check of this run", name)
