"""A schema read from the catalogue, by one statement: the files of `catalogue/`, one per kind of object, within objects.sql."""

from pathlib import Path

import psycopg
from psycopg.rows import tuple_row

from governance.orders import SchemaReading
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Schema, SchemaObject

CATALOGUE = Path(__file__).parent / "catalogue"
FRAME = CATALOGUE / "objects.sql"


def _statement() -> str:
    parts = [path.read_text() for path in sorted(CATALOGUE.glob("*.sql")) if path != FRAME]
    return FRAME.read_text().replace("{objects}", "\nUNION ALL\n".join(parts), 1)


_OBJECTS = _statement()
# What PostgreSQL's own text of names and constants depends on. Its functions wait for somebody's ALTER TABLE; and to compile
# so long a statement takes longer than to execute it.
_CANONICAL = """
SELECT set_config('search_path', '', true), set_config('quote_all_identifiers', 'off', true),
       set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
       set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
       set_config('lock_timeout', '5s', true), set_config('jit', 'off', true)
"""


def read_schema(connection: psycopg.Connection) -> Schema:
    """Everything but system schemas, members of extensions, and our ledger. Works on PostgreSQL 13 to 18.

    Raises:
        LockNotAvailable: somebody's ALTER TABLE held a table for five seconds.
    """
    # Rolling back is what puts the settings back, even within a transaction of the caller's.
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_CANONICAL)
        cursor.execute(_OBJECTS.encode())
        return Schema.of(SchemaObject.of(*row) for row in cursor)


def read(connection: psycopg.Connection) -> SchemaReading:
    schema = read_schema(connection)
    return SchemaReading(fingerprint(schema), schema.as_json())
