"""The target's facts, found by name, and what in them hangs together; as they are at one moment of a change."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from governance.analysis.functions import RELATIONS
from governance.analysis.layers import Layers
from governance.analysis.majors import SINCE, Difference
from governance.facts import (
    ConstraintFacts,
    DependantFacts,
    DomainFacts,
    Facts,
    FunctionFacts,
    IndexFacts,
    SequenceFacts,
    TableFacts,
    UseFacts,
)
from governance.values import dataclass, replace

SYSTEM = "pg_catalog"
SYSTEMS = (f"{SYSTEM}.", "information_schema.")  # PostgreSQL's own: nobody changes them, and no lock there is told of
TEMPORARY = "pg_temp"  # is looked into first, as soon as something is in it
DEFAULT_PATH = ("public",)  # PostgreSQL's, where nothing else is known


def is_system(relation: str) -> bool:
    return relation.startswith(SYSTEMS)


class Known(Protocol):
    """Names with their schema."""

    def __contains__(self, name: str, /) -> bool: ...


@dataclass(frozen=True)
class Catalogue:
    facts: Facts | None  # as they were before the change
    tables: Layers[TableFacts]  # by "schema.table"
    index_owners: Layers[str]  # table by "schema.index"
    statistics_owners: Layers[str]
    sequences: Layers[SequenceFacts]
    domains: Layers[DomainFacts]  # by name as format_type() writes it
    functions: Layers[FunctionFacts]
    search_path: tuple[str, ...] = DEFAULT_PATH  # never pg_temp alone

    @classmethod
    def of(cls, facts: Facts | None) -> "Catalogue":
        if facts is None:
            return NOTHING_KNOWN
        tables = facts.by_identity
        return cls(
            facts,
            Layers(tables),
            Layers({f"{table.schema}.{index.name}": identity for identity, table in tables.items() for index in table.indexes}),
            Layers({found.name: name for name, table in tables.items() for found in table.dependants if found.kind == "statistics"}),
            Layers({sequence.name: sequence for sequence in facts.sequences}),
            Layers({domain.name: domain for domain in facts.domains}),
            Layers({function.name: function for function in facts.functions}),
            facts.search_path or DEFAULT_PATH,
        )

    def with_path(self, schemas: tuple[str, ...]) -> "Catalogue":
        """None: as it was before the change."""
        path = schemas or (self.facts and self.facts.search_path) or DEFAULT_PATH
        temporary = (TEMPORARY,) if TEMPORARY in self.search_path and TEMPORARY not in path else ()
        return replace(self, search_path=(*temporary, *path))

    def afresh(self) -> "Catalogue":
        """As a session that begins now finds it."""
        return replace(self, search_path=(self.facts and self.facts.search_path) or DEFAULT_PATH)

    def has(self, difference: Difference) -> bool:
        """Whether the server is new enough for it; it is taken to be where nothing is known."""
        return self.facts is None or self.facts.server_version >= SINCE[difference] * 10000

    def identity(self, name: str) -> str:
        """The name with its schema. One that nobody knows yet is taken to be in the first schema of the search path."""
        if "." not in name and name in RELATIONS:
            return f"{SYSTEM}.{name}"
        return self._along_path(name, self.tables)

    def sequence(self, name: str) -> str:
        return self._along_path(name, self.sequences)

    def index(self, name: str) -> str:
        return self._along_path(name, self.index_owners)

    def owner_of_index(self, name: str) -> str:
        return self.index_owners.get(self.index(name)) or ""

    def owner_of_statistics(self, name: str) -> str:
        return self.statistics_owners.get(self._along_path(name, self.statistics_owners)) or ""

    def function(self, name: str) -> str:
        return self._along_path(name, self.functions)

    def volatility(self, function: str) -> str:
        """i, s or v; "" when the facts do not tell."""
        found = self.functions.get(self.function(function))
        return found.volatility if found else ""

    def uses(self, part: DependantFacts) -> tuple[UseFacts, ...]:
        """What a trigger or rule does when it acts."""
        return (*part.uses, *(self._called_by(part).uses if part.function else ()))

    def is_opaque(self, part: DependantFacts) -> bool:
        return bool(part.function) and self._called_by(part).opaque

    def _called_by(self, part: DependantFacts) -> FunctionFacts:
        known = self.functions.get(self.function(part.function))
        return known or FunctionFacts(part.function, "", opaque=not part.function.startswith("pg_catalog."))

    def _along_path(self, name: str, known: Known) -> str:
        if not name or "." in name:
            return name
        if len(self.search_path) == 1:
            return f"{self.search_path[0]}.{name}"
        names = [f"{schema}.{name}" for schema in self.search_path]
        first = names[1] if self.search_path[0] == TEMPORARY else names[0]
        return next((found for found in names if found in known), first)

    def owned_sequences(self, table: str, column: str = "") -> tuple[str, ...]:
        found = self.sequences.items()
        return tuple(name for name, each in found if table and each.owner == table and column in ("", each.column))

    def descendants(self, table: str) -> tuple[str, ...]:
        """Partitions and tables that inherit, down to the last."""
        found = self.tables.get(table)
        return self._closure(table, lambda found: found.children) if found and found.children else ()

    def partitions(self, table: str) -> tuple[str, ...]:
        found = self.tables.get(table)
        return self.descendants(table) if found and found.kind == "p" else ()

    def read_through(self, view: str) -> tuple[str, ...]:
        """What a view's query reads, and the queries of the views in it. A materialized view in it is read like a table."""
        found = self.tables.get(view)
        return self._closure(view, lambda each: each.reads if each.kind == "v" or each is found else ()) if found and found.reads else ()

    def dependent_views(self, table: str, column: str = "") -> tuple[str, ...]:
        """Views that go with a table or with one of its columns, and those that go with them."""
        found = self.tables.get(table)
        direct = [each.name for each in _views(found) if not column or not each.columns or column in each.columns] if found else []
        further = (name for view in direct for name in self._closure(view, lambda found: tuple(each.name for each in _views(found))))
        return tuple(dict.fromkeys((*direct, *further)))

    def typed(self, type_name: str) -> tuple[str, ...]:
        """Tables with a column of that type, or of a domain over it."""
        wanted = {type_name, type_name.removeprefix("public.")}
        while over := {name for name, domain in self.domains.items() if domain.type in wanted} - wanted:
            wanted |= over
        return tuple(name for name, table in self.tables.items() if any(column.type.rstrip("[]") in wanted for column in table.columns))

    def calling(self, function: str) -> tuple[str, ...]:
        """Tables with a trigger that calls the function, or an index, a CHECK or a default that does."""
        wanted, call = self.function(function), re.compile(rf'(?<![\w"]){re.escape(function.rpartition(".")[2])}"?\(')
        return tuple(
            name
            for name, table in self.tables.items()
            if any(found.function == wanted for found in table.dependants) or any(map(call.search, _expressions(table)))
        )

    def numbered_by(self, sequence: str) -> tuple[str, ...]:
        """Tables with a column whose default takes numbers from the sequence."""
        names = {f"nextval('{each}'::regclass)" for each in (sequence, sequence.rpartition(".")[2])}
        return tuple(name for name, table in self.tables.items() if any(column.default in names for column in table.columns))

    def _closure(self, start: str, following: Callable[[TableFacts], Iterable[str]]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        waiting = [start]
        while waiting:
            table = self.tables.get(waiting.pop(0))
            new = [name for name in (following(table) if table else ()) if name not in found and name != start]
            found.update(dict.fromkeys(new))
            waiting.extend(new)
        return tuple(found)


NOTHING_KNOWN = Catalogue(None, Layers({}), Layers({}), Layers({}), Layers({}), Layers({}), Layers({}))


def _expressions(table: TableFacts) -> Iterator[str]:
    yield from (column.default for column in table.columns)
    yield from (found.definition for found in table.constraints)
    yield from (found.definition for found in table.indexes)


def _views(table: TableFacts) -> Iterator[DependantFacts]:
    return (found for found in table.dependants if found.kind in ("view", "materialized view"))


def foreign_keys(table: TableFacts) -> tuple[ConstraintFacts, ...]:
    return tuple(found for found in table.constraints if found.kind == "f")


def indexes_on(table: TableFacts, column: str) -> tuple[IndexFacts, ...]:
    return tuple(found for found in table.indexes if column in found.columns)
