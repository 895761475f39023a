"""A portal after years of work: the changes of `tests.world` many times over, copied by the database itself."""

from itertools import product

from django.db import connection, models, transaction

from governance.lifecycle import OCCUPYING, PhaseStatus, Stage
from governance.models import (
    Analysis,
    Answer,
    Approval,
    ApprovalRequest,
    AuditEvent,
    Booking,
    CheckResult,
    Comment,
    Criterion,
    Dependency,
    Deployment,
    Finding,
    FollowUp,
    MatrixEntry,
    Observation,
    Phase,
    Rehearsal,
    Release,
    Review,
    Run,
    Script,
    Spec,
    SpecEditor,
    Step,
    TableVersion,
    TestEvidence,
    Window,
)
from governance.orders import RunStatus
from tests.world import make_world

COPIED: tuple[type[models.Model], ...] = (
    Spec, Spec.domains.through, SpecEditor, Phase, Script, Dependency, Answer, TestEvidence, Observation, Analysis, Finding, Rehearsal,
    Approval, ApprovalRequest, Window, Booking, Deployment, Run, Step, CheckResult, TableVersion, Criterion, Review, FollowUp, Comment,
    AuditEvent,
)  # fmt: skip
STRIDE = 1000  # between the keys of two copies
HOURS = 24  # that each copy is older than the one before
UNDER_WAY = 30  # copies whose changes are still open
UNIQUE = {Spec: "title", Script: "version"}
CLIENTS, BACKENDS = 20, 40


def make_crowd(specs: int = 5000) -> None:
    """At least so many changes; some three hundred of them open."""
    make_world()
    copy_world(specs)


def copy_world(specs: int = 5000) -> None:
    with transaction.atomic():
        copy_rows(COPIED, -(-specs // Spec.objects.count()) - 1)
        _matrix()
    connection.cursor().execute("VACUUM ANALYZE")


def copy_rows(copied: tuple[type[models.Model], ...], times: int, under_way: int = UNDER_WAY) -> None:
    """So many copies of every row, each with all that belongs to it. `under_way`: how many of them stay as open as they are."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # neither triggers nor foreign keys: copies of what passed them
        for model in copied:
            cursor.execute(_copy(model, under_way), [times])
        for model in copied:
            if isinstance(model._meta.pk, models.AutoField):
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def _copy(model: type[models.Model], under_way: int) -> str:
    fields = [field for field in model._meta.concrete_fields if field.column != "xid"]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(model, field, under_way) for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values} FROM {model._meta.db_table}, generate_series(1, %s) AS k"


def _value(model: type[models.Model], field: models.Field, under_way: int) -> str:
    """A column of a copy, k copies later than the original."""
    column = f'"{field.column}"'
    if field.primary_key or field.related_model in COPIED:
        key = field.related_model._meta.pk if field.related_model else field  # type: ignore[union-attr]
        return f"md5({column}::text || k)::uuid" if isinstance(key, models.UUIDField) else f"{column} + k * {STRIDE}"
    if UNIQUE.get(model) == field.name:
        return f"{column} || ' ' || k"
    if isinstance(field, models.DateTimeField):
        return f"{column} - k * interval '{HOURS} hours'"
    if model is AuditEvent and field.name == "subject":
        return f"coalesce('CHG-' || (substring({column} from '^CHG-(\\d+)$')::int + k * {STRIDE}), {column})"
    if field.name == "status":
        return _status(column, model, under_way)
    if model is Phase and field.name == "stage":
        return f"CASE WHEN k > {under_way} AND status = '{PhaseStatus.OPEN}' THEN {Stage.CLOSURE.value} ELSE {column} END"
    return column


def _status(column: str, model: type[models.Model], under_way: int) -> str:
    """Old changes are closed, and nothing occupies a target twice."""
    if model is Phase:
        return f"CASE WHEN k > {under_way} AND {column} = '{PhaseStatus.OPEN}' THEN '{PhaseStatus.CLOSED}' ELSE {column} END"
    busy = ", ".join(f"'{status}'" for status in (RunStatus.QUEUED, *sorted(OCCUPYING)))
    return f"CASE WHEN {column} IN ({busy}) THEN '{RunStatus.SUCCEEDED}' ELSE {column} END"


def _matrix() -> None:
    """Versions of clients and of the backend in production, and a cell for every pair."""
    clients = [Release(kind="client", name=f"App {number % 4}", version=f"{number}.0") for number in range(CLIENTS)]
    backends = [Release(kind="backend", name="production_db", version=f"0.{number}.0") for number in range(BACKENDS)]
    Release.objects.bulk_create([*clients, *backends])
    pairs = product(clients, backends)
    MatrixEntry.objects.bulk_create(MatrixEntry(client=one, backend=other, verdict="full", reason="It was tried.") for one, other in pairs)
