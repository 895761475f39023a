"""What analysis and forecast want to know of a target, read from its catalogue and statistics."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from governance.facts import ColumnFacts, ConstraintFacts, Facts, IndexFacts, TableFacts

T = TypeVar("T", ColumnFacts, ConstraintFacts, IndexFacts)

_DATABASE = """
    SELECT current_setting('server_version_num')::int AS server_version, current_database() AS database,
           pg_database_size(current_database()) AS bytes, current_schemas(false) AS search_path
"""
_RELATIONS = """
    WITH relation AS (
        SELECT pg_class.*, nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'lockgate')
          AND relname <> 'flyway_schema_history' AND relkind IN ('r', 'p', 'v', 'm')
    )
"""
# reltuples: -1 is "never analysed" since PostgreSQL 14; before, an empty table and an unknown one look the same.
_TABLES = f"""{_RELATIONS}
    SELECT oid, nspname AS schema, relname AS name, relkind AS kind,
           CASE WHEN reltuples < 0 OR relkind = 'v' OR (reltuples = 0 AND relpages = 0) THEN NULL ELSE reltuples::bigint END AS rows,
           pg_total_relation_size(oid) AS bytes, coalesce(referencing.names, ARRAY[]::text[]) AS referenced_by
    FROM relation
    LEFT JOIN (
        SELECT confrelid, array_agg(DISTINCT nspname || '.' || relname) AS names
        FROM pg_constraint JOIN relation ON relation.oid = conrelid GROUP BY confrelid
    ) AS referencing ON confrelid = oid
    ORDER BY nspname, relname
"""
_COLUMNS = f"""{_RELATIONS}
    SELECT relation.oid, attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null,
           coalesce(pg_get_expr(adbin, adrelid), '') AS default
    FROM relation
    JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum AND attgenerated = ''
    ORDER BY relation.oid, attnum
"""
_CONSTRAINTS = f"""{_RELATIONS}
    SELECT relation.oid, conname AS name, contype AS kind, pg_get_constraintdef(pg_constraint.oid) AS definition,
           convalidated AS validated, coalesce(space.nspname || '.' || other.relname, '') AS references
    FROM relation
    JOIN pg_constraint ON conrelid = relation.oid
    LEFT JOIN pg_class AS other ON other.oid = confrelid
    LEFT JOIN pg_namespace AS space ON space.oid = other.relnamespace
    ORDER BY relation.oid, conname
"""
_INDEXES = f"""{_RELATIONS}
    SELECT relation.oid, index.relname AS name, pg_get_indexdef(indexrelid) AS definition, indisunique AS unique, indisvalid AS valid,
           index.relpages::bigint * current_setting('block_size')::bigint AS bytes
    FROM relation
    JOIN pg_index ON indrelid = relation.oid
    JOIN pg_class AS index ON index.oid = indexrelid
    ORDER BY relation.oid, index.relname
"""


def read_facts(connection: psycopg.Connection, target: str) -> Facts:
    """Names are written as the session's search_path lets PostgreSQL write them: as in a script for this target.

    Raises:
        LockNotAvailable: somebody's ALTER TABLE held a table for five seconds.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('lock_timeout', '5s', true)")
        [database] = _rows(connection, _DATABASE)
        search_path = tuple(database.pop("search_path"))
        return Facts(target=target, taken_at=datetime.now(UTC), tables=tuple(_tables(connection)), search_path=search_path, **database)


def _tables(connection: psycopg.Connection) -> Iterator[TableFacts]:
    columns = _by_table(connection, _COLUMNS, ColumnFacts)
    constraints = _by_table(connection, _CONSTRAINTS, ConstraintFacts)
    indexes = _by_table(connection, _INDEXES, IndexFacts)
    for row in _rows(connection, _TABLES):
        oid, row["referenced_by"] = row.pop("oid"), tuple(row["referenced_by"])
        yield TableFacts(**row, columns=tuple(columns[oid]), constraints=tuple(constraints[oid]), indexes=tuple(indexes[oid]))


def _by_table(connection: psycopg.Connection, query: str, fact: type[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for row in _rows(connection, query):
        found[row.pop("oid")].append(fact(**row))
    return found


def _rows(connection: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode()).fetchall()
