"""Keys of rows that are there or will be: what foreign keys draw from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import LiteralString

import psycopg
from psycopg import sql

from runner.engine.synthesis.loading import escaped
from runner.engine.synthesis.shapes import NULL, Shape, pool
from runner.engine.synthesis.tables import ForeignKey, Table

KNOWN = 100_000  # rows of a parent that are pointed at
SEPARATOR = "\x1f"  # between the parts of a key while it is one text

Key = tuple[str, ...]

_SET_LATER: LiteralString = """
WITH known AS MATERIALIZED (
    SELECT {parts}, row_number() OVER (ORDER BY {parts}) - 1 AS number FROM {parent} LIMIT {limit}
), place AS MATERIALIZED (
    SELECT ctid, tableoid, row_number() OVER (ORDER BY tableoid, ctid) AS number FROM {child} WHERE {first} IS NULL
)
UPDATE {child} AS child SET ({columns}) = ROW({values})
FROM known, place, (SELECT count(*) AS count FROM known) total
WHERE child.ctid = place.ctid AND child.tableoid = place.tableoid AND place.number % 4 <> 0
  AND known.number = (place.number * 7919 + {seed}) % total.count
"""


def read_keys(connection: psycopg.Connection, parent: Table, columns: Sequence[str]) -> list[Key]:
    """Of rows that have all parts of it."""
    names = [sql.Identifier(column) for column in columns]
    filled = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in names)
    listed = sql.SQL(", ").join(names)
    query = sql.SQL("COPY (SELECT {} FROM {} WHERE {} LIMIT {}) TO STDOUT").format(listed, sql.SQL(parent.qualified), filled, KNOWN)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        parts = [escaped(list(map(str, part))) for part in zip(*copy.rows(), strict=True)]
    return list(zip(*parts, strict=True))


def drawn(
    key: ForeignKey, known: Sequence[Key], given: Mapping[str, Sequence[str]], shape: Shape, count: int, random: Random, *, nullable: bool
) -> dict[str, list[str]]:
    """Values for the key's columns: existing keys, as often as the shape says; fitting those columns that another key has filled."""
    shared = [column for column in key.columns if column in given]
    if shared:
        return _fitting(key, known, {column: given[column] for column in shared}, random)
    joined = pool([SEPARATOR.join(parts) for parts in known], shape, count, random, nullable=nullable)
    chosen = random.choices(joined, k=count)
    if len(key.columns) == 1:
        return {key.columns[0]: chosen}
    empty = (NULL,) * len(key.columns)
    split = [tuple(value.split(SEPARATOR)) if value != NULL else empty for value in chosen]
    return dict(zip(key.columns, map(list, zip(*split, strict=True)), strict=True))


def set_later(connection: psycopg.Connection, table: Table, key: ForeignKey, parent: Table, seed: int) -> str:
    """Point three quarters of the rows to some row of the parent; answers why it could not be done."""
    names = {
        "child": sql.SQL(table.qualified),
        "parent": sql.SQL(parent.qualified),
        "columns": sql.SQL(", ").join(map(sql.Identifier, key.columns)),
        "first": sql.Identifier(key.columns[0]),
        "parts": sql.SQL(", ").join(map(sql.Identifier, key.parent_columns)),
        "values": sql.SQL(", ").join(sql.SQL("known.{}").format(sql.Identifier(column)) for column in key.parent_columns),
        "seed": sql.Literal(seed),
        "limit": sql.Literal(KNOWN),
    }
    try:
        with connection.transaction():
            connection.execute(sql.SQL(_SET_LATER).format(**names))
    except psycopg.errors.DatabaseError as error:
        return error.diag.message_primary or str(error)
    return ""


def _fitting(key: ForeignKey, known: Iterable[Key], given: Mapping[str, Sequence[str]], random: Random) -> dict[str, list[str]]:
    places = [key.columns.index(column) for column in given]
    by_shared: dict[Key, list[Key]] = defaultdict(list)
    for parts in known:
        by_shared[tuple(parts[place] for place in places)].append(parts)
    empty = [(NULL,) * len(key.columns)]
    chosen = [random.choice(by_shared.get(shared, empty)) for shared in zip(*given.values(), strict=True)]
    new = [(place, column) for place, column in enumerate(key.columns) if column not in given]
    return {column: [parts[place] for parts in chosen] for place, column in new}
