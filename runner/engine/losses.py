"""What a rollback does not bring back: values of the rows that were there before, compared one by one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from governance.rehearsals import Loss

Row = tuple[str | None, ...]
KEPT_WHOLE = 8 * 2**20  # bytes of tables up to which all of them are compared; above it, those that the scripts name

# Top tables with rows; the size of a partitioned one is that of its leaves.
_TABLES = """
SELECT c.oid, n.nspname, c.relname, size.bytes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace,
LATERAL (SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint AS bytes FROM pg_partition_tree(c.oid) WHERE isleaf) leaves,
LATERAL (SELECT CASE c.relkind WHEN 'p' THEN leaves.bytes ELSE pg_relation_size(c.oid) END AS bytes) size
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND size.bytes > 0
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockgate')
ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT a.attnum, a.attname FROM pg_attribute a
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
_KEY = "SELECT i.indkey::int2[]::int[] FROM pg_index i WHERE i.indrelid = %s AND i.indisprimary"
_BY_NAME = """
SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND ((n.nspname = %(schema)s AND c.relname = %(name)s) OR c.oid = %(oid)s)
ORDER BY c.relname <> %(name)s LIMIT 1
"""
# Without rows of tables that inherit it, which have a count of their own.
_NAME = """
SELECT format('%%s%%I.%%I', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s
"""
_QUOTED = "SELECT format('%%I.%%I.%%I', %s::text, %s::text, %s::text)"
_AFFECTED_TOO = """
WITH RECURSIVE affected (oid) AS (
    SELECT unnest(%s::oid[]) UNION SELECT f.conrelid FROM affected a JOIN pg_constraint f ON f.confrelid = a.oid AND f.contype = 'f'
)
SELECT array_agg(oid::bigint) FROM affected
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of one table as text, at one moment."""

    oid: int
    schema: str
    name: str
    columns: dict[int, str]  # attribute number to name
    key: tuple[int, ...]  # attribute numbers of the primary key
    rows: list[Row]


def keep(connection: psycopg.Connection, scripts: Iterable[str]) -> tuple[Kept, ...]:
    """The content of the tables that the scripts may change."""
    found = connection.execute(_TABLES).fetchall()
    oids = {row[0] for row in found}
    if sum(row[3] for row in found) > KEPT_WHOLE:
        words = {word for text in scripts for word in re.findall(r"\w+", text.lower())}
        named = [oid for oid, _schema, name, _size in found if name.lower() in words]
        [affected] = connection.execute(_AFFECTED_TOO, [named]).fetchone() or [[]]
        oids &= set(affected or [])
    return tuple(_kept(connection, oid, schema, name) for oid, schema, name, _size in found if oid in oids)


def losses(connection: psycopg.Connection, before: Iterable[Kept]) -> tuple[Loss, ...]:
    """By content: a value that was NULL cannot be lost, one that is filled in again as it was is not."""
    return tuple(loss for kept in before for loss in _lost_of(connection, kept))


def _kept(connection: psycopg.Connection, oid: int, schema: str, name: str) -> Kept:
    columns = _columns(connection, oid)
    key = connection.execute(_KEY, [oid]).fetchone()
    usable = tuple(key[0]) if key and set(key[0]) <= columns.keys() else ()
    return Kept(oid, schema, name, columns, usable, _rows(connection, oid, columns.values()))


def _columns(connection: psycopg.Connection, oid: int) -> dict[int, str]:
    return dict(connection.execute(_COLUMNS, [oid]).fetchall())


def _rows(connection: psycopg.Connection, oid: int, columns: Iterable[str]) -> list[Row]:
    [table] = connection.execute(_NAME, [oid]).fetchone() or [""]
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(listed, sql.SQL(table))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return list(copy.rows())


def _lost_of(connection: psycopg.Connection, kept: Kept) -> Iterator[Loss]:
    [oid] = connection.execute(_BY_NAME, {"schema": kept.schema, "name": kept.name, "oid": kept.oid}).fetchone() or [0]
    now = _columns(connection, oid)
    same = {number: _present(number, name, now, same_table=oid == kept.oid) for number, name in kept.columns.items()}
    counterparts = {number: name for number, name in same.items() if name}
    rows = _rows(connection, oid, counterparts.values()) if counterparts else []
    places = {number: place for place, number in enumerate(counterparts)}
    for position, (number, name) in enumerate(kept.columns.items()):
        gone = _gone(kept, position, places[number], counterparts, rows) if number in places else _filled(kept, position)
        if gone:
            [column] = connection.execute(_QUOTED, [kept.schema, kept.name, name]).fetchone() or [name]
            yield Loss(column, gone)


def _present(number: int, name: str, now: dict[int, str], *, same_table: bool) -> str:
    """What the column is called after the rollback: a renamed one is not lost."""
    return name if name in now.values() else now.get(number, "") if same_table else ""


def _filled(kept: Kept, position: int) -> int:
    return sum(row[position] is not None for row in kept.rows)


def _gone(kept: Kept, was: int, now: int, counterparts: dict[int, str], rows: Sequence[Row]) -> int:
    """How many values of a column are not where they were."""
    if not kept.key or not set(kept.key) <= counterparts.keys():
        left = Counter(row[was] for row in kept.rows) - Counter(row[now] for row in rows)
        return sum(count for value, count in left.items() if value is not None)
    old, new = list(kept.columns), list(counterparts)
    old_key, new_key = [old.index(number) for number in kept.key], [new.index(number) for number in kept.key]
    present = {tuple(row[place] for place in new_key): row[now] for row in rows}
    return sum(row[was] is not None and present.get(tuple(row[place] for place in old_key)) != row[was] for row in kept.rows)
