"""Clients of the marketplace, simulated: threads that read and write bids as its service does, and the waits that they measured."""

import itertools
import threading
import time
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg
from psycopg import Connection

# A client of the real service gives up, too; and no thread outlives its context for long.
OPTIONS: dict[str, Any] = {"connect_timeout": 5, "options": "-c statement_timeout=30s", "application_name": "instabids-service"}

STRIDE = 7  # between two projects that a client visits

PROJECTS = "SELECT max(id) FROM projects"
BIDS = "SELECT id, contractor_id, status, total_cents, note, updated_at FROM bids WHERE project_id = %s ORDER BY total_cents"
ANSWER = "UPDATE bids SET note = %s, updated_at = now() WHERE id = %s"
MESSAGE = """
    INSERT INTO messages (conversation_id, sender_id, body)
    SELECT id, contractor_id, %s FROM conversations WHERE project_id = %s"""


@dataclass(frozen=True, slots=True)
class Report:
    """What the clients saw; times in seconds."""

    statements: int
    failed: int
    worst: float
    p95: float


class Clients:
    """While the context lasts, `count` clients work on the database, each with a pause between its transactions."""

    def __init__(self, url: str, count: int = 4, pause: float = 0.02) -> None:
        self._done = threading.Event()
        self._clients = [_Client(url, number, pause, self._done) for number in range(count)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        for client in self._clients:
            client.join()

    @property
    def report(self) -> Report:
        times = sorted(seconds for client in self._clients for seconds in client.times)
        failed = sum(client.failed for client in self._clients)
        if not times:
            return Report(0, failed, 0.0, 0.0)
        return Report(len(times), failed, times[-1], times[ceil(len(times) * 0.95) - 1])


class _Client(threading.Thread):
    """One client with one connection, opened again when it is lost. Every statement is timed, a failed one too."""

    def __init__(self, url: str, number: int, pause: float, done: threading.Event) -> None:
        super().__init__(name=f"client {number}")
        self.url, self.number, self.pause, self.done = url, number, pause, done
        self.times: list[float] = []
        self.failed = 0

    def run(self) -> None:
        while not self.done.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True, **OPTIONS) as connection:
                    self._work(connection)
            except psycopg.Error:
                self.failed += 1
                self.done.wait(self.pause)

    def _work(self, connection: Connection) -> None:
        [(projects,)] = self._timed(connection, PROJECTS)
        for turn in itertools.count():
            if self.done.wait(self.pause):
                return
            self._visit(connection, (turn * STRIDE + self.number) % projects + 1)

    def _visit(self, connection: Connection, project: int) -> None:
        bids = self._timed(connection, BIDS, project)
        with connection.transaction():
            for bid, *_ in bids[:1]:
                self._timed(connection, ANSWER, f"Seen by client {self.number}.", bid)
            self._timed(connection, MESSAGE, "I have had a look at your project.", project)

    def _timed(self, connection: Connection, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        started = time.perf_counter()
        try:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []
        finally:
            self.times.append(time.perf_counter() - started)
