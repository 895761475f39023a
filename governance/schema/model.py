"""A schema as values: every object has a kind, a qualified name and attributes in words.

Values are canonical: quoted as PostgreSQL quotes them, sorted, free of OIDs. So two schemas are equal when their values are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

FORMAT = 4


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
    SUBSCRIPTION = "subscription"
    RULE = "rule"
    STATISTICS = "statistics object"
    OPERATOR = "operator"
    COLLATION = "collation"
    FOREIGN_SERVER = "foreign server"
    DEFAULT_PRIVILEGES = "default privileges"
    CAST = "cast"
    CONVERSION = "conversion"
    LANGUAGE = "language"
    TRANSFORM = "transform"
    FOREIGN_DATA_WRAPPER = "foreign data wrapper"
    ACCESS_METHOD = "access method"
    OPERATOR_CLASS = "operator class"
    OPERATOR_FAMILY = "operator family"
    USER_MAPPING = "user mapping"
    TEXT_SEARCH_CONFIGURATION = "text search configuration"
    TEXT_SEARCH_DICTIONARY = "text search dictionary"
    TEXT_SEARCH_PARSER = "text search parser"
    TEXT_SEARCH_TEMPLATE = "text search template"
    PRIVILEGES = "privileges"  # on what PostgreSQL or an extension made, where they are not what these gave


Key = tuple[Kind, str]  # kind and name


@dataclass(frozen=True, slots=True, order=True)
class SchemaObject:
    """An attribute that does not apply is absent; one that is either true or not has the value "yes" or is absent."""

    kind: Kind
    name: str  # public.bids, public.bids.amount (column, constraint, trigger, policy, rule), public.f(integer)
    parent: str  # the name of the object that takes this one along when it is dropped; "" when there is none
    attributes: tuple[tuple[str, str], ...]
    needs: tuple[Key, ...] = field(default=(), compare=False)  # what must be there before it, its parent apart: follows from the rest
    state: str = field(default="", compare=False)  # of its data: "unpopulated" for a materialized view; "" otherwise

    @classmethod
    def of(
        cls, kind: str, name: str, parent: str, attributes: Mapping[str, str], needs: Iterable[Sequence[str]] = (), state: str = ""
    ) -> Self:
        needed = tuple(sorted((Kind(other), named) for other, named in needs))
        return cls(Kind(kind), name, parent, tuple(sorted(attributes.items())), needed, state)

    @property
    def key(self) -> Key:
        return self.kind, self.name

    @property
    def own_name(self) -> str:
        """Without its parent's: “amount” for the column public.bids.amount."""
        return self.name.removeprefix(f"{self.parent}.")

    def get(self, attribute: str) -> str:
        return next((value for name, value in self.attributes if name == attribute), "")

    def without(self, attribute: str) -> Self:
        return replace(self, attributes=tuple(pair for pair in self.attributes if pair[0] != attribute)) if self.get(attribute) else self

    def as_json(self) -> dict[str, object]:
        """All that makes it equal to another one."""
        return {"kind": str(self.kind), "name": self.name, "parent": self.parent, "attributes": dict(self.attributes)}

    def in_full(self) -> dict[str, object]:
        besides = {"needs": [list(key) for key in self.needs], "state": self.state}
        return self.as_json() | {name: value for name, value in besides.items() if value}


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
        return {"format": FORMAT, "objects": [item.in_full() for item in self.objects]}

    def by_key(self) -> dict[Key, SchemaObject]:
        return {item.key: item for item in self.objects}
