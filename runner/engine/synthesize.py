"""Fills a database with made-up rows that fit its schema: seeded, repeatable, and never a copy of anybody's."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import psycopg
from psycopg import sql

from runner.engine.synthesis.checks import add_domain, add_partitions, demands
from runner.engine.synthesis.keys import Key, read_keys, set_later
from runner.engine.synthesis.loading import escaped, load
from runner.engine.synthesis.order import Turn, turns
from runner.engine.synthesis.rows import Maker
from runner.engine.synthesis.shapes import UNKNOWN, Shapes
from runner.engine.synthesis.tables import ForeignKey, Table, read_tables
from runner.engine.synthesis.values import NoValues, serial
from runner.engine.synthesis.vocabulary import Vocabulary

BATCH = 50_000  # rows that are made and loaded at once
TRIALS, IN_VAIN = 60, 5  # times that rows are made anew for those that a table refused; times in a row that it refuses all of them


@dataclass(frozen=True, slots=True)
class Wanted:
    rows: int = 100  # of each table
    share: float | None = None  # of the rows that the source has, instead
    tables: frozenset[str] = frozenset()  # schema.table or table; none: all. Parents without rows are filled too
    schemas: frozenset[str] = frozenset()
    seed: int = 0
    only_empty: bool = False
    keys_from: int | None = None  # numbers of keys begin here, also those that sequences would give: scripts use low ones


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of one table."""

    table: str
    wanted: int
    rows: int
    refused: Mapping[str, int] = field(default_factory=dict, hash=False)  # rows that were tried in vain, by constraint or message
    why: str = ""  # there are fewer rows than wanted


def synthesize(connection: psycopg.Connection, wanted: Wanted, shapes: Shapes = UNKNOWN) -> Iterator[Filled]:
    """What came of each table, as soon as it is filled; all of it is one transaction, which ends with the last."""
    tables = read_tables(connection)
    chosen = _chosen(tables, wanted)
    order = turns(chosen)
    promising = any(key.name in turn.promised and key.parent != turn.table.oid for turn in order for key in turn.table.foreign_keys)
    work = _Work(connection, wanted, shapes, {table.oid: table for table in tables}, Vocabulary(wanted.seed), check_now=not promising)
    with connection.transaction():
        if promising:
            connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for turn in order:
            yield work.fill(turn)
        for turn in order:
            yield from work.close(turn)


def _chosen(tables: Sequence[Table], wanted: Wanted) -> list[Table]:
    """Those that were asked for, and parents without which they could have no rows."""
    asked = [table for table in tables if _asked(table, wanted) and not (wanted.only_empty and table.filled)]
    by_oid, chosen = {table.oid: table for table in tables}, {table.oid: table for table in asked}
    waiting = list(asked)
    while waiting:
        table = waiting.pop()
        for key in table.foreign_keys:
            parent = by_oid.get(key.parent)
            if parent and not parent.filled and parent.oid not in chosen and not table.nullable(key):
                chosen[parent.oid] = parent
                waiting.append(parent)
    return [table for table in tables if table.oid in chosen]


def _asked(table: Table, wanted: Wanted) -> bool:
    named = not wanted.tables or {table.name, f"{table.schema}.{table.name}"} & wanted.tables
    return bool(named) and (not wanted.schemas or table.schema in wanted.schemas)


