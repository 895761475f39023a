"""The unique key in whose ranges a table is gone through, and those ranges as SQL."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from governance.backfill import Backfill

Key = list[str]  # the values of one row's key, as PostgreSQL writes them

UNIQUE = """
SELECT array_agg(attname::text ORDER BY place), array_agg(format_type(atttypid, NULL) ORDER BY place)
FROM pg_index
CROSS JOIN unnest(indkey::smallint[]) WITH ORDINALITY AS part (attnum, place)
JOIN pg_attribute ON attrelid = indrelid AND pg_attribute.attnum = part.attnum
WHERE indrelid = to_regclass(%s) AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL AND indexprs IS NULL
  AND place <= indnkeyatts
GROUP BY indexrelid, indisprimary HAVING bool_and(attnotnull)
ORDER BY indisprimary DESC, count(*), indexrelid
"""
TYPES = """
SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attname = ANY(%s) AND NOT attisdropped
"""


class NoKey(Exception):
    """The message says what the table lacks."""


@dataclass(frozen=True, slots=True)
class Keys:
    table: str  # as FROM names it, with its alias
    alias: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    def as_text(self) -> str:
        return ", ".join(f"{column}::text" for column in self._columns())

    def between(self, low: Key | None, high: Key | None) -> str:
        """A condition: behind `low`, up to and with `high`."""
        found = [f"{self._row()} {sign} {self._values(key)}" for sign, key in ((">", low), ("<=", high)) if key]
        return " AND ".join(found) or "true"

    def nth(self, connection: psycopg.Connection, number: int, low: Key | None, high: Key | None) -> Key | None:
        """The key of the row with this number, from 1, between the two; None if there are fewer."""
        where, order = self.between(low, high), ", ".join(self._columns())
        query = f"SELECT {self.as_text()} FROM {self.table} WHERE {where} ORDER BY {order} OFFSET {number - 1} LIMIT 1"
        found = connection.execute(query.encode()).fetchone()
        return list(found) if found else None

    def last(self, connection: psycopg.Connection) -> Key | None:
        order = ", ".join(f"{column} DESC" for column in self._columns())
        found = connection.execute(f"SELECT {self.as_text()} FROM {self.table} ORDER BY {order} LIMIT 1".encode()).fetchone()
        return list(found) if found else None

    def _columns(self) -> tuple[str, ...]:
        return tuple(quoted(self.alias, column) for column in self.columns)

    def _row(self) -> str:
        return f"({', '.join(self._columns())})"

    def _values(self, key: Key) -> str:
        return f"({', '.join(f'{literal(value)}::{kind}' for value, kind in zip(key, self.types, strict=True))})"


def find_keys(connection: psycopg.Connection, backfill: Backfill) -> Keys:
    """
    Raises:
        NoKey: the table has no unique key without NULLs, or not the one that the directive names.
    """
    name, wanted = quoted(*backfill.table), set(backfill.options.key)
    found = connection.execute(UNIQUE, [name]).fetchall()
    fitting = [(columns, types) for columns, types in found if not wanted or set(columns) == wanted]
    if not fitting:
        which = f"({', '.join(backfill.options.key)})" if wanted else ""
        raise NoKey(f"{name} has no unique key {which or 'whose columns are all NOT NULL'}, so it cannot be gone through in batches")
    columns, types = fitting[0]
    moved = set(columns) & set(backfill.columns)
    if moved:
        raise NoKey(f"{', '.join(sorted(moved))} is in the key by which {name} is gone through, and cannot be changed meanwhile")
    table = f"{'ONLY ' if backfill.only else ''}{name} AS {quoted(backfill.alias)}"
    return Keys(table, backfill.alias, tuple(columns), tuple(types))


def column_types(connection: psycopg.Connection, backfill: Backfill) -> dict[str, str]:
    """Of the columns that it assigns, with their modifiers, so that a value can be rounded as it will be."""
    return dict(connection.execute(TYPES, [quoted(*backfill.table), list(backfill.columns)]).fetchall())


def quoted(*parts: str) -> str:
    return sql.Identifier(*parts).as_string(None)


def literal(value: str) -> str:
    return sql.Literal(value).as_string(None).removeprefix(" ")
