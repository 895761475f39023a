"""Whether a statement that ran outside a transaction took effect, asked from the catalogue.

An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index, which IF NOT EXISTS would take for a whole one:
https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from enum import Enum

import psycopg
from psycopg import sql

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import parse
from governance.orders import Statement

INDEX_ON = """
SELECT namespace.nspname, index.relname, pg_index.indisvalid
FROM pg_index
JOIN pg_class AS index ON index.oid = pg_index.indexrelid
JOIN pg_namespace AS namespace ON namespace.oid = index.relnamespace
WHERE pg_index.indrelid = to_regclass(%s) AND index.relname = %s
"""
# By table: the index's own number is reported a moment after the index can be seen.
BEING_BUILT = "SELECT pid FROM pg_stat_progress_create_index WHERE relid = to_regclass(%s)"


class Effect(Enum):
    PRESENT = "present"
    ABSENT = "absent"
    LEFTOVER = "leftover"  # an invalid index
    PARTIAL = "partial"  # some batches
    UNKNOWN = "unknown"


def probe(connection: psycopg.Connection, statement: Statement) -> Effect:
    match statement.tag:
        case "CREATE INDEX CONCURRENTLY":
            return _created(connection, _tree(statement))
        case "DROP INDEX CONCURRENTLY":
            return _dropped(connection, _tree(statement))
        case "VACUUM":
            return Effect.ABSENT  # it does no harm twice
        case _:
            return Effect.UNKNOWN


def drop_leftover(connection: psycopg.Connection, statement: Statement) -> None:
    """Remove the invalid index that an attempt left behind; not while somebody is building it."""
    node = _tree(statement)
    found = _index(connection, node)
    if found and not found[2] and not connection.execute(BEING_BUILT, [_table(node)]).fetchone():
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(found[0], found[1])))


def _created(connection: psycopg.Connection, node: Node) -> Effect:
    if not node.idxname:
        return Effect.UNKNOWN  # PostgreSQL chose the name
    found = _index(connection, node)
    if not found:
        return Effect.ABSENT
    return Effect.PRESENT if found[2] else Effect.LEFTOVER


def _dropped(connection: psycopg.Connection, node: Node) -> Effect:
    names = [_quoted(*strings(item.items)) for item in node.objects]
    gone = connection.execute("SELECT bool_and(to_regclass(name) IS NULL) FROM unnest(%s::text[]) AS name", [names]).fetchone()
    return Effect.PRESENT if gone == (True,) else Effect.ABSENT


def _index(connection: psycopg.Connection, node: Node) -> tuple[str, str, bool] | None:
    """Schema, name and validity of the index that the statement creates."""
    return connection.execute(INDEX_ON, [_table(node), node.idxname]).fetchone()


def _table(node: Node) -> str:
    return _quoted(*filter(None, (node.relation.schemaname, node.relation.relname)))


def _quoted(*parts: str) -> str:
    return sql.Identifier(*parts).as_string(None)


def _tree(statement: Statement) -> Node:
    return parse(statement.text)[0]
