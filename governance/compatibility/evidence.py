"""From rows to what is known of clients: one array for all of them, which a query about something else can carry along."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import JSONObject
from django.utils import timezone

from governance import matrix
from governance.kept import written
from governance.matrix import ApiVersion, Client, Coverage, Source, Use
from governance.models import (
    Binding,
    Distribution,
    Environment,
    MatrixEntry,
    Override,
    Presence,
    Release,
    ReleaseKind,
    Shield,
    Target,
    Traffic,
    Usage,
    UsageMode,
)

OBSERVED_FOR = timedelta(days=180)  # use before that is forgotten
OBSERVED_UNTIL = timedelta(days=7)  # an observation that ended before that says nothing about today
COLUMN_PARTS = (2, 3)  # of schema.table and schema.table.column
OWN = (
    "pk", "name", "version", "distribution", "complete", "strict", "closed_values", "integer_bits", "here", "bound", "api_bound", "shields",
    "used", "entries", "overrides",
)  # fmt: skip
MADE_FOR = {"made_for_name": "made_for__name", "made_for_version": "made_for__version", "made_for": "made_for_id"}
API = {"api": "api_version__number", "sunset": "api_version__sunset_on"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """A live client release, with all that is known of it in an environment."""

    row: Row  # one of `client_rows`
    environment: int | None
    traffic: Row  # the environment's, of `traffic_rows`; empty when there is none
    now: datetime

    @property
    def label(self) -> str:
        return f"{self.row['name']} {self.row['version']}"

    @property
    def pk(self) -> int:
        return self.row["pk"]

    @cached_property
    def presence(self) -> matrix.Presence | None:
        here = next((each for each in self._of_here("here") if each["until"] is None), None)
        if here is None:
            return None
        seen = datetime.fromisoformat(here["last_seen"]) if here["last_seen"] else None
        return matrix.Presence(datetime.fromisoformat(here["since"]), here["source"] == "observed", seen)

    @property
    def is_here(self) -> bool:
        """What is deployed is where its presence says; what is released, or of which nobody said where it is, is everywhere."""
        present = any(each["until"] is None for each in self._of_here("here"))
        return present or not self.row["here"] or self.row["distribution"] == Distribution.RELEASED

    def is_made_for(self, name: str, version: str) -> bool:
        return (self.row["made_for_name"], self.row["made_for_version"]) == (name, version)

    def statements(self, name: str, version: str) -> list[matrix.Statement]:
        """What is said of it with this backend."""
        entries, overrides = (
            [each for each in self.row[kind] if (each["name"], each["backend_version"]) == (name, version)]
            for kind in ("entries", "overrides")
        )
        return [*map(_statement, entries), *map(_override, overrides)]

    def client(self, place: int | None = None) -> Client:
        row = self.row
        sunset = date.fromisoformat(row["sunset"]) if row["sunset"] else None
        return Client(
            row["name"],
            row["version"],
            tuple(self._uses()),
            complete=row["complete"],
            coverage=self._coverage(),
            strict=row["strict"],
            closed_values=row["closed_values"],
            integer_bits=row["integer_bits"],
            api=ApiVersion(row["api"], sunset, frozenset(f"CHG-{spec}" for spec in row["shields"])) if row["api"] else None,
            place=place,
        )

    def _of_here(self, kind: str) -> list[Row]:
        return [each for each in self.row[kind] if each["environment"] == self.environment]

    def _uses(self) -> Iterable[Use]:
        for each in self.row["bound"]:
            yield Use(each["object"], each["reads"], each["writes"])
        for each in self._of_here("used"):
            for name in self._behind(each["object"]):
                yield Use(name, each["mode"] == UsageMode.READ, each["mode"] == UsageMode.WRITE, max(each["days"]))

    def _behind(self, used: str) -> Sequence[str]:
        """The columns behind what was used; none when nobody knows."""
        return [each["object"] for each in self.row["api_bound"] if each["by"] == used] or ([used] if is_object(used) else [])

    def _coverage(self) -> Coverage:
        used, traffic = self._of_here("used"), self.traffic
        days = sorted({date.fromisoformat(day) for each in used for day in each["days"]})
        gap = max(((later - earlier).days - 1 for earlier, later in pairwise(days)), default=0)
        share = traffic["identified"] / traffic["requests"] if traffic and traffic["requests"] else 0.0
        bound = bool(used) and all(self._behind(each["object"]) for each in used)
        return Coverage(share, bool(days), _days_observed(traffic, self.now.date()), float(gap), bound)


def _days_observed(traffic: Row, today: date) -> float:
    if not traffic:
        return 0.0
    first, last = date.fromisoformat(traffic["first"]), date.fromisoformat(traffic["last"])
    return float((last - first).days + 1) if today - last <= OBSERVED_UNTIL else 0.0


def is_object(name: str) -> bool:
    """Whether it is “schema.table” or “schema.table.column”, and not a field of an API."""
    return name.count(".") + 1 in COLUMN_PARTS and not set(name) & set(" /#{}?")


def known_in(environment: Environment | None, rows: Iterable[Row], traffic: Iterable[Row], now: datetime) -> list[Known]:
    key = environment.pk if environment else None
    here: Row = next((each for each in traffic if each["environment"] == key), {})
    clients = [Known(row, key, here, now) for row in rows]
    return sorted(clients, key=lambda known: (known.row["name"], matrix.number_of(known.row["version"])))


def known_clients(environment: Environment | None, now: datetime) -> list[Known]:
    """Every live client."""
    return known_in(environment, *clients_and_traffic(), now)


def clients_and_traffic() -> tuple[list[Row], list[Row]]:
    today = timezone.now().date()
    return _asked(client_rows, today), _asked(traffic_rows, today)


def _asked(describe: Callable[[date], QuerySet[Any]], today: date) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(*written(describe, today))
        return [json.loads(row) for (row,) in cursor.fetchall()]


def traffic_rows(today: date) -> QuerySet[Any]:
    """All of each environment in one row."""
    rows = Traffic.objects.filter(day__gte=today - OBSERVED_FOR).order_by()
    sums = {"requests": Sum("requests"), "identified": Sum("identified"), "first": Min("day"), "last": Max("day")}
    return rows.values("environment").annotate(row=JSONObject(environment="environment", **sums)).values("row")


def client_rows(today: date) -> QuerySet[Any]:
    """Every live client with what `Known` reads, as JSON."""
    here, api = OuterRef("pk"), OuterRef("api_version")
    used = Usage.objects.filter(client=here, day__gte=today - OBSERVED_FOR).order_by().values("environment", "object", "mode")
    days = used.annotate(
        row=JSONObject(environment="environment", object="object", mode="mode", days=ArrayAgg("day", distinct=True))
    ).values("row")
    names = {name: name for name in ("environment", "since", "until", "source", "last_seen")}
    bound = {name: name for name in ("object", "by", "reads", "writes")}
    present = Presence.objects.filter(release=here).order_by("until", "-since")
    return (
        Release.objects.filter(kind=ReleaseKind.CLIENT, live=True)
        .annotate(
            here=ArraySubquery(present.values(row=JSONObject(**names))),
            bound=ArraySubquery(Binding.objects.filter(client=here).order_by("object").values(row=JSONObject(**bound))),
            api_bound=ArraySubquery(Binding.objects.filter(api_version=api).values(row=JSONObject(**bound))),
            shields=ArraySubquery(Shield.objects.filter(api_version=api, evidence__passed=True).values("spec")),
            used=ArraySubquery(days),
            entries=ArraySubquery(_entries(here)),
            overrides=ArraySubquery(_overrides(here)),
        )
        .values(row=JSONObject(**{name: name for name in OWN}, **MADE_FOR, **API))
    )


def _entries(client: OuterRef) -> QuerySet[Any]:
    """Of backends as targets have them now, or that are in an environment; and tests of whatever backend."""
    present = Target.objects.filter(name=OuterRef("backend__name"), version=OuterRef("backend__version"))
    there = Presence.objects.filter(release=OuterRef("backend"), until=None)
    rows = MatrixEntry.objects.filter(Q(Exists(present)) | Q(Exists(there)) | Q(source=Source.TESTED), client=client)
    names = {name: name for name in ("verdict", "reason", "source", "rulings", "fingerprint")}
    return rows.values(row=JSONObject(name="backend__name", backend_version="backend__version", **names))


def _overrides(client: OuterRef) -> QuerySet[Any]:
    rows = Override.objects.filter(client=client, withdrawn_at=None)
    names = {"verdict": "verdict", "reason": "reason", "expires": "expires_at", "by": "asked_by", "second": "seconded_by"}
    return rows.values(row=JSONObject(name="backend__name", backend_version="backend__version", **names))


def _statement(entry: Row) -> matrix.Statement:
    row = MatrixEntry(verdict=entry["verdict"], reason=entry["reason"], source=entry["source"], rulings=entry["rulings"])
    return matrix.Statement(row.cell, entry["fingerprint"])


def _override(entry: Row) -> matrix.Statement:
    row = Override(verdict=entry["verdict"], reason=entry["reason"], asked_by_id=entry["by"], seconded_by_id=entry["second"])
    row.expires_at = datetime.fromisoformat(entry["expires"])
    return row.statement
