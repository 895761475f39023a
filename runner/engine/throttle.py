"""Signs that a backfill is too much for the others, any of which makes it rest."""

import time

import psycopg

from runner.engine.keys import Keys
from runner.engine.session import Session

LAG = "SELECT coalesce(max(extract(epoch FROM replay_lag)), 0)::float FROM pg_stat_replication"
WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
WAITING = """
SELECT string_agg(DISTINCT format('%%s (pid %%s)', coalesce(nullif(application_name, ''), usename::text, 'a session'), pid), ', ')
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND locktype = 'relation' AND relation = to_regclass(%s)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND application_name NOT LIKE 'lockgate %%'
"""


class Throttle:
    """Looks through a session of its own, while the batches go on in others."""

    def __init__(self, session: Session, keys: Keys, table: str) -> None:
        self._connection, self._limits, self._keys, self._table = session.connection, session.order.manifest.limits, keys, table
        self._position, self._looked = 0, 0.0
        session.prepare(max(0.001, self._limits.probe_latency), self._limits.statement_timeout)

    def why(self) -> str:
        """Why it should rest now, for people; "" when it need not."""
        try:
            return self._lag() or self._waiting() or self._wal() or self._latency()
        except psycopg.errors.LockNotAvailable:
            return f"a query on {self._table} waits for a lock"

    def _lag(self) -> str:
        found = self._connection.execute(LAG).fetchone()
        lag = found[0] if found else 0.0
        return f"a standby is {lag:.1f} s behind" if lag > self._limits.replication_lag else ""

    def _waiting(self) -> str:
        found = self._connection.execute(WAITING, [self._table]).fetchone()
        return f"{found[0]} waits for a lock on {self._table}" if found and found[0] else ""

    def _wal(self) -> str:
        """Of everybody, since the last look."""
        found = self._connection.execute(WRITTEN).fetchone()
        position, now = found[0] if found else 0, time.monotonic()
        rate = (position - self._position) / (now - self._looked) if self._looked else 0.0
        self._position, self._looked = position, now
        too_much = self._limits.wal_rate and rate > self._limits.wal_rate
        return f"the server writes {rate / 2**20:,.1f} MB of WAL in a second" if too_much else ""

    def _latency(self) -> str:
        """What a client waits for one row."""
        began = time.monotonic()
        self._keys.nth(self._connection, 1, None, None)
        seconds = time.monotonic() - began
        return f"a query on {self._table} takes {seconds * 1000:.0f} ms" if seconds > self._limits.probe_latency else ""