@dataclass(slots=True)
class _Work:
    connection: psycopg.Connection
    wanted: Wanted
    shapes: Shapes
    tables: Mapping[int, Table]
    words: Vocabulary
    check_now: bool  # deferred constraints, after each table
    _known: dict[tuple[int, tuple[str, ...]], list[Key]] = field(default_factory=dict)
    _promised: dict[int, dict[str, list[str]]] = field(default_factory=dict)

    def fill(self, turn: Turn) -> Filled:
        table, count = turn.table, self._count(turn.table)
        refused: Counter[str] = Counter()
        try:
            maker = self._maker(turn, count)
            rows = self._load(maker, count, refused)
        except NoValues as why:
            return Filled(table.qualified, count, 0, why=str(why))
        return Filled(table.qualified, count, rows, dict(refused), _why(count, rows, refused))

    def _load(self, maker: Maker, count: int, refused: Counter[str]) -> int:
        loaded = trials = vain = 0
        while loaded < count and trials < TRIALS and vain < IN_VAIN:
            made = maker.make(min(BATCH, count - loaded))
            if not made:
                break
            turned_down = load(self.connection, maker.table, maker.columns, made, check_now=self.check_now)
            refused += turned_down
            accepted = len(made) - turned_down.total()
            loaded += accepted
            trials += bool(turned_down)
            vain = 0 if accepted else vain + 1
        return loaded

    def _maker(self, turn: Turn, count: int) -> Maker:
        table = turn.table
        random = Random(f"{self.wanted.seed} {table.qualified}")
        asked = demands(table.checks)
        for column in table.columns:
            add_domain(asked, column.name, column.type.checks)
        for columns, bounds in ((table.partition_key, table.bounds), *table.below):
            add_partitions(asked, columns, bounds)
        explicit = self.wanted.keys_from is not None
        first = self._first(table)
        promised = self._promised.get(table.oid, {})
        own = [key for key in table.foreign_keys if key.parent == table.oid and key.name in turn.promised]
        for key in own:
            promised = promised | self._promise(table, key, count)
        known = {key.name: self._keys(key, turn) for key in table.foreign_keys if key.name not in turn.later}
        return Maker(turn, asked, known, promised, self.shapes, self.words, random, 1 if promised else first, explicit)

    def _keys(self, key: ForeignKey, turn: Turn) -> Sequence[Key]:
        parent = self.tables.get(key.parent)
        if parent is None:
            return ()
        if key.name in turn.promised:
            given = self._promise(parent, key, self._count(parent))
            return list(zip(*(given[column] for column in key.parent_columns), strict=True))
        place = (key.parent, key.parent_columns)
        if place not in self._known:
            self._known[place] = read_keys(self.connection, parent, key.parent_columns)
        return self._known[place]

    def _promise(self, parent: Table, key: ForeignKey, count: int) -> dict[str, list[str]]:
        """Values that the parent's rows will have, agreed upon before they are made."""
        given = self._promised.setdefault(parent.oid, {})
        for name in key.parent_columns:
            if name not in given:
                asked, column = demands(parent.checks), parent.column(name)
                random = Random(f"{self.wanted.seed} {parent.qualified}.{name}")
                given[name] = escaped(serial(column, parent.name, asked.of(name), self.words, random, self._first(parent), count))
        return given

    def close(self, turn: Turn) -> Iterator[Filled]:
        """Set the keys that had to wait for their parents."""
        for key in turn.table.foreign_keys:
            if key.name not in turn.later or turn.table.filled:
                continue
            if why := set_later(self.connection, turn.table, key, self.tables[key.parent], self.wanted.seed):
                yield Filled(turn.table.qualified, 0, 0, why=f"{key.name} stays NULL: {why}")

    def _count(self, table: Table) -> int:
        if self.wanted.share is None:
            return self.wanted.rows
        return round(self.wanted.share * self.shapes.rows.get(f"{table.schema}.{table.name}", table.rows))

    def _first(self, table: Table) -> int:
        """The number behind the first unique value: above those that are there."""
        first = self.wanted.keys_from or 1
        if not table.filled:
            return first
        keys = [key[0] for key in table.keys if len(key) == 1 and table.column(key[0]).type.base in ("int2", "int4", "int8")]
        highest = [sql.SQL("max({})").format(sql.Identifier(key)) for key in keys]
        query = sql.SQL("SELECT greatest(count(*), {}) + 1 FROM {}").format(
            sql.SQL(", ").join([sql.SQL("0"), *highest]), sql.SQL(table.qualified)
        )
        [found] = self.connection.execute(query).fetchone() or [1]
        return max(found, first)


def _why(count: int, rows: int, refused: Mapping[str, int]) -> str:
    if rows >= count:
        return ""
    if not refused:
        return "its keys have no more different values"
    reason, times = max(refused.items(), key=lambda item: item[1])
    return f"{reason} refused {times:,} rows that were tried"
