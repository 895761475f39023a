"""The one session in which an order is executed: direct, writable, alone on its target, and recognisable there."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import psycopg
from psycopg import sql

from governance.errors import TargetBusy, TargetPooled, TargetReadOnly, TargetUnreachable
from governance.orders import Order
from runner.engine import flyway
from runner.engine.keys import Keys

PATIENCE = 2.0  # seconds to wait for another run, or for Flyway, to leave the target
POLL = 0.1
CONNECT_TIMEOUT = 10
IDLE_IN_TRANSACTION = "15s"
CLIENT_CHECK = "500ms"  # how soon the server notices that a killed runner is gone
HOLDER = """
SELECT coalesce(nullif(activity.application_name, ''), activity.usename::text, 'a session') || ' (pid ' || activity.pid || ')'
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid::bigint = %s AND held.objid::bigint = %s
"""
PREVIOUS = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()"
READ_ONLY = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean"
# What we told the portal must not be lost by the target, whatever its owners let their own clients lose.
LASTING = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
BOUND = "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS chosen (name, value)"


class Beside(Protocol):
    """Of a long reading of a table."""

    def told(self, what: str, done: int, total: int) -> None:
        """How many rows are read. Raises what ends the reading."""

    def crowded(self, table: str, keys: Keys) -> str:
        """Why the reading should rest now, for people; "" when it need not."""


@dataclass(frozen=True, slots=True)
class Session:
    connection: psycopg.Connection
    order: Order
    schema: str  # of Flyway's table: the first of the search path
    notices_clients: bool  # the server can look whether its client still lives
    beside: "Beside | None" = None  # who hears how far a long reading is

    @property
    def pid(self) -> int:
        return self.connection.info.backend_pid

    def settings(self, lock_timeout: float, statement_timeout: float) -> dict[str, str]:
        """Ours, while a script has not set others."""
        settings = {
            "lock_timeout": f"{lock_timeout * 1000:.0f}ms",
            "statement_timeout": f"{statement_timeout * 1000:.0f}ms",
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
        }
        return settings | {"client_connection_check_interval": CLIENT_CHECK} if self.notices_clients else settings

    def prepare(self, lock_timeout: float, statement_timeout: float) -> None:
        """Bring the session to a known state: a script may have left settings or another role behind."""
        self.connection.execute(_known_state(self.order.role, tuple(self.settings(lock_timeout, statement_timeout).items())))

    def bound(self, settings: Mapping[str, str]) -> None:
        """Until the open transaction ends."""
        self.connection.execute(BOUND, [list(settings), list(settings.values())])


@cache
def _known_state(role: str, settings: tuple[tuple[str, str], ...]) -> bytes:
    """Asked for before every script, so put together once."""
    chosen = sql.SQL(", ").join(sql.SQL("set_config({}, {}, false)").format(name, value) for name, value in settings)
    commands = [sql.SQL("RESET SESSION AUTHORIZATION"), sql.SQL("RESET ALL"), _role(role), sql.SQL("SELECT {}").format(chosen)]
    return sql.SQL("; ").join([*commands, sql.SQL(LASTING)]).as_string(None).encode()


@contextmanager
def open_session(order: Order, conninfo: str) -> Iterator[Session]:
    """A session that holds the target's lock until it closes.

    Raises:
        TargetUnreachable, TargetPooled, TargetReadOnly, TargetBusy
    """
    with connect(order.target, conninfo, application_name(order.run)) as connection:
        _refuse_pooled(connection, order.target)
        _refuse_read_only(connection, order.target)
        _become(connection, order)
        schema = str(_single(connection, "SELECT coalesce(current_schema(), 'public')"))
        session = Session(connection, order, schema, _notices_clients(connection))
        session.prepare(order.manifest.limits.lock_timeout, order.manifest.limits.statement_timeout)
        _lock(session)
        yield session


@contextmanager
def helping_session(session: Session, conninfo: str) -> Iterator[Session]:
    """Another one of the same run, for work beside it. The first one's lock is what keeps others away, so it has to outlive this one."""
    with connect(session.order.target, conninfo, application_name(session.order.run)) as connection:
        yield replace(session, connection=connection)


