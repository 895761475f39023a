"""A snapshot's objects by what they belong to, and the foreign keys between its tables."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from governance.schema.model import Kind, Schema, SchemaObject

RELATIONS = frozenset({Kind.TABLE, Kind.VIEW, Kind.MATERIALIZED_VIEW})
NAME = r'(?:"(?:[^"]|"")+"|[^\s"(),.]+)'
REFERENCE = re.compile(rf"FOREIGN KEY \(({NAME}(?:, {NAME})*)\) REFERENCES ({NAME}(?:\.{NAME})*)\(({NAME}(?:, {NAME})*)\)")
KEY = re.compile(rf"(?:PRIMARY KEY|UNIQUE)[^(]* ?\(({NAME}(?:, {NAME})*)\)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: `columns` of `table` point to `other_columns` of `other`."""

    name: str
    table: str
    columns: tuple[str, ...]
    other: str
    other_columns: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    schema: Schema

    @cached_property
    def _children(self) -> dict[tuple[str, Kind], list[SchemaObject]]:
        found: dict[tuple[str, Kind], list[SchemaObject]] = defaultdict(list)
        for item in self.schema.objects:
            found[item.parent, item.kind].append(item)
        return found

    def of(self, parent: str, kind: Kind) -> list[SchemaObject]:
        return self._children.get((parent, kind), [])

    @cached_property
    def relations(self) -> dict[str, SchemaObject]:
        return {item.name: item for item in self.schema.objects if item.kind in RELATIONS}

    @property
    def tables(self) -> list[SchemaObject]:
        return [item for item in self.relations.values() if item.kind is Kind.TABLE]

    def columns(self, table: str) -> list[SchemaObject]:
        return sorted(self.of(table, Kind.COLUMN), key=lambda column: int(column.get("position") or 0))

    def indexes(self, table: str) -> list[SchemaObject]:
        """Those of keys belong to their constraint."""
        keys = (index for key in self.of(table, Kind.CONSTRAINT) for index in self.of(key.name, Kind.INDEX))
        return [*keys, *self.of(table, Kind.INDEX)]

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return tuple(_references(item for item in self.schema.objects if item.kind is Kind.CONSTRAINT))

    def keys(self, table: str) -> list[tuple[str, ...]]:
        """The columns of its primary key and unique constraints, the primary key first."""
        definitions = sorted(item.get("definition") for item in self.of(table, Kind.CONSTRAINT))
        return [_names(key[1]) for key in map(KEY.match, definitions) if key]


def _references(constraints: Iterable[SchemaObject]) -> Iterable[Reference]:
    for item in constraints:
        if found := REFERENCE.match(item.get("definition")):
            columns, other, others = found.groups()
            yield Reference(short(item), item.parent, _names(columns), other, _names(others))


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.findall(NAME, text))


def short(item: SchemaObject) -> str:
    """Its name without its parent's."""
    return item.name.removeprefix(f"{item.parent}.")
