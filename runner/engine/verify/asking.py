"""One query, put to the target so that it can change nothing, and its answer in which no personal value is kept."""

import hashlib
import time
from typing import Protocol

import psycopg

from governance.validation.answers import Answer
from governance.validation.expectation import MOST
from governance.validation.refused import TRY_CAST, needs_cast

SHOWN = 20  # rows of which the key is kept
NAMING = frozenset(
    {18, 19, 20, 21, 23, 26, 27, 28, 2205, 2206, 2950, 4089, 4096}
)  # "char", name, whole numbers, oid and its names, tid, xid, uuid
WITHHELD = "(its key is a text, which may be personal)"


class Asked(Protocol):
    """Whoever has a connection to put the questions through: a session, or the trial of a rehearsal."""

    @property
    def connection(self) -> psycopg.Connection: ...


def ask(connection: psycopg.Connection, sql: str, *, offending: bool = False) -> Answer:
    """`offending`: a check that expects no rows; of very many only the first are fetched."""
    began = time.monotonic()
    # A savepoint when a transaction is open. Only a subtransaction's end takes read-only mode back, so it is always rolled back.
    with connection.transaction(force_rollback=True):
        if needs_cast(sql):
            connection.execute(TRY_CAST)
        connection.execute("SET LOCAL transaction_read_only = on; SET LOCAL jit = off")
        query = f"SELECT * FROM (\n{sql}\n) AS offending LIMIT {MOST + 1}" if offending else sql
        result = connection.execute(query.encode()).pgresult
        assert result
        rows = [[result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]
        naming = [result.ftype(column) in NAMING for column in range(result.nfields)]
    first = rows[0][0].decode() if rows and rows[0] and rows[0][0] is not None else None
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    sample = tuple(_key(row, naming) for row in rows[:SHOWN]) if offending else ()
    return Answer(len(rows), first, digest, sample, seconds=time.monotonic() - began, sql=sql, alone=len(naming) == 1)


def _key(row: list[bytes | None], naming: list[bool]) -> str:
    """The columns in front that can only be names or numbers."""
    shown: list[str] = []
    for value, fits in zip(row, naming, strict=True):
        if not fits:
            break
        shown.append(value.decode() if value is not None else "NULL")
    return ", ".join(shown) or WITHHELD
