"""Checksums of a table by ranges of its key: each takes about half a second, is kept when it is done, and is not read again.

Of the rows in a range the sum of their hashes is kept, and of a table that is not too large four bytes of each hash in the order of keys,
so that the rows that differ later can be named. A table without a key is one range, read once.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol

import psycopg

from governance.validation.alignment import Row
from governance.validation.hashing import row_hash
from governance.validation.shapes import Shape, identifier
from runner.engine.keys import Key, Keys, quoted
from runner.engine.session import Session
from runner.engine.verify.asking import Asked
from runner.engine.verify.workers import NUMBER, Readers

TARGET = 0.5  # seconds that a range shall take
FIRST_SIZE, WIDEST = 20_000, 4.0  # rows, and by how much a range grows at most
LOCATED = 10_000_000  # rows; of larger tables the range that differs is named, not the row
TAIL = "int4send((hash >> 32)::integer)"  # the upper half of a hash
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

    @property
    def inner(self) -> str:
        """Each row's key and hash."""
        key = "".join(f"this.{identifier(name)}, " for name in self.shape.key)
        return f"SELECT {key}{row_hash(self.shape.columns, 'this.')} AS hash, this.xmin AS writer FROM {self.shape.sql} AS this"

    def where(self, chunk: Chunk) -> str:
        return f"{self.inner} WHERE {self.keys.between(chunk.low, chunk.high)} ORDER BY {self._order}" if self.keys else self.inner

    @property
    def _order(self) -> str:
        return ", ".join(f"this.{identifier(name)}" for name in self.shape.key)

    def read(self, connection: psycopg.Connection, chunk: Chunk, located: bool) -> Chunk:
        located = located and self.keys is not None
        kept = f"string_agg({TAIL}, ''::bytea)" if located else "NULL"
        query = f"SELECT count(*), coalesce(sum(hash), 0)::text, {kept} FROM ({self.where(chunk)}) AS found"
        rows, total, hashes = connection.execute(query.encode()).fetchone() or (0, "0", None)
        return replace(chunk, rows=rows, total=total, hashes=(hashes or b"") if located else None)

    def rows(self, connection: psycopg.Connection, chunk: Chunk) -> list[Row]:
        """With keys as text: of a range that is known to differ."""
        assert self.keys
        key = " || ', ' || ".join(f"found.{identifier(name)}::text" for name in self.shape.key)
        query = f"SELECT {key}, {TAIL}, found.writer::text::bigint FROM ({self.where(chunk)}) AS found"
        return [Row(*row) for row in connection.execute(query.encode())]


def keys_of(connection: psycopg.Connection, shape: Shape) -> Keys | None:
    if not shape.key:
        return None
    query = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s"
    types = [connection.execute(query, [shape.sql, name]).fetchone() for name in shape.key]
    return Keys(f"{shape.sql} AS {quoted('this')}", "this", shape.key, tuple(found[0] for found in types if found))


def sweep(table: Table, shared: Readers, store: Store) -> list[Chunk]:
    """All ranges of the table; those that are kept already are not read again."""
    done = store.kept()
    low, number = (done[-1].high, done[-1].number) if done else (None, 0)
    if done and low is None:
        return done
    located = table.shape.rows <= LOCATED
    pace = _Pace()
    with ThreadPoolExecutor(NUMBER) as pool:
        waiting: set[Future[Chunk]] = set()
        finished: dict[int, Chunk] = {}
        for chunk in _ranges(table, shared.leader, low, number, pace):
            waiting.add(pool.submit(_timed, table, shared, chunk, located, pace))
            if len(waiting) >= 2 * NUMBER:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                finished |= {each.result().number: each.result() for each in ended}
                done += _keep(store, finished, len(done) + 1)
        finished |= {each.result().number: each.result() for each in wait(waiting).done}
        done += _keep(store, finished, len(done) + 1)
    return done


def _keep(store: Store, finished: dict[int, Chunk], number: int) -> list[Chunk]:
    """Those that follow on each other without a gap: a resumed run goes on behind the last."""
    kept = []
    while number in finished:
        store.add(finished[number])
        kept.append(finished.pop(number))
        number += 1
    return kept


class _Pace:
    """How many rows a range has, so that it takes as long as it shall."""

    def __init__(self) -> None:
        self._lock, self.size = Lock(), FIRST_SIZE

    def learn(self, rows: int, seconds: float) -> None:
        with self._lock:
            wanted = round(rows * TARGET / max(seconds, 0.001))
            self.size = max(FIRST_SIZE, min(wanted, round(self.size * WIDEST)))


def _ranges(table: Table, leader: psycopg.Connection, low: Key | None, number: int, pace: _Pace) -> Iterator[Chunk]:
    """The last one has no upper end: what comes behind the last key later belongs to it."""
    left = table.shape.rows
    while True:
        number += 1
        size = max(min(pace.size, left // (2 * NUMBER)), FIRST_SIZE)  # ever smaller ones at the end, so that all readers end together
        left -= size
        high = table.keys.nth(leader, size, low, None) if table.keys else None
        yield Chunk(number, low, high)
        if high is None:
            return
        low = high


def _timed(table: Table, shared: Readers, chunk: Chunk, located: bool, pace: _Pace) -> Chunk:
    with shared.one() as connection:
        began = time.monotonic()
        done = table.read(connection, chunk, located)
        if chunk.high is not None:
            pace.learn(done.rows, time.monotonic() - began)
        return done


def again(table: Table, shared: Readers, chunks: Iterable[Chunk]) -> list[tuple[Chunk, Chunk]]:
    """Each range as it was, and as it is now."""
    chunks = list(chunks)

    def one(chunk: Chunk) -> Chunk:
        with shared.one() as connection:
            return table.read(connection, chunk, located=False)

    with ThreadPoolExecutor(NUMBER) as pool:
        return list(zip(chunks, pool.map(one, chunks), strict=True))


def store_of(asked: Asked, name: str) -> Store:
    return InTarget(asked, name) if isinstance(asked, Session) else InMemory()


def split_hashes(kept: bytes) -> Sequence[bytes]:
    return [kept[place : place + 4] for place in range(0, len(kept), 4)]
