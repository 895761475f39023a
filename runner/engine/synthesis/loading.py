"""Rows into a table: by COPY, which is fast; one by one where the table refuses some of them, with the reasons counted."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

from runner.engine.synthesis.tables import Table

CHUNK = 5_000  # rows between two writes
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = re.compile(r"[\\\t\n\r]")
_DRAFT = "lockgate_draft"
_REFUSED = "lockgate_refused"
# Each row in a subtransaction of its own; what refused it is kept by the name of the constraint, or in PostgreSQL's words.
_TRY = """
DO $try$
DECLARE
    draft record;
    name text;
    message text;
BEGIN
    FOR draft IN SELECT * FROM pg_temp.{draft} LOOP
        BEGIN
            INSERT INTO {table} ({columns}) {overriding} VALUES ({values});
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME, message = MESSAGE_TEXT;
            INSERT INTO pg_temp.{refused} VALUES (coalesce(nullif(name, ''), message));
        END;
    END LOOP;
END
$try$
"""


def escaped(values: list[str]) -> list[str]:
    """As COPY's text form wants them. Most need nothing, which one look at all of them tells."""
    return [value.translate(_ESCAPES) for value in values] if _SPECIAL.search("".join(values)) else values


def copy(connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """`rows` as COPY wants them. Raises psycopg.Error: then there is none of them, if a transaction is open."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.SQL(table), listed)
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for start in range(0, len(rows), CHUNK):
            stream.write("\n".join(map("\t".join, rows[start : start + CHUNK])) + "\n")


def load(
    connection: psycopg.Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[str, ...]], *, check_now: bool
) -> Counter[str]:
    """How many rows were refused, by reason; all others are in the table. Deferred constraints are asked now, or at the commit."""
    if not columns:
        for _ in rows:
            connection.execute(sql.SQL("INSERT INTO {} DEFAULT VALUES").format(sql.SQL(table.qualified)))
        return Counter()
    try:
        with connection.transaction():
            copy(connection, table.qualified, columns, rows)
            if check_now:
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return Counter()
    except psycopg.errors.DatabaseError:
        with connection.transaction():
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE" if check_now else "SET CONSTRAINTS ALL DEFERRED")
            return _one_by_one(connection, table, columns, rows)


def _one_by_one(connection: psycopg.Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Counter[str]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    definitions = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in columns)
    draft, refused = sql.Identifier(_DRAFT), sql.Identifier(_REFUSED)
    connection.execute(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(draft, definitions))
    connection.execute(sql.SQL("CREATE TEMP TABLE {} (reason text) ON COMMIT DROP").format(refused))
    copy(connection, f"pg_temp.{_DRAFT}", columns, rows)
    values = sql.SQL(", ").join(
        sql.SQL("draft.{}::{}").format(sql.Identifier(column), sql.SQL(table.column(column).type.name)) for column in columns
    )
    overriding = sql.SQL("OVERRIDING SYSTEM VALUE" if _drawn(table, columns) else "")
    parts = {
        "draft": draft,
        "refused": refused,
        "table": sql.SQL(table.qualified),
        "columns": names,
        "values": values,
        "overriding": overriding,
    }
    connection.execute(sql.SQL(_TRY).format(**parts))
    found = connection.execute(sql.SQL("SELECT reason, count(*) FROM pg_temp.{} GROUP BY 1").format(refused)).fetchall()
    connection.execute(sql.SQL("DROP TABLE pg_temp.{}, pg_temp.{}").format(draft, refused))
    return Counter(dict(found))


def _drawn(table: Table, columns: Iterable[str]) -> bool:
    return any(table.column(column).drawn_by_server for column in columns)
