"""One lane of a backfill's pass, batch by batch, each in a transaction of its own together with its row in the target's journal."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

import psycopg

from governance.backfill import Backfill
from runner.engine import batches, images, retry
from runner.engine.batches import Job, Lane
from runner.engine.keys import Keys, quoted
from runner.engine.session import Session
from runner.engine.verify.batched import ATTEMPTS, Altered, Untouched

FIRST_SIZE = 500  # rows
WIDEST = 2.0  # by which a batch grows at most, and shrinks at most
RESTING = 3.0  # times a batch's duration that a slow backfill rests behind it
CANCELED = "57014"
SHORTEST_TIMEOUT = 2.0  # seconds; otherwise twenty times what a batch shall take


class NotGuarded(Exception):
    """The message says why no pass could tell the rows that are done."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all lanes have in common."""

    backfill: Backfill
    keys: Keys
    types: dict[str, str]  # of the assigned columns
    job: Job
    untouched: Untouched | None = None  # columns that it has to leave alone, if a check says so
    go: threading.Event = field(default_factory=threading.Event)  # cleared while it rests
    halt: threading.Event = field(default_factory=threading.Event)  # at the next boundary
    slow: threading.Event = field(default_factory=threading.Event)  # while a person wants it to take less

    @property
    def guard(self) -> str:
        """What is true for a row until it is done."""
        alias, where = self.backfill.alias, self.backfill.where
        differing = (
            f"{quoted(alias, each.column)} IS DISTINCT FROM ({each.value}\n)::{self.types[each.column]}" for each in self.backfill.assigned
        )
        own = " OR ".join(differing)
        return " AND ".join(f"({part}\n)" for part in (where, own) if part) or "true"

    def change(self, connection: psycopg.Connection, low: list[str] | None, high: list[str]) -> int:
        """Rows written between the two keys.

        Raises:
            NotGuarded: one of them would be written again by the next pass.
            Altered: one of them would be changed where it has to stay as it is.
        """
        head, tail, span = self.backfill.head, self.backfill.tail, self.keys.between(low, high)
        if self.backfill.inserts:
            return connection.execute(f"{head}\nWHERE {self.guard} AND {span}\n{tail}".encode()).rowcount
        if self.backfill.options.before_images:
            images.keep(connection, self.job.id, self.keys, self.backfill.columns, f"{self.guard} AND {span}")
        more, altered = (self.untouched.returning, self.untouched.altered(low, high)) if self.untouched else ("", "NULL")
        update = f"{head}\nWHERE {self.guard} AND {span}\nRETURNING {self.guard} AS undone{more}"
        query = f"WITH changed AS (\n{update}\n) SELECT count(*), count(*) FILTER (WHERE undone), {altered} FROM changed"
        written, undone, beside = connection.execute(query.encode()).fetchone() or (0, 0, None)
        if undone:
            raise NotGuarded(f"of {written:,} written rows, {undone:,} cannot be told from rows that are still to do")
        if self.untouched:
            self.untouched.keep(connection, int(written), beside)
        return int(written)


class Sweep:
    def __init__(self, session: Session, task: Task, lane: Lane, random: Random) -> None:
        self._session, self._task, self._random = session, task, random
        self._limits, self._options = session.order.manifest.limits, task.backfill.options
        self.lane = lane
        self.size = min(lane.size or FIRST_SIZE, self._options.max_rows)
        self.rows = self.seen = 0  # by this attempt

    def run(self) -> None:
        """Until the lane's end, or until it shall halt.

        Raises:
            NotGuarded, Altered, psycopg.Error
        """
        self._session.prepare(self._limits.lock_timeout, max(SHORTEST_TIMEOUT, 20 * self._options.target))
        try:
            while not self.lane.done and not self._task.halt.is_set():
                if self._task.go.wait(0.1):
                    self._batch()
        except BaseException:
            self._task.halt.set()
            raise

    def _batch(self) -> None:
        for attempt in count(1):
            began = time.monotonic()
            try:
                upto = self._commit_one()
            except psycopg.Error as error:
                if self._session.connection.closed or not self._again(error.sqlstate, attempt):
                    raise
            except Altered:
                if attempt == ATTEMPTS:
                    raise
            else:
                took = time.monotonic() - began
                self._adapt(took, full=upto != self.lane.high)
                self.lane = replace(self.lane, batches=self.lane.batches + 1, upto=upto)
                if self._task.slow.is_set():
                    self._task.halt.wait(took * RESTING)
                return
            if self._task.halt.wait(retry.pause(attempt, self._limits, self._random)):
                return

    def _commit_one(self) -> list[str]:
        connection, lane = self._session.connection, self.lane
        with self._transaction():
            upto = self._task.keys.nth(connection, self.size, lane.cursor, lane.high) or lane.high
            rows = self._task.change(connection, lane.cursor, upto)
            batches.add(connection, self._task.job, lane, upto, self.size, rows)
        self.rows += rows
        self.seen += rows if upto == lane.high else self.size
        return upto

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Before-images and change have to see the same rows: whoever comes between them makes the batch start anew."""
        connection = self._session.connection
        repeatable = psycopg.IsolationLevel.REPEATABLE_READ if self._options.before_images else None
        connection.isolation_level = repeatable
        try:
            with connection.transaction():
                yield
        finally:
            if not connection.closed:
                connection.isolation_level = None

    def _again(self, sqlstate: str | None, attempt: int) -> bool:
        if sqlstate == CANCELED and self.size > 1:
            self.size //= 2
            return attempt < self._limits.attempts
        return retry.again(sqlstate, attempt, self._limits)

    def _adapt(self, seconds: float, *, full: bool) -> None:
        if full:
            factor = min(WIDEST, max(1 / WIDEST, self._options.target / max(seconds, 0.0001)))
            self.size = min(self._options.max_rows, max(1, round(self.size * factor)))
