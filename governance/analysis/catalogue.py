"""The target's facts, found by name, and what in them hangs together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from governance.analysis.majors import SINCE, Difference
from governance.facts import ConstraintFacts, DependantFacts, DomainFacts, Facts, IndexFacts, TableFacts


@dataclass(frozen=True)
class Catalogue:
    facts: Facts | None

    @cached_property
    def tables(self) -> dict[str, TableFacts]:
        return {table.identity: table for table in self.facts.tables} if self.facts else {}

    @cached_property
    def index_owners(self) -> dict[str, str]:
        """Table by "schema.index"."""
        return {f"{table.schema}.{index.name}": identity for identity, table in self.tables.items() for index in table.indexes}

    @cached_property
    def statistics_owners(self) -> dict[str, str]:
        """Table by "schema.statistics"."""
        return {found.name: identity for identity, table in self.tables.items() for found in table.dependants if found.kind == "statistics"}

    @cached_property
    def sequences(self) -> frozenset[str]:
        return frozenset(sequence.name for sequence in self.facts.sequences) if self.facts else frozenset()

    @cached_property
    def domains(self) -> dict[str, DomainFacts]:
        return {domain.name: domain for domain in self.facts.domains} if self.facts else {}

    @cached_property
    def volatilities(self) -> dict[str, str]:
        """pg_proc.provolatile by "schema.function"."""
        return {function.name: function.volatility for function in self.facts.functions} if self.facts else {}

    @property
    def search_path(self) -> tuple[str, ...]:
        # PostgreSQL's default, where nothing else is known
        return (self.facts and self.facts.search_path) or ("public",)

    def has(self, difference: Difference) -> bool:
        """Whether the server is new enough for it; it is taken to be where nothing is known."""
        return self.facts is None or self.facts.server_version >= SINCE[difference] * 10000

    def identity(self, name: str) -> str:
        """The name with its schema. One that nobody knows yet is taken to be in the first schema of the search path."""
        return self._along_path(name, self.tables)

    def sequence(self, name: str) -> str:
        return self._along_path(name, self.sequences)

    def index(self, name: str) -> str:
        return self._along_path(name, self.index_owners)

    def owner_of_index(self, name: str) -> str:
        return self.index_owners.get(self.index(name), "")

    def owner_of_statistics(self, name: str) -> str:
        return self.statistics_owners.get(self._along_path(name, self.statistics_owners), "")

    def volatility(self, function: str) -> str:
        """i, s or v; "" when the facts do not tell."""
        return self.volatilities.get(self._along_path(function, self.volatilities), "")

    def _along_path(self, name: str, known: Iterable[str]) -> str:
        if not name or "." in name:
            return name
        names = [f"{schema}.{name}" for schema in self.search_path]
        return next((found for found in names if found in known), names[0])

    def owned_sequences(self, table: str, column: str = "") -> tuple[str, ...]:
        found = self.facts.sequences if self.facts else ()
        return tuple(each.name for each in found if table and each.owner == table and column in ("", each.column))

    def descendants(self, table: str) -> tuple[str, ...]:
        """Partitions and tables that inherit, down to the last."""
        return self._closure(table, lambda found: found.children)

    def partitions(self, table: str) -> tuple[str, ...]:
        found = self.tables.get(table)
        return self.descendants(table) if found and found.kind == "p" else ()

    def read_through(self, view: str) -> tuple[str, ...]:
        """What a view's query reads, and the queries of the views in it. A materialized view in it is read like a table."""
        return self._closure(view, lambda found: found.reads if found.kind == "v" or found.identity == view else ())

    def dependent_views(self, table: str, column: str = "") -> tuple[str, ...]:
        """Views that go with a table or with one of its columns, and those that go with them."""
        found = self.tables.get(table)
        direct = [each.name for each in _views(found) if not column or not each.columns or column in each.columns] if found else []
        further = (name for view in direct for name in self._closure(view, lambda found: tuple(each.name for each in _views(found))))
        return tuple(dict.fromkeys((*direct, *further)))

    def typed(self, type_name: str) -> tuple[str, ...]:
        """Tables with a column of that type."""
        plain = type_name.removeprefix("public.")
        return tuple(name for name, table in self.tables.items() if any(column.type in (type_name, plain) for column in table.columns))

    def calling(self, function: str) -> tuple[str, ...]:
        """Tables with a trigger that calls the function."""
        wanted = self._along_path(function, self.volatilities)
        return tuple(name for name, table in self.tables.items() if any(found.function == wanted for found in table.dependants))

    def _closure(self, start: str, following: Callable[[TableFacts], Iterable[str]]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        waiting = [start]
        while waiting:
            table = self.tables.get(waiting.pop(0))
            new = [name for name in (following(table) if table else ()) if name not in found and name != start]
            found.update(dict.fromkeys(new))
            waiting.extend(new)
        return tuple(found)


def _views(table: TableFacts) -> Iterator[DependantFacts]:
    return (found for found in table.dependants if found.kind in ("view", "materialized view"))


def foreign_keys(table: TableFacts) -> tuple[ConstraintFacts, ...]:
    return tuple(found for found in table.constraints if found.kind == "f")


def indexes_on(table: TableFacts, column: str) -> tuple[IndexFacts, ...]:
    return tuple(found for found in table.indexes if column in found.columns)
