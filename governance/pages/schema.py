"""What the targets' schemas are, and were: read from snapshots, no target is opened."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Count, F, Func, IntegerField, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from governance.expectation import latest_facts
from governance.facts import Facts, TableFacts
from governance.grants import expected, statements
from governance.models import DomainTable, Drift, DriftState, Observation, SchemaSnapshot, TableVersion, Target
from governance.pages.catalogue import Catalogue
from governance.pages.values import address_of
from governance.schema.diff import diff
from governance.schema.model import Kind, Schema
from governance.versions import INITIAL

SNAPSHOTS, DIFFERENCES = 30, 40
OTHERS = (
    Kind.VIEW, Kind.MATERIALIZED_VIEW, Kind.FUNCTION, Kind.PROCEDURE, Kind.AGGREGATE, Kind.TYPE, Kind.DOMAIN, Kind.SEQUENCE, Kind.EXTENSION,
    Kind.PUBLICATION, Kind.SUBSCRIPTION, Kind.EVENT_TRIGGER,
)  # fmt: skip
Sizes = Mapping[str, TableFacts]
Versions = Mapping[str, str]
NONE: Mapping[str, Any] = MappingProxyType({})


class TableCount(Func):
    """Of a snapshot's content, counted where it is."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s))"
    output_field = IntegerField()

    def __init__(self, content: str) -> None:
        super().__init__(F(content), Func(Value('$.objects[*] ? (@.kind == "table")'), template="%(expressions)s::jsonpath"))


def targets_page() -> dict[str, Any]:
    present = SchemaSnapshot.objects.filter(valid_to=None).select_related("run__deployment__phase__spec").defer("content")
    snapshots = {row.target_id: row for row in present.annotate(tables=TableCount("content"))}
    known = dict(SchemaSnapshot.objects.order_by().values_list("target").annotate(Count("pk")))
    return {
        "targets": [
            {
                "url": reverse("admin:schema_target", args=[target.name]),
                "name": target.name,
                "environment": target.environment.name,
                "version": target.version,
                "snapshot": snapshots.get(target.pk),
                "made_by": made_by(snapshots[target.pk]) if target.pk in snapshots else None,
                "known": known.get(target.pk, 0),
            }
            for target in Target.objects.in_rank_order()
        ]
    }


def made_by(snapshot: SchemaSnapshot) -> dict[str, str] | None:
    """The change whose run made the schema so; none when it was found so."""
    if snapshot.run is None:
        return None
    phase = snapshot.run.deployment.phase
    return {"url": address_of(phase), "number": phase.spec.number, "title": str(phase)}


def snapshot_of(target: Target, wanted: str) -> SchemaSnapshot | None:
    """The present one, unless an earlier one of the target is wanted by its id."""
    known = SchemaSnapshot.objects.filter(target=target).select_related("run__deployment__phase__spec")
    asked = known.filter(pk=wanted).first() if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    return asked or known.filter(valid_to=None).first()


def moment_of(text: str) -> datetime | None:
    """What a reader typed as a moment, in the reader's zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found


def snapshot_at(target: Target, moment: datetime) -> SchemaSnapshot | None:
    """How it was then; nothing before the first one."""
    known = SchemaSnapshot.objects.filter(target=target).select_related("run__deployment__phase__spec")
    return known.filter(valid_from__lte=moment).order_by("-valid_from", "-pk").first()


def target_page(target: Target, snapshot: SchemaSnapshot | None, *, search: str) -> dict[str, Any]:
    facts = latest_facts([target.pk]).get(target.pk)
    page = {
        "target": target,
        "snapshot": snapshot,
        "search": search,
        "past": bool(snapshot and snapshot.valid_to),
        "needs": facts.needs if facts else (),
        "grants": list(statements(expected(target.name, target.owner_role)).values()),
        "drifts": list(Drift.objects.filter(target=target, state=DriftState.OPEN)),
        "last": Observation.objects.filter(target=target).order_by("-requested_at").first(),
    }
    if snapshot is None:
        return page
    schema = Schema.from_json(snapshot.content)
    catalogue = Catalogue(schema)
    counts = Counter(item.kind for item in schema.objects)
    return {
        **page,
        "groups": _groups(target, catalogue, facts, search.casefold()),
        "tables": counts[Kind.TABLE],
        "database_bytes": facts.bytes if facts else None,
        "observed_at": facts.taken_at if facts else None,
        "others": [(kind, counts[kind]) for kind in OTHERS if counts[kind]],
        "views": [_row(target, catalogue, name) for name, item in catalogue.relations.items() if item.kind is not Kind.TABLE],
        "history": _history(target, snapshot),
        "change": _change(snapshot, schema),
    }


def sizes(facts: Facts | None) -> dict[str, TableFacts]:
    return {table.identity: table for table in facts.tables} if facts else {}


def plain(name: str) -> str:
    """A snapshot's name, quoted where PostgreSQL quotes it, as facts have it."""
    return name.replace('"', "")


def versions_of(target: Target) -> dict[str, str]:
    """The database version in which a change that still stands last touched each table."""
    rows = TableVersion.objects.filter(target=target, run__deployment__applied=True).order_by("table", "-pk").distinct("table")
    return dict(rows.values_list("table", "version"))


def _groups(target: Target, catalogue: Catalogue, facts: Facts | None, search: str) -> list[dict[str, Any]]:
    """The tables by the domain that owns them, those of none at the end."""
    domains = dict(DomainTable.objects.values_list("name", "domain__name"))
    known, versions = sizes(facts), versions_of(target)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table in catalogue.tables:
        row = _row(target, catalogue, table.name, known, versions)
        if search in f"{table.name} {table.get('comment')}".casefold():
            groups[domains.get(plain(table.name), "")].append(row)
    return [{"domain": name, "rows": groups[name]} for name in sorted(groups, key=lambda name: (not name, name))]


def _row(target: Target, catalogue: Catalogue, name: str, known: Sizes = NONE, versions: Versions = NONE) -> dict[str, Any]:
    item, facts = catalogue.relations[name], known.get(plain(name))
    return {
        "url": table_url(target, name),
        "name": name.removeprefix("public."),
        "kind": item.kind,
        "comment": item.get("comment"),
        "columns": len(catalogue.columns(name)),
        "rows": counted(facts.rows if facts else None),
        "bytes": facts.bytes if facts else None,
        "secured": bool(item.get("row security")),
        "version": versions.get(plain(name), INITIAL),
    }


def counted(rows: int | None) -> str:
    """ "18,400,000", or "" when nobody has counted."""
    return "" if rows is None else f"{rows:,}"


def table_url(target: Target, name: str) -> str:
    return reverse("admin:schema_table", args=[target.name, name])


def _history(target: Target, shown: SchemaSnapshot) -> list[dict[str, Any]]:
    rows = SchemaSnapshot.objects.filter(target=target).select_related("run__deployment__phase__spec").defer("content")
    return [{"snapshot": row, "made_by": made_by(row), "shown": row.pk == shown.pk} for row in rows[:SNAPSHOTS]]


def _change(snapshot: SchemaSnapshot, schema: Schema) -> dict[str, Any]:
    """What the snapshot differs in from the one before, in words."""
    earlier = SchemaSnapshot.objects.filter(target=snapshot.target_id, valid_from__lt=snapshot.valid_from).first()
    if earlier is None:
        return {"before": None, "lines": [], "more": 0}
    lines = diff(Schema.from_json(earlier.content), schema).in_words().splitlines()
    return {"before": earlier, "lines": lines[:DIFFERENCES], "more": max(0, len(lines) - DIFFERENCES)}
