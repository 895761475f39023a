"""A schema's objects by what they belong to."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from governance.schema.model import Key, Kind, Schema, SchemaObject

RELATIONS = (Kind.TABLE, Kind.VIEW, Kind.MATERIALIZED_VIEW)
_PARENTS: dict[Kind, tuple[Kind, ...]] = {
    Kind.INDEX: (Kind.CONSTRAINT, Kind.TABLE, Kind.MATERIALIZED_VIEW),
    Kind.SEQUENCE: (Kind.COLUMN, Kind.SCHEMA),
    Kind.COLUMN: (*RELATIONS, Kind.TYPE),
    Kind.CONSTRAINT: (Kind.TABLE, Kind.DOMAIN),
    Kind.USER_MAPPING: (Kind.FOREIGN_SERVER,),
    **dict.fromkeys((Kind.TRIGGER, Kind.RULE, Kind.POLICY, Kind.STATISTICS), RELATIONS),
}


@dataclass(frozen=True)
class Tree:
    schema: Schema
    past: Schema | None = None  # what it is to be made from

    @cached_property
    def objects(self) -> dict[Key, SchemaObject]:
        return self.schema.by_key()

    @cached_property
    def _children(self) -> dict[tuple[str, Kind], list[SchemaObject]]:
        found: dict[tuple[str, Kind], list[SchemaObject]] = defaultdict(list)
        for item in self.schema.objects:
            found[item.parent, item.kind].append(item)
        return found

    @cached_property
    def _partitions(self) -> dict[str, list[SchemaObject]]:
        found: dict[str, list[SchemaObject]] = defaultdict(list)
        for item in self.schema.objects:
            if item.kind is Kind.TABLE and item.get("partition of"):
                found[item.get("partition of")].append(item)
        return found

    def of(self, parent: str, kind: Kind) -> list[SchemaObject]:
        return self._children.get((parent, kind), [])

    def columns(self, relation: str) -> list[SchemaObject]:
        return sorted(self.of(relation, Kind.COLUMN), key=lambda column: int(column.get("position") or 0))

    def partitions(self, table: str) -> list[SchemaObject]:
        return self._partitions.get(table, [])

    def parent(self, item: SchemaObject) -> SchemaObject | None:
        """What takes the object along when it is dropped."""
        kinds = _PARENTS.get(item.kind, (Kind.SCHEMA,))
        return next((self.objects[kind, item.parent] for kind in kinds if (kind, item.parent) in self.objects), None)

    def ancestors(self, item: SchemaObject) -> Iterator[SchemaObject]:
        above = self.parent(item)
        while above:
            yield above
            above = self.parent(above)

    def copied_from(self, item: SchemaObject) -> list[Key]:
        """The same of a parent table or its index, by which PostgreSQL makes and drops it too."""
        found: list[Key] = []
        if item.kind is Kind.INDEX:
            found.append((Kind.INDEX, item.get("attached to")))
        if item.kind is Kind.CONSTRAINT:
            found += [(Kind.INDEX, index.get("attached to")) for index in self.of(item.name, Kind.INDEX)]
        if item.kind is Kind.COLUMN or item.get("inherited"):
            found += [(item.kind, f"{parent}.{item.own_name}") for parent in self.parents(item.parent)]
        return [key for key in found if key in self.objects]

    def parents(self, table: str) -> list[str]:
        item = self.objects.get((Kind.TABLE, table))
        return [*filter(None, [item.get("partition of"), *item.get("inherits").split(", ")])] if item else []
