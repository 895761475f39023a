"""Checksums of a table by ranges of its key: each takes about half a second, is kept when it is done, and is not read again.

Of the rows in a range the sum of their hashes is kept, and of a table that is not too large four bytes of each hash in the order of keys,
so that the rows that differ later can be named. A table without a key is one range, read once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import psycopg

from governance.validation.alignment import Row
from governance.validation.hashing import row_hash
from governance.validation.shapes import Shape, identifier
from runner.engine.keys import Key, Keys, literal, quoted
from runner.engine.session import Session
from runner.engine.verify.asking import Asked
from runner.engine.verify.shapes import NUMBERS

LOCATED = 10_000_000  # rows; of larger tables the range that differs is named, not the row
TAIL = "int4send((hash >> 32)::integer)"  # the upper half of a hash
BOUNDS = "SELECT histogram_bounds::text::text[] FROM pg_stats WHERE schemaname = %s AND tablename = %s AND attname = %s AND NOT inherited"
ADD = "INSERT INTO lockgate.chunk (run, name, number, low, high, rows, total, hashes) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
KEPT = "SELECT number, low, high, rows, total::text, agreed FROM lockgate.chunk WHERE run = %s AND name = %s ORDER BY number"
HASHES = "SELECT hashes FROM lockgate.chunk WHERE run = %s AND name = %s AND number = %s"
AGREE = "UPDATE lockgate.chunk SET agreed = true WHERE run = %s AND name = %s AND number = %s"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows behind `low`, up to and with `high`; None: from the first, to the last and beyond."""

    number: int
    low: Key | None
    high: Key | None
    rows: int = 0
    total: str = "0"  # as PostgreSQL writes the sum of hashes
    hashes: bytes | None = None
    agreed: bool = False

    def same(self, other: "Chunk") -> bool:
        return (self.rows, self.total) == (other.rows, other.total)


class Store(Protocol):
    def kept(self) -> list[Chunk]: ...
    def add(self, chunk: Chunk) -> None: ...
    def hashes(self, chunk: Chunk) -> bytes | None: ...
    def agree(self, chunk: Chunk) -> None: ...


@dataclass(frozen=True, slots=True)
class InTarget:
    session: Session
    name: str

    @property
    def _mine(self) -> list[str]:
        return [self.session.order.run, self.name]

    def kept(self) -> list[Chunk]:
        rows = self.session.connection.execute(KEPT, self._mine)
        return [Chunk(number, low, high, count, total, agreed=agreed) for number, low, high, count, total, agreed in rows]

    def add(self, chunk: Chunk) -> None:
        values = [*self._mine, chunk.number, chunk.low, chunk.high, chunk.rows, chunk.total, chunk.hashes]
        self.session.connection.execute(ADD, values)

    def hashes(self, chunk: Chunk) -> bytes | None:
        found = self.session.connection.execute(HASHES, [*self._mine, chunk.number]).fetchone()
        return bytes(found[0]) if found and found[0] is not None else None

    def agree(self, chunk: Chunk) -> None:
        self.session.connection.execute(AGREE, [*self._mine, chunk.number])


