"""Goes through the ranges of a table with several readers that see one moment, and lets others come first.

Who is beside it hears twice a second how far it is, can end it, and says when others suffer: then the readers' moment is given up, since
locks and dead rows are held by it, and what is left is read in a later one.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock

import psycopg

from runner.engine.session import Session
from runner.engine.verify.asking import Asked
from runner.engine.verify.chunks import LOCATED, Chunk, Store, Table
from runner.engine.verify.workers import NUMBER, Readers, readers

TARGET = 0.5  # seconds that a range shall take
FIRST_SIZE, WIDEST = 20_000, 4.0  # rows, and by how much a range grows at most
LOOK = 0.5  # seconds between two looks at who is beside it


class _Crowded(Exception):
    """The readers rest; the message says why."""


class Reading:
    """One table's, by whoever asks."""

    def __init__(self, asked: Asked, table: Table) -> None:
        self._asked, self._table = asked, table
        self._beside = asked.beside if isinstance(asked, Session) else None
        self._done, self._total, self._looked = 0, table.shape.rows, time.monotonic()

    def sweep(self, store: Store) -> list[Chunk]:
        """All ranges of the table; those that are kept already are not read again."""
        while True:
            done = store.kept()
            if done and done[-1].high is None:
                return done
            self._done = sum(chunk.rows for chunk in done)
            with self._readers() as shared:
                self._sweep(shared, store, done[-1] if done else Chunk(0, None, None))

    def again(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Readers, Chunk, Chunk]]:
        """Each range as it was and as it is now, with readers that see it so."""
        left = deque(chunks)
        self._total = sum(chunk.rows for chunk in left)
        while left:
            with self._readers() as shared:
                now = self._in_order(shared, lambda connection, chunk: self._table.read(connection, chunk, located=False), list(left))
                for each in now:
                    yield shared, left.popleft(), each

    def _sweep(self, shared: Readers, store: Store, last: Chunk) -> None:
        """Written down in order, without a gap: what is resumed goes on behind the last."""
        located, pace = self._table.shape.rows <= LOCATED, _Pace()

        def read(connection: psycopg.Connection, chunk: Chunk) -> Chunk:
            began = time.monotonic()
            done = self._table.read(connection, chunk, located)
            if chunk.high is not None:
                pace.learn(done.rows, time.monotonic() - began)
            return done

        for chunk in self._in_order(shared, read, self._ranges(shared.leader, last, pace)):
            store.add(chunk)

    def _ranges(self, leader: psycopg.Connection, last: Chunk, pace: "_Pace") -> Iterator[Chunk]:
        """The last one has no upper end: what comes behind the last key later belongs to it."""
        low, number, left = last.high, last.number, self._total - self._done
        while True:
            number += 1
            size = max(min(pace.size, left // (2 * NUMBER)), FIRST_SIZE)  # ever smaller ones at the end, so that all readers end together
            left -= size
            high = self._table.end(leader, size, low) if self._table.keys else None
            yield Chunk(number, low, high)
            if high is None:
                return
            low = high

    def _in_order(self, shared: Readers, read: Callable[[psycopg.Connection, Chunk], Chunk], chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        def one(chunk: Chunk) -> Chunk:
            with shared.one() as connection:
                return read(connection, chunk)

        waiting: deque[Future[Chunk]] = deque()
        with ThreadPoolExecutor(NUMBER) as pool:
            try:
                for chunk in chunks:
                    waiting.append(pool.submit(one, chunk))
                    if len(waiting) == 2 * NUMBER:
                        yield self._ended(waiting.popleft())
                while waiting:
                    yield self._ended(waiting.popleft())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                shared.cancel()
                raise

    def _ended(self, future: Future[Chunk]) -> Chunk:
        self._look()
        while not wait([future], LOOK).done:
            self._look()
        self._done += future.result().rows
        return future.result()

    def _look(self) -> None:
        if self._beside and time.monotonic() > self._looked + LOOK:
            self._looked = time.monotonic()
            self._beside.told(f"reading {self._table.shape.table}", self._done, self._total)
            if why := self._why():
                raise _Crowded(why)

    def _why(self) -> str:
        """Without a key a reading would begin at the beginning: it does not rest."""
        keys = self._table.keys
        return self._beside.crowded(self._table.shape.sql, keys) if self._beside and keys else ""

    @contextmanager
    def _readers(self) -> Iterator[Readers]:
        """Until the work is done, or others suffer from it: then it rests, with nothing held, until they do not."""
        try:
            with readers(self._asked.connection) as shared:
                yield shared
        except _Crowded as crowded:
            why = str(crowded)
            while self._beside and why:
                self._beside.told(f"the reading of {self._table.shape.table} rests: {why}", self._done, self._total)
                time.sleep(LOOK)
                why = self._why()


class _Pace:
    """How many rows a range has, so that it takes as long as it shall."""

    def __init__(self) -> None:
        self._lock, self.size = Lock(), FIRST_SIZE

    def learn(self, rows: int, seconds: float) -> None:
        with self._lock:
            wanted = round(rows * TARGET / max(seconds, 0.001))
            self.size = max(FIRST_SIZE, min(wanted, round(self.size * WIDEST)))
