"""Flyway's history table and lock, so that Flyway and we can work on one database without harm.

https://documentation.red-gate.com/flyway/flyway-concepts/migrations/flyway-schema-history-table
"""

from functools import cache

import psycopg
from psycopg import sql

from governance.orders import Script
from governance.versions import version_key

TABLE = "flyway_schema_history"
LOCK_BASE = int.from_bytes(b"Flyway")
COLUMNS = """
    "installed_rank" integer NOT NULL,
    "version" varchar(50),
    "description" varchar(200) NOT NULL,
    "type" varchar(20) NOT NULL,
    "script" varchar(1000) NOT NULL,
    "checksum" integer,
    "installed_by" varchar(100) NOT NULL,
    "installed_on" timestamp NOT NULL DEFAULT now(),
    "execution_time" integer NOT NULL,
    "success" boolean NOT NULL
"""
# Without a sequence, as Flyway does it: the lock is what makes it safe.
APPEND = """
INSERT INTO {} (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT coalesce(max(installed_rank), 0) + 1, %s, %s, 'SQL', %s, %s, %s, %s, true FROM {}
"""
# What Flyway's `repair` writes. The open-source Flyway does not know the type UNDO_SQL and stops at the sight of it.
DELETE = """
INSERT INTO {} (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT (SELECT max(installed_rank) + 1 FROM {}), version, description, 'DELETE', script, checksum, %s, 0, true
FROM {} WHERE version = %s AND type <> 'DELETE' AND success ORDER BY installed_rank DESC LIMIT 1
"""
HISTORY = "SELECT version, type = 'DELETE' FROM {} WHERE version IS NOT NULL AND success ORDER BY installed_rank"

Key = tuple[int, ...]  # governance.versions.version_key()


def lock_key(schema: str) -> int:
    """Flyway's advisory lock is "Flyway" as a number plus Java's hash of the table's quoted name."""
    return LOCK_BASE + _java_hash(f'"{schema}"."{TABLE}"')


def create(connection: psycopg.Connection, schema: str) -> None:
    if exists(connection, schema):
        return
    table = sql.Identifier(schema, TABLE)
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(COLUMNS)))
    connection.execute(
        sql.SQL('ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ("installed_rank")').format(table, sql.Identifier(f"{TABLE}_pk"))
    )
    connection.execute(sql.SQL('CREATE INDEX {} ON {} ("success")').format(sql.Identifier(f"{TABLE}_s_idx"), table))


def exists(connection: psycopg.Connection, schema: str) -> bool:
    query = "SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relname = %s AND relkind = 'r'"
    return connection.execute(query, [schema, TABLE]).fetchone() is not None


def applied(connection: psycopg.Connection, schema: str) -> frozenset[Key]:
    """The versions that are in the database now: a DELETE row takes back the one before it."""
    if not exists(connection, schema):
        return frozenset()
    found: set[Key] = set()
    for version, deleted in connection.execute(_query(HISTORY, schema)):
        (found.discard if deleted else found.add)(version_key(version))
    return frozenset(found)


def append(connection: psycopg.Connection, schema: str, script: Script, person: str, seconds: float) -> None:
    milliseconds = round(seconds * 1000)
    values = [_version(script), _short(script.description), script.name, script.checksum, person[:100], milliseconds]
    connection.execute(_query(APPEND, schema), values)


def delete(connection: psycopg.Connection, schema: str, script: Script, person: str) -> None:
    connection.execute(_query(DELETE, schema), [person[:100], _version(script)])


@cache
def _query(text: str, schema: str) -> bytes:
    table = sql.Identifier(schema, TABLE)
    return sql.SQL(text).format(*[table] * text.count("{}")).as_string(None).encode()


def _version(script: Script) -> str:
    return script.version.replace("_", ".")


def _short(description: str) -> str:
    return description if len(description) <= 200 else f"{description[:197]}..."


def _java_hash(text: str) -> int:
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value
