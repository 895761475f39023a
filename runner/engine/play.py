"""Executes a script on a scratch database: in the caller's transaction, or alone as psql would."""

import textwrap
from collections.abc import Sequence
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from runner.engine.psql import Piece, SqlFile

SHOWN = 120  # characters of a statement in a message
# What a script in one transaction can fail for although its statements, one by one, would do: it must be outside of one, an enum
# value is used beside its birth, a procedure ends transactions by itself, rows wait for deferred checks, locks run out.
OUTSIDE = frozenset({"25001", "55P04", "2D000", "55006", "53200"})
# As a new session would find it; DISCARD ALL is not allowed in a transaction.
RESET: LiteralString = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; DISCARD SEQUENCES; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; "
    "SELECT pg_advisory_unlock_all()"
)
_DEFERRED = """
SELECT DISTINCT n.nspname, c.conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.condeferred
"""


class Broken(Exception):
    """A script failed; the message says where and why."""

    def __init__(self, script: SqlFile, piece: Piece, error: psycopg.Error) -> None:
        statement = piece.statement
        shown = textwrap.shorten(statement.text, SHOWN, placeholder=" …")
        super().__init__(f"{script.name}, line {statement.line}: {shown}: {reason(error)}")
        self.script, self.sqlstate = script, error.sqlstate or ""


def reason(error: psycopg.Error) -> str:
    return ": ".join(filter(None, (error.sqlstate, error.diag.message_primary or str(error).strip())))


def within(connection: psycopg.Connection, script: SqlFile) -> None:
    """In the open transaction, with the checks that a commit would make at its end. Raises Broken."""
    connection.execute(RESET)
    for piece in script.pieces:
        _execute(connection, script, piece)
    if script.pieces:
        _check_deferred(connection, script)


def alone(connection: psycopg.Connection, script: SqlFile) -> None:
    """In a transaction of its own where that will do, otherwise statement by statement. Raises Broken.

    What fails half-way leaves what its earlier statements did, unless one transaction held them all.
    """
    if script.plain:
        try:
            with connection.transaction():
                return within(connection, script)
        except Broken as broken:
            if broken.sqlstate not in OUTSIDE:
                raise
    _as_written(connection, script)


def _as_written(connection: psycopg.Connection, script: SqlFile) -> None:
    """An open transaction is rolled back at the end, as when psql leaves."""
    connection.execute(RESET)
    try:
        for piece in script.pieces:
            _execute(connection, script, piece)
    finally:
        with suppress(psycopg.OperationalError):
            if connection.info.transaction_status is not TransactionStatus.IDLE:
                connection.execute("ROLLBACK")


def _execute(connection: psycopg.Connection, script: SqlFile, piece: Piece) -> None:
    try:
        if piece.rows is None:
            connection.execute(piece.statement.text.encode())
            return
        with connection.cursor() as cursor, cursor.copy(piece.statement.text.encode()) as copy:
            copy.write(piece.rows)
    except psycopg.Error as error:
        raise Broken(script, piece, error) from error


def _check_deferred(connection: psycopg.Connection, script: SqlFile) -> None:
    """And back to deferred: the transaction may go on with the next script, which expects the constraints as they are declared."""
    try:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        names: Sequence[tuple[str, str]] = connection.execute(_DEFERRED).fetchall()
        if names:
            listed = sql.SQL(", ").join(sql.Identifier(*name) for name in names)
            connection.execute(sql.SQL("SET CONSTRAINTS {} DEFERRED").format(listed))
    except psycopg.Error as error:
        raise Broken(script, script.pieces[-1], error) from error
