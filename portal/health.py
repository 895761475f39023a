"""Whether this process lives, and whether the portal as a whole can work: for supervisors, load balancers and monitoring."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from django.db import DatabaseError, OperationalError, ProgrammingError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from psycopg.errors import UndefinedTable

from governance.handoff import cluster_silence
from governance.handoff.claims import KINDS
from governance.lifecycle import OCCUPYING
from governance.models import Run
from governance.orders import RunStatus

LONGEST_SILENCE = timedelta(minutes=3)
LONGEST_WAIT = timedelta(minutes=5)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. It asks no database: starting the process again would not bring one back."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    troubles = _troubles()
    answer = {"status": "unavailable" if any(troubles.values()) else "ok", "checks": {name: why or "ok" for name, why in troubles.items()}}
    return JsonResponse(answer, status=503 if any(troubles.values()) else 200)


def unapplied() -> list[str]:
    """Migrations that the code has and the database has not, as app.name, in one query."""
    return [".".join(node) for node in sorted(_nodes() - _applied())]


def _applied() -> set[tuple[str, str]]:
    try:
        return set(MigrationRecorder.Migration.objects.values_list("app", "name"))
    except ProgrammingError as error:
        if isinstance(error.__cause__, UndefinedTable):
            return set()  # a new database
        raise


@cache
def _nodes() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def _troubles() -> dict[str, str]:
    """What keeps the portal from working, by check; "" where nothing does. The database's words are not for everybody."""
    looks: dict[str, Callable[[], str]] = {"migrations": _schema_trouble, "cluster": _cluster_trouble, "queue": _queue_trouble}
    try:
        return {"database": "", **{name: look() for name, look in looks.items()}}
    except OperationalError:
        return {"database": "does not answer"}
    except DatabaseError:
        return {"database": "", "migrations": "not applied, or this role may not read the tables"}


def _schema_trouble() -> str:
    missing = len(unapplied())
    return f"{missing} not applied" if missing else ""


def _cluster_trouble() -> str:
    silence = cluster_silence()
    if silence is None:
        return "never heard of"
    return f"silent for {silence:.0f} s" if silence > LONGEST_SILENCE.total_seconds() else ""


def _queue_trouble() -> str:
    oldest = _oldest()
    wait = timezone.now() - oldest if oldest else timedelta()
    return f"the oldest request has waited for {wait.total_seconds():.0f} s" if wait > LONGEST_WAIT else ""


def _oldest() -> datetime | None:
    """When the oldest row was requested that nobody has taken, though somebody could."""
    occupied = Run.objects.filter(status__in=OCCUPYING).values("target")
    runs = Run.objects.exclude(target__in=occupied)  # behind another run on its target, a run waits rightly
    others = (model._default_manager.all() for model in KINDS.values() if model is not Run)
    first, *rest = (rows.filter(status=RunStatus.QUEUED).order_by().values_list("requested_at", flat=True) for rows in (runs, *others))
    return first.union(*rest, all=True).order_by("requested_at").first()
