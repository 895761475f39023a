"""Several sessions that see one and the same moment of the target, so that a table can be read by all of them at once.

https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from governance.validation.hashing import PINNED
from runner.engine.session import CONNECT_TIMEOUT

NUMBER = 2
# Row security would hide rows from a check, which would then prove nothing: PostgreSQL refuses instead.
SETTINGS = (
    *PINNED,
    ("row_security", "off"),
    ("jit", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "5s"),
    ("max_parallel_workers_per_gather", "0"),
)


@dataclass(frozen=True, slots=True)
class Readers:
    """`leader` finds out what is to be read; the others read, each taken from and given back to the queue."""

    leader: psycopg.Connection
    idle: SimpleQueue[psycopg.Connection]
    others: tuple[psycopg.Connection, ...]  # all but the leader

    def cancel(self) -> None:
        """End what they read now: their answers are not wanted any more."""
        for connection in self.others:
            connection.cancel()

    @contextmanager
    def one(self) -> Iterator[psycopg.Connection]:
        connection = self.idle.get()
        try:
            yield connection
        finally:
            self.idle.put(connection)


@contextmanager
def readers(beside: psycopg.Connection, number: int = NUMBER) -> Iterator[Readers]:
    """As the role that the given session is, and with its way in."""
    with ExitStack() as stack:
        leader = stack.enter_context(_reader(beside))
        exported = leader.execute("SELECT pg_export_snapshot()").fetchone()
        assert exported
        idle: SimpleQueue[psycopg.Connection] = SimpleQueue()
        others = tuple(stack.enter_context(_reader(beside)) for _ in range(number))
        for connection in others:
            connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(exported[0]))
            idle.put(connection)
        yield Readers(leader, idle, others)


@contextmanager
def _reader(beside: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """In a transaction that only reads, and in which nothing has been read yet."""
    role = beside.execute("SELECT current_user").fetchone()
    assert role
    given = {**beside.info.get_parameters(), "connect_timeout": str(CONNECT_TIMEOUT)}
    way_in = make_conninfo("", **given, password=beside.info.password)
    with psycopg.connect(way_in, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role[0])))
        for name, value in SETTINGS:
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection
