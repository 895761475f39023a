"""Simulated clients: while a script runs they read and write single rows of the tables it names, and tell how long they waited."""

import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from governance.orders import Script
from governance.rehearsals import Clients
from runner.engine.play import reason
from runner.engine.session import connect

PAUSE = 0.005  # seconds between two requests of one client
PATIENCE = 60.0  # seconds for a client to come back from its last request
# Tables with a primary key, their columns as clients know them when the script begins, the key's first and one that can be written.
_TABLES = """
SELECT n.nspname, c.relname, format('%I.%I', n.nspname, c.relname),
       (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]),
       (SELECT a.attname FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        ORDER BY a.attnum = ANY (i.indkey), a.attnum LIMIT 1)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockgate')
"""


@dataclass(slots=True)
class _Client:
    """Of one table. What it writes is what was there, and is rolled back, so that data and verdicts stay as they were."""

    url: str
    table: str
    read: sql.Composed
    write: sql.Composed
    requests: int = 0
    failed: int = 0
    slowest: float = 0.0
    error: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        with connect("scratch database", self.url, "lockgate client") as connection:
            while not self.ended.wait(PAUSE):
                self._ask_for_both(connection)
            self._ask_for_both(connection)  # of what the script has left

    def _ask_for_both(self, connection: psycopg.Connection) -> None:
        for statement in (self.read, self.write):
            self._ask(connection, statement)

    def _ask(self, connection: psycopg.Connection, statement: sql.Composed) -> None:
        began = time.monotonic()
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(statement)
        except psycopg.Error as error:
            self.failed += 1
            self.error = self.error or reason(error)
        self.requests += 1
        self.slowest = max(self.slowest, time.monotonic() - began)


@contextmanager
def at_work(url: str, connection: psycopg.Connection, script: Script, found: list[Clients]) -> Iterator[None]:
    """Within it clients are at work; `found` gets what each of them met with. `connection` has to be outside a transaction."""
    clients = list(_clients(url, connection, script.text))
    threads = [threading.Thread(target=client.work, name=f"client of {client.table}") for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for client in clients:
            client.ended.set()
        for thread in threads:
            thread.join(PATIENCE)
        found += [Clients(script.name, each.table, each.requests, each.failed, each.slowest, each.error) for each in clients]


def _clients(url: str, connection: psycopg.Connection, text: str) -> Iterable[_Client]:
    words = {word.lower() for word in re.findall(r"\w+", text)}
    for schema, name, shown, columns, key, written in connection.execute(_TABLES).fetchall():
        if name.lower() in words and written:
            table, first, column = sql.Identifier(schema, name), sql.Identifier(key), sql.Identifier(written)
            listed = sql.SQL(", ").join(map(sql.Identifier, columns))
            read = sql.SQL("SELECT {} FROM {} LIMIT 1").format(listed, table)
            one = sql.SQL("(SELECT {} FROM {} LIMIT 1)").format(first, table)
            write = sql.SQL("UPDATE {} SET {} = {} WHERE {} = {}").format(table, column, column, first, one)
            yield _Client(url, shown, read, write)
