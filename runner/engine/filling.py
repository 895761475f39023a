"""Rows for the tables of a scratch database that have none, so that a rehearsal shows what happens to data."""

import psycopg
from psycopg import sql

from runner.engine.synthesis.shapes import UNKNOWN, Shapes
from runner.engine.synthesize import Filled, Wanted, synthesize

FIRST_KEY = 1_000_001  # scripts that insert rows of their own write low numbers

_THERE = """
SELECT t.name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, format('%%I.%%I', n.nspname, c.relname) AS t (name)
WHERE t.name = ANY(%s)
"""


class Filling:
    """Fills what is empty, again and again, and remembers what it filled."""

    def __init__(self, rows: int, seed: int = 0, shapes: Shapes = UNKNOWN, tables: frozenset[str] = frozenset()) -> None:
        self._wanted = Wanted(rows=rows, tables=tables, seed=seed, only_empty=True, keys_from=FIRST_KEY)
        self._shapes = shapes
        self._filled: set[str] = set()

    def fill(self, connection: psycopg.Connection) -> list[Filled]:
        report = list(synthesize(connection, self._wanted, self._shapes))
        self._filled |= {filled.table for filled in report if filled.rows}
        return report

    def empty(self, connection: psycopg.Connection) -> None:
        """Take the rows away again, and those that point at them."""
        there = [sql.SQL(row[0]) for row in connection.execute(_THERE, [sorted(self._filled)]).fetchall()]
        if there:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(there)))
