"""A schema read from the catalogue: the files of `catalogue/`, one per kind of object, within objects.sql; and who needs whom."""

from collections import defaultdict
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow, tuple_row

from governance.orders import SchemaReading
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Key, Kind, Schema, SchemaObject

CATALOGUE = Path(__file__).parent / "catalogue"
FRAME = CATALOGUE / "objects.sql"
_NEEDS = (CATALOGUE / "needs.sql").read_bytes()


def _statement(published: Path) -> bytes:
    objects = [path.read_text() for path in sorted((CATALOGUE / "kinds").glob("*.sql"))]
    filled = FRAME.read_text().replace("{objects}\n", "\nUNION ALL\n".join(objects)).replace("{published}\n", published.read_text())
    return filled.encode()


_UNTIL_14, _SINCE_15 = (_statement(CATALOGUE / "published" / name) for name in ("until_14.sql", "since_15.sql"))
# What PostgreSQL's own text of names and constants depends on. Its functions wait for somebody's ALTER TABLE; and to compile
# so long a statement takes longer than to execute it.
_CANONICAL = """
SELECT set_config('search_path', '', true), set_config('quote_all_identifiers', 'off', true),
       set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
       set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
       set_config('lock_timeout', '5s', true), set_config('jit', 'off', true)
"""
Address = tuple[int, int, int]  # of an object in the catalogue: class, oid, number of the column


def read_schema(connection: psycopg.Connection) -> Schema:
    """Everything but system schemas, members of extensions, and our ledger. Works on PostgreSQL 13 to 18.

    Raises:
        LockNotAvailable: somebody's ALTER TABLE held a table for five seconds.
    """
    # Rolling back is what puts the settings back, even within a transaction of the caller's.
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_CANONICAL)
        rows = cursor.execute(_SINCE_15 if connection.info.server_version >= 150000 else _UNTIL_14).fetchall()
        edges = cursor.execute(_NEEDS).fetchall()
    needs = _needs(rows, edges)
    return Schema.of(
        SchemaObject.of(kind, name, parent, attributes, needs[cls, oid, sub], state)
        for cls, oid, sub, kind, name, parent, attributes, state in rows
    )


def _needs(rows: list[TupleRow], edges: list[TupleRow]) -> dict[Address, list[Key]]:
    """What each object needs besides its parent, of what was read."""
    names: dict[Address, tuple[Key, str]] = {row[:3]: ((Kind(row[3]), row[4]), row[5]) for row in rows}
    found: dict[Address, list[Key]] = defaultdict(list)
    for edge in edges:
        needing, needed = names.get(edge[:3]), names.get(edge[3:])
        if needing and needed and needing[0] != needed[0] and needing[1] != needed[0][1]:
            found[edge[:3]].append(needed[0])
    return found


def read(connection: psycopg.Connection) -> SchemaReading:
    schema = read_schema(connection)
    return SchemaReading(fingerprint(schema), schema.as_json())
