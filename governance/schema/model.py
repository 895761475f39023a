"""A schema as values: every object has a kind, a qualified name and attributes in words.

Values are canonical: quoted as PostgreSQL quotes them, sorted, free of OIDs. So two schemas are equal when their values are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

FORMAT = 1


class Kind(StrEnum):
    SCHEMA = "schema"
    TABLE = "table"
    COLUMN = "column"
    CONSTRAINT = "constraint"
    INDEX = "index"
    SEQUENCE = "sequence"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    TRIGGER = "trigger"
    EVENT_TRIGGER = "event trigger"
    TYPE = "type"
    DOMAIN = "domain"
    EXTENSION = "extension"
    POLICY = "policy"
    PUBLICATION = "publication"
    RULE = "rule"
    STATISTICS = "statistics object"
    DEFAULT_PRIVILEGES = "default privileges"


@dataclass(frozen=True, slots=True, order=True)
class SchemaObject:
    """An attribute that does not apply is absent; one that is either true or not has the value "yes" or is absent."""

    kind: Kind
    name: str  # public.bids, public.bids.amount (column, constraint, trigger, policy, rule), public.f(integer)
    parent: str  # the name of the object that takes this one along when it is dropped; "" when there is none
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, kind: str, name: str, parent: str, attributes: Mapping[str, str]) -> Self:
        return cls(Kind(kind), name, parent, tuple(sorted(attributes.items())))

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.name

    def get(self, attribute: str) -> str:
        return dict(self.attributes).get(attribute, "")

    def as_json(self) -> dict[str, object]:
        return {"kind": str(self.kind), "name": self.name, "parent": self.parent, "attributes": dict(self.attributes)}


@dataclass(frozen=True, slots=True)
class Schema:
    objects: tuple[SchemaObject, ...]

    @classmethod
    def of(cls, objects: Iterable[SchemaObject]) -> Self:
        return cls(tuple(sorted(objects)))

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        return cls.of(SchemaObject.of(**item) for item in content["objects"])

    def as_json(self) -> dict[str, object]:
        return {"format": FORMAT, "objects": [item.as_json() for item in self.objects]}

    def by_key(self) -> dict[tuple[Kind, str], SchemaObject]:
        return {item.key: item for item in self.objects}