@contextmanager
def reading_session(order: Order, conninfo: str) -> Iterator[Session]:
    """To ask something of the order's target when its run is over: without the target's lock, so that others may change it meanwhile.

    Raises:
        TargetUnreachable
    """
    with connect(order.target, conninfo, f"lockgate check {order.run}"[:63]) as connection:
        _become(connection, order)
        schema = str(_single(connection, "SELECT coalesce(current_schema(), 'public')"))
        session = Session(connection, order, schema, _notices_clients(connection))
        session.prepare(order.manifest.limits.lock_timeout, order.manifest.limits.statement_timeout)
        yield session


def connect(target: str, conninfo: str, name: str) -> psycopg.Connection:
    """A plain connection in autocommit, or a refusal that says why without saying how we signed in."""
    try:
        return psycopg.connect(
            conninfo,
            autocommit=True,
            application_name=name,
            connect_timeout=CONNECT_TIMEOUT,
            client_encoding="utf8",
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        why = _reason(str(error))
    raise TargetUnreachable(target, why)  # outside the handler: the error's own text can hold parts of the connection string


def application_name(run: str) -> str:
    return f"lockgate {run}"[:63]


def previous_backend(session: Session) -> int | None:
    """The process of an earlier attempt of the same run that still works in the target."""
    found = session.connection.execute(PREVIOUS, [application_name(session.order.run)]).fetchone()
    return found[0] if found else None


def _reason(message: str) -> str:
    if "failed to resolve host" in message:
        return "the host of its connection string is unknown"
    answered = re.search(r"connection to server [^\n]*? failed: (?:FATAL: +)?([^\n]+)", message)
    return answered[1] if answered else "its connection string cannot be used"


def _refuse_pooled(connection: psycopg.Connection, target: str) -> None:
    """A pooler invents the process number that it tells its clients."""
    if connection.info.backend_pid != _single(connection, "SELECT pg_backend_pid()"):
        raise TargetPooled(target)


def _refuse_read_only(connection: psycopg.Connection, target: str) -> None:
    standby, read_only = connection.execute(READ_ONLY).fetchone() or (False, False)
    if standby:
        raise TargetReadOnly(target, "the server is a standby")
    if read_only:
        raise TargetReadOnly(target, "default_transaction_read_only is on")


def _become(connection: psycopg.Connection, order: Order) -> None:
    try:
        connection.execute(_role(order.role))
    except psycopg.Error as error:
        raise TargetUnreachable(order.target, f"SET ROLE was refused: {error.diag.message_primary}") from error


def _role(role: str) -> sql.Composed:
    return sql.SQL("SET ROLE {}").format(sql.Identifier(role) if role else sql.SQL("NONE"))


def _notices_clients(connection: psycopg.Connection) -> bool:
    """Since 14, and not on every platform: https://www.postgresql.org/docs/current/runtime-config-connection.html"""
    try:
        connection.execute("SELECT set_config('client_connection_check_interval', %s, false)", [CLIENT_CHECK])
    except (psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue):
        return False
    return True


def _lock(session: Session) -> None:
    """Held by the session, not by a transaction: CREATE INDEX CONCURRENTLY would wait for that transaction for ever."""
    key = flyway.lock_key(session.schema)
    deadline = time.monotonic() + PATIENCE
    while session.connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise TargetBusy(session.order.target, _holder(session.connection, key))
        time.sleep(POLL)


def _holder(connection: psycopg.Connection, key: int) -> str:
    found = connection.execute(HOLDER, [key >> 32, key & 0xFFFFFFFF]).fetchone()
    return found[0] if found else "another run"


def _single(connection: psycopg.Connection, query: str) -> str | int:
    found = connection.execute(query.encode()).fetchone()
    assert found
    return found[0]
