"""May it go out? And what is told of clients, by which that is answered."""

from datetime import date
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Body, Field, Path, Query, Router, Schema
from pydantic import AwareDatetime

from governance import workflow
from governance.api.auth import takes
from governance.api.common import ApiRequest, Input, Text
from governance.api.lookups import only, phase_of
from governance.compatibility import answer_as_json, ask_client, environment_named
from governance.compatibility.names import UnknownClient
from governance.deployability import ask_phase, phase_named
from governance.errors import BadInput
from governance.matrix import Compatibility, Source, Verdict
from governance.matrix.contract import read_contract
from governance.models import ApiVersion, Override, Release, ReleaseKind, Scope, UsageMode

router = Router(tags=["Compatibility and audit"])


class GateRow(Schema):
    client: str
    backend: str
    verdict: Compatibility
    reason: str
    source: Source
    rulings: list[dict[str, Any]] = Field(description="What the rules said: rule, change, subject, text, way_out, last_seen.")
    observed: bool = Field(description="Its presence was observed, not declared.")
    last_seen: str | None


class GateReason(Schema):
    code: str = Field(description="The rule (R13), or what else speaks: declared, tested, overridden, unregistered, no-target.")
    verdict: Verdict
    text: str
    client: str
    change: str
    object: str
    last_seen: str
    way_out: str


class GateAnswer(Schema):
    deployable: bool | None = Field(description="null: unknown, which never passes for production.")
    verdict: Verdict
    rows: list[GateRow]
    reasons: list[GateReason]
    fixes: list[str]


class GateQuestion(Schema):
    environment: Text = Field(description="For example production.")
    client: Text = Field("", description="Name and version of a client, for example app@2.1; or else")
    change: Text = Field("", description="a change, for example CHG-12,")
    phase: Text = Field("", description="and its phase; without it the first that is open.")


class UseIn(Input):
    object: Text = Field(description="For example public.bids.total_cents.")
    reads: bool | None = None
    writes: bool = False
    by: Text = Field("", description="The query or API field, for example GET /bids total.")


class ClientIn(Input):
    name: Text
    version: Text
    distribution: Literal["deployed", "released"] = "released"
    made_for: Text = Field("", description="The backend release it was written against, for example Backend 2.0.")
    complete: bool = Field(False, description="The uses are all there are.")
    strict: bool = Field(False, description="It fails on fields that it does not know.")
    closed_values: bool = Field(False, description="It fails on enum values that it does not know.")
    integer_bits: Literal[32, 53, 64] = 64
    api_version: Text = ""
    live: bool = True
    uses: list[UseIn] = []


class ClientOut(Schema):
    name: str
    version: str
    bindings: int

    @staticmethod
    def resolve_bindings(release: Release) -> int:
        return release.bindings.count()


class PresenceIn(Input):
    name: Text = Field(description="Of the client or backend release.")
    version: Text
    environment: Text
    kind: ReleaseKind = ReleaseKind.CLIENT
    here: bool = Field(True, description="false: it has left.")
    beside: bool = Field(False, description="Other deployed versions of it stay there too.")


class CountIn(Input):
    client: Text
    version: Text
    object: Text = Field(description="A column or table, or a field of the API as in its bindings.")
    mode: UsageMode
    count: int = Field(ge=0)
    api_version: Text = ""


class UsageIn(Input):
    environment: Text
    day: date
    requests: int = Field(ge=0, description="All of the environment's on this day, those of unknown clients too.")
    counts: list[CountIn]


class StatementsIn(Input):
    queries: list[Text] = Field(description="The query column of pg_stat_statements.")
    schema_name: Text = Field("public", description="Of names that have none.")


class TestIn(Input):
    client: Text = Field(description="For example app@2.1.")
    backend: Text = Field(description="For example instabids_production@1.3.0; of a target also a version that is still to come.")
    passed: bool
    partly: bool = Field(False, description="It passed, but not all the client does was tried or worked.")
    suite: Text
    fingerprint: Text = Field("", description="Of the schema it ran on, if it is not the backend's.")


class OverrideIn(Input):
    client: Text
    backend: Text
    verdict: Compatibility
    reason: Text
    expires_at: AwareDatetime


class OverrideOut(Schema):
    id: int
    client: str
    backend: str
    verdict: Compatibility
    reason: str
    expires_at: AwareDatetime
    asked_by: str
    seconded_by: str | None
    withdrawn_at: AwareDatetime | None

    @staticmethod
    def resolve_client(row: Override) -> str:
        return str(row.client)

    @staticmethod
    def resolve_backend(row: Override) -> str:
        return str(row.backend)

    @staticmethod
    def resolve_asked_by(row: Override) -> str:
        return row.asked_by.get_username()

    @staticmethod
    def resolve_seconded_by(row: Override) -> str | None:
        return row.seconded_by.get_username() if row.seconded_by else None


class NobodyIn(Input):
    environment: Text
    reason: Text


class Done(Schema):
    count: int


Key = Annotated[int, Path(ge=1, le=2**63 - 1)]


def _pair(given: str) -> tuple[str, str]:
    name, at, version = given.rpartition("@")
    if not (at and name and version):
        raise BadInput(f"“{given}” is not a name and a version. Write for example app@2.1.")
    return name, version


def _client(given: str) -> Release:
    name, version = _pair(given)
    rows = Release.objects.filter(kind=ReleaseKind.CLIENT, name__iexact=name, version=version)
    found = rows.first()
    if found is None:
        raise UnknownClient(given, (f"{each.name}@{each.version}" for each in Release.objects.filter(kind=ReleaseKind.CLIENT)))
    return found


def _override_of(key: int) -> Override:
    return only(Override.objects.select_related("client", "backend", "asked_by", "seconded_by").filter(pk=key), "override", key)


@router.get("/can-deploy", response=GateAnswer, summary="May a client or a phase of a change go out?", **takes(Scope.READ))
def ask_gate(request: ApiRequest, question: Query[GateQuestion]) -> Any:
    """The same function as `manage.py can_deploy`, booking and start. Unknown names are 404; a version nobody registered is unknown."""
    if bool(question.client) == bool(question.change):
        raise BadInput("Ask either for a client (client=app@2.1) or for a change (change=CHG-12).")
    environment = environment_named(question.environment)
    if question.change:
        return answer_as_json(ask_phase(phase_named(question.change, question.phase), environment))
    return answer_as_json(ask_client(*_pair(question.client), environment, timezone.now()))


@router.post("/clients", response={201: ClientOut}, summary="Register a client release and what it uses", **takes(Scope.SUBMIT))
def register_client(request: ApiRequest, given: ClientIn) -> Any:
    """Sent again it replaces what was declared before. Queries and API fields that were imported or observed stay."""
    uses = [{name: value for name, value in use.dict().items() if value is not None} for use in given.uses]
    contract = read_contract(f"{given.name} {given.version}", {**given.dict(), "uses": uses})
    return workflow.register_client(actor=request.auth, contract=contract)


@router.post("/clients/{client}/statements", response=Done, summary="Import what a client's queries use", **takes(Scope.SUBMIT))
def import_statements(request: ApiRequest, client: str, given: StatementsIn) -> Any:
    count = workflow.import_statements(actor=request.auth, client=_client(client), queries=given.queries, schema=given.schema_name)
    return {"count": count}


@router.post("/api-versions/{number}/document", response=Done, summary="Import what stands behind an API's fields", **takes(Scope.SUBMIT))
def import_document(request: ApiRequest, number: str, given: Body[dict[str, Any]]) -> Any:
    """An OpenAPI document whose properties name their columns as `x-columns`."""
    version = only(ApiVersion.objects.filter(number=number), "API version", number)
    return {"count": workflow.import_openapi(actor=request.auth, api_version=version, document=given)}


@router.post("/presence", response=Done, summary="Say that a release has come to an environment, or left it", **takes(Scope.SUBMIT))
def record_presence(request: ApiRequest, given: PresenceIn) -> Any:
    rows = Release.objects.filter(kind=given.kind, name=given.name, version=given.version)
    release = only(rows, f"{given.kind} release", f"{given.name} {given.version}")
    environment = environment_named(given.environment)
    workflow.record_presence(actor=request.auth, release=release, environment=environment, here=given.here, beside=given.beside)
    return {"count": 1}


@router.post("/usage", response=Done, summary="Report a day's use", **takes(Scope.SUBMIT))
def record_usage(request: ApiRequest, given: UsageIn) -> Any:
    """All that an environment was asked for on one day. Sent again it replaces the day. Answers how many requests named their client."""
    counts = [workflow.Count(**each.dict()) for each in given.counts]
    environment = environment_named(given.environment)
    count = workflow.record_usage(actor=request.auth, environment=environment, day=given.day, requests=given.requests, counts=counts)
    return {"count": count}


class TestOut(Schema):
    verdict: Compatibility
    reason: str
    source: Source


@router.post("/matrix/tests", response={201: TestOut}, summary="Send what a suite found out about a pair", **takes(Scope.SUBMIT))
def record_test(request: ApiRequest, given: TestIn) -> Any:
    backend = workflow.backend_named(request.auth, *_pair(given.backend))
    told = given.dict(exclude={"client", "backend"})
    return workflow.record_test(actor=request.auth, client=_client(given.client), backend=backend, **told)


@router.get("/overrides", response=list[OverrideOut], summary="List the overrides that were not withdrawn", **takes(Scope.READ))
def list_overrides(request: ApiRequest) -> Any:
    return Override.objects.filter(withdrawn_at=None).select_related("client", "backend", "asked_by", "seconded_by")


@router.post("/overrides", response={201: OverrideOut}, summary="Say otherwise than the matrix, for a while", **takes(Scope.DECIDE))
def ask_override(request: ApiRequest, given: OverrideIn) -> Any:
    """For production it counts once somebody else has seconded it; a failed test it cannot hide."""
    told = given.dict(exclude={"client", "backend"})
    backend = workflow.backend_named(request.auth, *_pair(given.backend))
    return workflow.override(actor=request.auth, client=_client(given.client), backend=backend, **told)


@router.post("/overrides/{key}/second", response=OverrideOut, summary="Stand for somebody else's override", **takes(Scope.DECIDE))
def second_override(request: ApiRequest, key: Key) -> Any:
    return workflow.second_override(actor=request.auth, override=_override_of(key))


@router.post("/overrides/{key}/withdraw", response=OverrideOut, summary="Withdraw an override", **takes(Scope.DECIDE))
def withdraw_override(request: ApiRequest, key: Key) -> Any:
    return workflow.withdraw_override(actor=request.auth, override=_override_of(key))


@router.post("/changes/{number}/nobody", response=Done, summary="Say that nobody uses what it takes away", **takes(Scope.DECIDE))
def acknowledge_nobody(request: ApiRequest, number: str, given: NobodyIn, phase: Text = "") -> Any:
    """Where no client is known, a removal in production is unknown until a person has said so, of exactly these scripts."""
    row, environment = phase_of(number, phase), environment_named(given.environment)
    workflow.acknowledge_nobody(actor=request.auth, phase=row, environment=environment, reason=given.reason)
    return {"count": 1}
