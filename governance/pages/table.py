"""The documentation of one table: what it is, what belongs to it, what stands around it, and what changed it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from governance.expectation import latest_analyses, latest_facts
from governance.facts import TableFacts
from governance.lifecycle import PhaseStatus
from governance.models import Booking, Domain, SchemaSnapshot, TableVersion, Target
from governance.pages.catalogue import Catalogue, Reference, short
from governance.pages.diagram import Diagram, Neighbour, draw
from governance.pages.schema import counted, made_by, plain, sizes, table_url
from governance.pages.values import address_of, person_name
from governance.schema.model import Kind, Schema, SchemaObject
from governance.versions import INITIAL

NEIGHBOURS = 6  # on each side of the drawing
ITS_COLUMNS = 2  # of a neighbour, in the drawing
OPTIONS = (
    "partitioned by", "partition of", "bounds", "inherits", "persistence", "access method", "options", "replica identity", "owner",
)  # fmt: skip


def table_page(target: Target, snapshot: SchemaSnapshot, name: str) -> dict[str, Any] | None:
    """None: the snapshot holds no table or view of this name."""
    catalogue = Catalogue(Schema.from_json(snapshot.content))
    item = catalogue.relations.get(name)
    if item is None:
        return None
    past = snapshot.valid_to is not None
    facts = None if past else latest_facts([target.pk]).get(target.pk)
    table = sizes(facts).get(plain(name))
    touched = list(_touched(target, name))
    return {
        "target": target,
        "snapshot": snapshot,
        "made_by": made_by(snapshot),
        "past": past,
        "name": name.removeprefix("public."),
        "item": item,
        "definition": item.get("definition"),
        "comment": item.get("comment"),
        "domains": list(_domains(name)),
        "facts": table,
        "rows": counted(table.rows if table else None),
        "all_bytes": table.bytes + sum(index.bytes for index in table.indexes) if table else None,
        "observed_at": facts.taken_at if facts else None,
        "version": next((row["version"] for row in touched if row["stands"]), INITIAL),
        "planned": [] if past else list(_planned(target, name)),
        "touched": touched,
        "columns": _columns(catalogue, name),
        "constraints": [_named(each) for each in catalogue.of(name, Kind.CONSTRAINT)],
        "indexes": _indexes(catalogue, name, table),
        "triggers": [_named(each) for each in catalogue.of(name, Kind.TRIGGER)],
        "policies": [_policy(policy) for policy in catalogue.of(name, Kind.POLICY)],
        "secured": bool(item.get("row security")),
        "grants": list(_grants(catalogue, item)),
        "referenced_by": [_reference(target, each) for each in catalogue.references if each.other == name],
        "options": [(option.capitalize(), item.get(option)) for option in OPTIONS if item.get(option)],
        "diagram": _diagram(target, catalogue, name),
    }


def _domains(name: str) -> Iterable[dict[str, str]]:
    for domain in Domain.objects.filter(tables__name=plain(name)).prefetch_related("owners"):
        yield {"name": domain.name, "url": address_of(domain), "owners": ", ".join(map(person_name, domain.owners.all()))}


def _touched(target: Target, name: str) -> Iterable[dict[str, Any]]:
    rows = TableVersion.objects.filter(target=target, table=plain(name)).select_related("run__deployment__phase__spec").order_by("-pk")
    for row in rows:
        deployment = row.run.deployment
        change = {"url": address_of(deployment.phase), "number": deployment.phase.spec.number, "title": str(deployment.phase)}
        yield {**change, "version": row.version, "at": row.at, "stands": deployment.applied}


def _planned(target: Target, name: str) -> Iterable[dict[str, Any]]:
    """Booked changes that have still to run here and touch the table."""
    coming = Booking.objects.filter(target=target, cancelled_at=None, ends__gt=timezone.now(), phase__status=PhaseStatus.OPEN)
    waiting = coming.filter(phase__deployments__target=F("target"), phase__deployments__applied=False)
    bookings = {booking.phase_id: booking for booking in waiting.select_related("phase__spec")}
    for analysis in latest_analyses(bookings):
        if analysis.target_id == target.pk and plain(name) in analysis.report["tables"]:
            booking = bookings[analysis.phase_id]
            yield {"url": address_of(booking.phase), "number": booking.phase.spec.number, "starts": booking.starts}


def _columns(catalogue: Catalogue, name: str) -> list[dict[str, Any]]:
    keys = catalogue.keys(name)
    references = {column: each for each in catalogue.references if each.table == name for column in each.columns}
    return [
        {
            "name": (column := short(item)),
            "key": bool(keys) and column in keys[0],
            "refers_to": references[column].other.removeprefix("public.") if column in references else "",
            "type": item.get("type"),
            "not_null": bool(item.get("not null")),
            "default": _default(item),
            "comment": item.get("comment"),
        }
        for item in catalogue.columns(name)
    ]


def _default(column: SchemaObject) -> str:
    identity = column.get("identity")
    return column.get("default") or column.get("generated") or (f"identity, {identity}" if identity else "")


def _named(item: SchemaObject) -> dict[str, str]:
    return {"name": short(item), "definition": item.get("definition"), "comment": item.get("comment")}


def _indexes(catalogue: Catalogue, name: str, facts: TableFacts | None) -> list[dict[str, Any]]:
    known = {index.name: index.bytes for index in facts.indexes} if facts else {}
    return [
        {
            "name": (own := item.name.rpartition(".")[2]),
            "over": item.get("definition").partition(" USING ")[2],
            "unique": item.get("definition").startswith("CREATE UNIQUE"),
            "invalid": bool(item.get("invalid")),
            "bytes": known.get(plain(own)),
        }
        for item in catalogue.indexes(name)
    ]


def _policy(item: SchemaObject) -> dict[str, str]:
    words = ("command", "roles", "using", "with check", "restrictive")
    return {"name": short(item), **{word.replace(" ", "_"): item.get(word) for word in words}}


def _grants(catalogue: Catalogue, table: SchemaObject) -> Iterable[dict[str, Any]]:
    """What roles may do, beyond what the owner may anyway."""
    for item in (table, *catalogue.columns(table.name)):
        for what in ("grants", "revoked"):
            if item.get(what):
                yield {"on": "" if item is table else short(item), "taken": what == "revoked", "text": item.get(what)}


def _reference(target: Target, reference: Reference) -> dict[str, str]:
    own, other = ", ".join(reference.columns), ", ".join(reference.other_columns)
    return {"url": table_url(target, reference.table), "table": reference.table.removeprefix("public."), "columns": own, "other": other}


def _diagram(target: Target, catalogue: Catalogue, name: str) -> dict[str, Any] | None:
    """None: no foreign key leads from or to the table."""
    outward = [each for each in catalogue.references if each.table == name != each.other]
    inward = [each for each in catalogue.references if each.other == name != each.table]
    own = any(each.table == each.other == name for each in catalogue.references)
    if not (outward or inward or own):
        return None
    parents = [_neighbour(target, catalogue, other, each.other_columns) for other, each in {each.other: each for each in outward}.items()]
    children = [
        _neighbour(target, catalogue, table, each.columns, many=each.columns not in catalogue.keys(table))
        for table, each in {each.table: each for each in inward}.items()
    ]
    joined = {column for each in outward for column in each.columns} | {column for each in inward for column in each.other_columns}
    columns = sorted(map(short, catalogue.columns(name)), key=lambda column: column not in joined)
    first = list(map(plain, columns))
    drawing: Diagram = draw(name.removeprefix("public."), first, parents[:NEIGHBOURS], children[:NEIGHBOURS], own_parent=own)
    left_out = max(0, len(parents) - NEIGHBOURS) + max(0, len(children) - NEIGHBOURS)
    return {"drawing": drawing, "label": _in_words(name, parents, children), "left_out": left_out}


def _neighbour(target: Target, catalogue: Catalogue, name: str, joined: Sequence[str], *, many: bool = False) -> Neighbour:
    others = [short(column) for column in catalogue.columns(name) if short(column) not in joined]
    columns = (*joined, *others)[: max(ITS_COLUMNS, len(joined))]
    return Neighbour(name.removeprefix("public."), tuple(map(plain, columns)), table_url(target, name), many)


def _in_words(name: str, parents: Sequence[Neighbour], children: Sequence[Neighbour]) -> str:
    words = [f"{name} refers to {', '.join(each.name for each in parents)}"] if parents else []
    words += [f"{', '.join(each.name for each in children)} refer to {name}"] if children else []
    return "; ".join(words) or f"{name} refers to itself"
