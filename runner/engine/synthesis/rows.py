"""Rows of one table: its columns made one by one, then brought into agreement."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runner.engine.synthesis.checks import Demands
from runner.engine.synthesis.keys import Key, drawn
from runner.engine.synthesis.loading import escaped
from runner.engine.synthesis.numbers import NUMBERS
from runner.engine.synthesis.order import Turn
from runner.engine.synthesis.shapes import NULL, Shape, Shapes, pool
from runner.engine.synthesis.tables import Column, ForeignKey, Table
from runner.engine.synthesis.values import NoValues, choices, serial
from runner.engine.synthesis.vocabulary import Vocabulary

ROUNDS = 12  # of making rows anew for those that repeat a key of several columns
Values = dict[str, list[str]]  # by column, each as long as there are rows


@dataclass(slots=True)
class Maker:
    """Makes rows of one table; asked again, it makes others."""

    turn: Turn
    demands: Demands
    known: Mapping[str, Sequence[Key]]  # the parent's keys by the name of the foreign key
    promised: Mapping[str, Sequence[str]]  # values that other tables count on, by column
    shapes: Shapes
    words: Vocabulary
    random: Random
    next: int  # number behind the next unique value
    explicit: bool  # also what the server would draw from a sequence
    _pools: dict[str, list[str]] = field(default_factory=dict)
    _seen: dict[tuple[str, ...], set[tuple[str, ...]]] = field(default_factory=dict)
    _unused: dict[str, list[Key]] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        return self.turn.table

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(
            column.name for column in self.table.columns if self.explicit or not column.drawn_by_server or column.name in self.promised
        )

    def make(self, count: int) -> list[tuple[str, ...]]:
        """At most so many rows; fewer when keys run out of values."""
        several = [key for key in self.table.keys if len(key) > 1 and set(key) <= set(self.columns)]
        rows: list[tuple[str, ...]] = []
        for _ in range(ROUNDS if several else 1):
            batch = self._batch(count - len(rows))
            rows += self._new(batch, several) if several else batch
            if len(rows) >= count:
                break
        return rows

    def _new(self, batch: Iterable[tuple[str, ...]], several: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
        """Without those that repeat a key."""
        places = {key: [self.columns.index(column) for column in key] for key in several}
        for row in batch:
            keys = {key: tuple(row[place] for place in places[key]) for key in several}
            if any(NULL not in value and value in self._seen.setdefault(key, set()) for key, value in keys.items()):
                continue
            for key, value in keys.items():
                self._seen[key].add(value)
            yield row

    def _batch(self, count: int) -> Iterable[tuple[str, ...]]:
        if not self.columns:
            return [()] * count  # the server fills in all that there is
        values: Values = {}
        for key in self.table.foreign_keys:
            values |= self._referring(key, values, count)
        for column in self.table.columns:
            if column.name in self.columns and column.name not in values:
                values[column.name] = self._plain(column, count)
        self.next += count
        for smaller, larger in self.demands.smaller:
            self._ordered(values, smaller, larger)
        return zip(*(values[name] for name in self.columns), strict=False)

    def _referring(self, key: ForeignKey, values: Values, count: int) -> Values:
        if key.name in self.turn.later:
            return {name: [NULL] * count for name in key.columns if not self.table.column(name).not_null and name not in values}
        known = self.known[key.name]
        nullable = all(not self._required(self.table.column(name)) for name in key.columns)
        if not known:
            if not nullable:
                raise NoValues(f"{key.name} points to a table that has no rows")
            return {name: [NULL] * count for name in key.columns if name not in values}
        if key.columns in self.table.keys and not set(key.columns) & values.keys():
            unused = self._unused.setdefault(key.name, self.random.sample(list(known), len(known)))
            return _taken(unused, key.columns, count)
        shape = self._shape(key.columns[0])
        return drawn(key, known, values, shape, count, self.random, nullable=nullable)

    def _plain(self, column: Column, count: int) -> list[str]:
        limits = self.demands.of(column.name)
        if column.name in self.promised:
            given = self.promised[column.name]
            start = self.next - 1
            return list(given[start : start + count])
        if (column.name,) in self.table.keys:
            return escaped(serial(column, self.table.name, limits, self.words, self.random, self.next, count))
        if column.name not in self._pools:
            try:
                found = escaped(choices(column, self.table.name, limits, self.words, self.random))
            except NoValues:
                if self._required(column):
                    raise
                return [NULL] * count
            shape = self._shape(column.name)
            self._pools[column.name] = pool(found, shape, max(count, 64), self.random, nullable=not self._required(column))
        return self.random.choices(self._pools[column.name], k=count)

    def _required(self, column: Column) -> bool:
        return column.not_null or self.demands.of(column.name).required or any(column.name in key for key in self.table.keys)

    def _shape(self, column: str) -> Shape:
        return self.shapes.of(f"{self.table.schema}.{self.table.name}", column)

    def _ordered(self, values: Values, smaller: str, larger: str) -> None:
        """Exchange what is the wrong way round."""
        if not {smaller, larger} <= values.keys():
            return
        numeric = self.table.column(smaller).type.base in NUMBERS
        weigh: Callable[[str], Any] = float if numeric else str
        first, second = values[smaller], values[larger]
        for place, (low, high) in enumerate(zip(first, second, strict=True)):
            if NULL not in (low, high) and weigh(low) > weigh(high):
                first[place], second[place] = high, low


def _taken(unused: list[Key], columns: Sequence[str], count: int) -> Values:
    """Each key once: for a foreign key that is unique."""
    chosen = [unused.pop() for _ in range(min(count, len(unused)))]
    return {column: [key[place] for key in chosen] for place, column in enumerate(columns)}
