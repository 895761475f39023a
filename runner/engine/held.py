"""The locks that a script holds on tables, as a rehearsal sees them: which, and until when."""

import time

import psycopg

from governance.rehearsals import HeldLock

# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES, weakest first
MODES = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
    "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
_TABLES = """
SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"


class Watch:
    """Asked after each statement of one script; tables that the script itself makes are of no interest."""

    def __init__(self, connection: psycopg.Connection, script: str) -> None:
        self._connection, self._script = connection, script
        self._tables: dict[int, str] = dict(connection.execute(_TABLES).fetchall())
        self._since: dict[int, tuple[int, float]] = {}  # strength, and the clock when the statement began that took it

    def look(self, began: float) -> None:
        """Inside the transaction, behind a statement that began then."""
        for relation, mode in self._connection.execute(_HELD).fetchall():
            strength = MODES.index(mode)
            if relation in self._tables and strength > self._since.get(relation, (-1, 0.0))[0]:
                self._since[relation] = (strength, began)

    def held(self) -> list[HeldLock]:
        """Asked when the transaction has ended."""
        now = time.monotonic()
        return [HeldLock(self._script, self._tables[oid], MODES[strength], now - since) for oid, (strength, since) in self._since.items()]