@dataclass(slots=True)
class InMemory:
    """For a rehearsal, which nobody resumes."""

    chunks: dict[int, Chunk] = field(default_factory=dict)

    def kept(self) -> list[Chunk]:
        return list(self.chunks.values())

    def add(self, chunk: Chunk) -> None:
        self.chunks[chunk.number] = chunk

    def hashes(self, chunk: Chunk) -> bytes | None:
        return self.chunks[chunk.number].hashes

    def agree(self, chunk: Chunk) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its checksum sees it."""

    shape: Shape
    keys: Keys | None
    bounds: tuple[str, ...] = ()  # that the statistics know of a key of one column, each as far from the next in rows

    @property
    def _inner(self) -> str:
        """Each row's key and hash."""
        key = "".join(f"this.{identifier(name)}, " for name in self.shape.key)
        return f"SELECT {key}{row_hash(self.shape.columns, 'this.')} AS hash, this.xmin AS writer FROM {self.shape.sql} AS this"

    def where(self, chunk: Chunk) -> str:
        return self.keys.between(chunk.low, chunk.high) if self.keys else "true"

    def ordered(self, chunk: Chunk) -> str:
        return f"{self._inner} WHERE {self.where(chunk)} ORDER BY {', '.join(f'this.{identifier(name)}' for name in self.shape.key)}"

    def read(self, connection: psycopg.Connection, chunk: Chunk, located: bool) -> Chunk:
        """Rows and their sum; `located`: with four bytes of each, which takes a quarter more."""
        if not (located and self.keys):
            each = row_hash(self.shape.columns, "this.")
            rows, total, _ = self._summed(connection, each, f"{self.shape.sql} AS this WHERE {self.where(chunk)}")
            return replace(chunk, rows=rows, total=total, hashes=None)
        rows, total, hashes = self._summed(connection, "hash", f"({self.ordered(chunk)}) AS found", f"string_agg({TAIL}, ''::bytea)")
        return replace(chunk, rows=rows, total=total, hashes=hashes or b"")

    def _summed(self, connection: psycopg.Connection, hash_: str, source: str, kept: str = "NULL::bytea") -> tuple[int, str, bytes | None]:
        query = f"SELECT count(*), coalesce(sum({hash_}), 0)::text, {kept} FROM {source}"
        found = connection.execute(query.encode(), binary=True).fetchone()  # as text each byte would be written as two
        assert found
        return found

    def end(self, connection: psycopg.Connection, size: int, low: Key | None) -> Key | None:
        """Of a range of about so many rows behind `low`: by the statistics, where they are fine enough; None behind the last."""
        assert self.keys
        steps = size * len(self.bounds) // max(1, self.shape.rows)
        found = self._bound(connection, steps, low) if steps else None
        return found or self.keys.nth(connection, size, low, None)

    def _bound(self, connection: psycopg.Connection, steps: int, low: Key | None) -> Key | None:
        assert self.keys
        kind = self.keys.types[0]
        listed = ", ".join(map(literal, self.bounds))
        behind = f"WHERE bound > {literal(low[0])}::{kind}" if low else ""
        query = f"SELECT bound::text FROM unnest(ARRAY[{listed}]::{kind}[]) AS bound {behind} ORDER BY bound OFFSET {steps - 1} LIMIT 1"
        found = connection.execute(query.encode()).fetchone()
        return list(found) if found else None

    def rows(self, connection: psycopg.Connection, chunk: Chunk) -> list[Row]:
        """With keys as text: of a range that is known to differ."""
        assert self.keys
        key = " || ', ' || ".join(f"found.{identifier(name)}::text" for name in self.shape.key)
        query = f"SELECT {key}, {TAIL}, found.writer::text::bigint FROM ({self.ordered(chunk)}) AS found"
        return [Row(*row) for row in connection.execute(query.encode())]


def keys_of(connection: psycopg.Connection, shape: Shape) -> Keys | None:
    if not shape.key:
        return None
    query = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s"
    types = [connection.execute(query, [shape.sql, name]).fetchone() for name in shape.key]
    return Keys(f"{shape.sql} AS {quoted('this')}", "this", shape.key, tuple(found[0] for found in types if found))


def bounds_of(connection: psycopg.Connection, shape: Shape) -> tuple[str, ...]:
    if [column.type in NUMBERS for column in shape.key_columns] != [True]:
        return ()
    found = connection.execute(BOUNDS, [*shape.table.split(".", 1), *shape.key]).fetchone()
    return tuple(found[0]) if found and found[0] else ()


def store_of(asked: Asked, name: str) -> Store:
    return InTarget(asked, name) if isinstance(asked, Session) else InMemory()


def split_hashes(kept: bytes) -> Sequence[bytes]:
    return [kept[place : place + 4] for place in range(0, len(kept), 4)]
