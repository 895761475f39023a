"""What a backfill was not to touch, compared in each batch's own transaction, so that others may write between two batches.

The statement that writes a batch answers with the hash of each row as it is now; the same statement still sees the rows as they were
before it. https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
"""

from dataclasses import dataclass

import psycopg

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement, some
from governance.validation.catalogue import Builtin
from governance.validation.hashing import row_hash
from runner.engine.keys import Key, Keys, quoted
from runner.engine.session import Session
from runner.engine.verify.asking import SHOWN, Asked
from runner.engine.verify.shapes import read_shape

TABLE = """
CREATE TABLE IF NOT EXISTS lockgate.compared (
    run text NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    rows bigint NOT NULL,
    columns text NOT NULL
)
"""
ADD = "INSERT INTO lockgate.compared (run, name, rows, columns) VALUES (%s, %s, %s, %s)"
COMPARED = "SELECT count(*), coalesce(sum(rows), 0)::bigint, max(columns) FROM lockgate.compared WHERE run = ANY(%s) AND name = %s"
PROOF = "Exact for what the batches wrote, by a 64-bit hash of each row; a batch in which a row differs is rolled back."
ATTEMPTS = 3  # somebody may have written a row between the statement's look and its write


class Altered(Exception):
    """The message says which rows a batch would have changed besides what it was to change."""


@dataclass(frozen=True, slots=True)
class Untouched:
    """Columns of a backfill's table that it has to leave alone."""

    run: str
    name: str  # of the check
    hash: str  # of a row, with the backfill's alias
    columns: str
    keys: Keys

    @property
    def returning(self) -> str:
        named = (f"{quoted(self.keys.alias, column)} AS lockgate_key_{place}" for place, column in enumerate(self.keys.columns))
        return f", {', '.join(named)}, {self.hash} AS lockgate_hash"

    def altered(self, low: Key | None, high: Key) -> str:
        """An expression behind WITH changed AS (UPDATE …): the keys of rows that are not as they were."""
        columns = [quoted(self.keys.alias, column) for column in self.keys.columns]
        alike = " AND ".join(f"{column} = changed.lockgate_key_{place}" for place, column in enumerate(columns))
        key = " || ', ' || ".join(f"{column}::text" for column in columns)
        found = f"SELECT {key} AS key FROM {self.keys.table} JOIN changed ON {alike} WHERE {self.keys.between(low, high)}"
        return f"(SELECT array_agg(key) FROM ({found} AND {self.hash} IS DISTINCT FROM changed.lockgate_hash LIMIT {SHOWN}) AS found)"

    def keep(self, connection: psycopg.Connection, rows: int, altered: list[str] | None) -> None:
        """
        Raises:
            Altered
        """
        if altered:
            listed = ", ".join(altered[:5])
            raise Altered(f"rows {listed} would not keep their {self.columns}, which the check “{self.name}” holds them to")
        connection.execute(ADD, [self.run, self.name, rows, self.columns])


def untouched(session: Session, keys: Keys, table: tuple[str, ...]) -> Untouched | None:
    """What the order's check of the table's batches says, if it has one."""
    named = {".".join(table), f"{session.schema}.{table[-1]}"}
    check = next((each for each in session.order.checks if each.builtin == Builtin.BATCHES and each.table in named), None)
    if check is None:
        return None
    shape = read_shape(session.connection, check.table).only(check.columns, check.without)
    session.connection.execute(TABLE)
    columns = ", ".join(column.name for column in shape.columns if column.name not in shape.key)
    return Untouched(session.order.run, check.name, row_hash(shape.columns, f"{quoted(keys.alias)}."), columns, keys)


def before(_asked: Asked, _check: Check) -> Answer:
    return Answer(0, None, "")


def after(asked: Asked, check: Check, _kept: Answer | None) -> tuple[Judgement, str]:
    session = asked if isinstance(asked, Session) else None
    if session is None or session.connection.execute("SELECT to_regclass('lockgate.compared')").fetchone() == (None,):
        return Judgement(Verdict.UNKNOWN, "nothing was written in batches"), ""
    runs = [session.order.run, *session.order.earlier]
    batches, rows, columns = session.connection.execute(COMPARED, [runs, check.name]).fetchone() or (0, 0, "")
    if not batches:
        return Judgement(Verdict.UNKNOWN, "nothing was written in batches"), ""
    return Judgement(Verdict.PASSED, f"{some(rows, 'row')} in {some(batches, 'batch', 'batches')}, none changed in {columns}", PROOF), ""
