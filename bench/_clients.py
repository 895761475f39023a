"""Clients that read and write a table at a steady pace from a process of their own, and what they had to wait."""

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import psycopg

NUMBER = 8
SHARE = 1 / 3  # of what the machine can serve
MEASURING = 2.0  # seconds
STATEMENTS = (
    "SELECT id, amount, note FROM {table} WHERE id = {id}",
    "SELECT sum(amount) FROM {table} WHERE id BETWEEN {id} AND {id} + 20",
    "UPDATE {table} SET amount = amount + 1 WHERE id = {id}",
)


@dataclass
class Waits:
    """Of all clients, in seconds."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def at(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    @property
    def worst(self) -> float:
        return max(self.seconds, default=0.0)


def capacity(url: str, table: str, rows: int) -> float:
    """Statements per second that all clients together are served without a pace."""
    with clients(url, table, rows, 1e9) as waits:
        time.sleep(MEASURING)
    return len(waits.seconds) / MEASURING


@contextmanager
def clients(url: str, table: str, rows: int, rate: float) -> Iterator[Waits]:
    """`rate` statements per second; the waits are there once the block has ended."""
    waits = Waits()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, url, table, rows, rate))
    process.start()
    ours.recv()
    try:
        yield waits
    finally:
        ours.send("end")
        found = ours.recv()
        waits.seconds, waits.failures = found
        process.join()


def _serve(told: Connection, url: str, table: str, rows: int, rate: float) -> None:
    waits, ended = Waits(), threading.Event()
    threads = [threading.Thread(target=_client, args=[url, table, rows, NUMBER / rate, seed, waits, ended]) for seed in range(NUMBER)]
    for thread in threads:
        thread.start()
    told.send("begun")
    told.recv()
    ended.set()
    for thread in threads:
        thread.join()
    told.send((waits.seconds, waits.failures))


def _client(url: str, table: str, rows: int, pause: float, seed: int, waits: Waits, ended: threading.Event) -> None:
    choose = random.Random(seed)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        due = time.monotonic() + choose.random() * pause
        while not ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + pause, time.monotonic() - 1.0)  # who was kept waiting for long does not make up for all of it
            began = time.monotonic()
            try:
                connection.execute(choose.choice(STATEMENTS).format(table=table, id=choose.randint(1, rows)).encode())
            except psycopg.Error as error:
                waits.failures.append(f"{error.sqlstate} {error.diag.message_primary}")
            waits.seconds.append(time.monotonic() - began)
