"""A second connection to the target, which sees what the first one waits for and can end its statement."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from governance.orders import Activity
from runner.engine.session import Session, connect

BLOCKERS = """
SELECT string_agg(format('%%s (pid %%s)', coalesce(nullif(application_name, ''), usename::text, 'a session'), activity.pid), ', ')
FROM unnest(pg_blocking_pids(%s)) AS pid JOIN pg_stat_activity AS activity USING (pid)
"""


BLOCKED = """
SELECT string_agg(format('%%s (pid %%s)', coalesce(nullif(application_name, ''), usename::text, 'a session'), pid), ', ' ORDER BY pid)
FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND pid <> %s AND %s = ANY(pg_blocking_pids(pid)) AND application_name NOT LIKE 'lockgate %%'
"""
# https://www.postgresql.org/docs/current/progress-reporting.html
PROGRESS = """
SELECT 'building the index: ' || phase, pid,
    CASE WHEN lockers_total > lockers_done THEN lockers_done WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END,
    CASE WHEN lockers_total > lockers_done THEN lockers_total WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END,
    CASE WHEN lockers_total > lockers_done THEN 'transactions waited for' WHEN tuples_total > 0 THEN 'rows' ELSE 'blocks' END
FROM pg_stat_progress_create_index
UNION ALL SELECT 'vacuum: ' || phase, pid, heap_blks_scanned, heap_blks_total, 'blocks' FROM pg_stat_progress_vacuum
UNION ALL SELECT 'rewriting the table: ' || phase, pid, heap_blks_scanned, heap_blks_total, 'blocks' FROM pg_stat_progress_cluster
UNION ALL SELECT 'analyze: ' || phase, pid, sample_blks_scanned, sample_blks_total, 'blocks' FROM pg_stat_progress_analyze
"""
COPY = "UNION ALL SELECT 'copy', pid, bytes_processed, nullif(bytes_total, 0), 'bytes' FROM pg_stat_progress_copy"
WITH_COPY = 140000


@dataclass(slots=True)
class Monitor:
    connection: psycopg.Connection
    pid: int  # of the session that is watched
    _seen: tuple[str, int, float] = ("", 0, 0.0)  # phase, how far, and when: for the rate

    def activity(self) -> Activity:
        """What the session's statement does, who makes it wait and whom it makes wait; empty where it cannot be known."""
        try:
            waits, keeps = self._names(BLOCKERS, self.pid), self._names(BLOCKED, self.pid, self.pid)
            found = self.connection.execute(self._query(), [self.pid]).fetchone()
        except psycopg.OperationalError:
            return Activity()
        if found is None:
            return Activity(waits_for=waits, keeps_waiting=keeps)
        phase, _pid, done, total, unit = found
        return Activity(phase, done, total, unit, self._rate(phase, done), waits, keeps)

    def _query(self) -> bytes:
        copy = COPY if self.connection.info.server_version >= WITH_COPY else ""
        return f"SELECT * FROM ({PROGRESS} {copy}) AS progress (phase, pid, done, total, unit) WHERE pid = %s".encode()

    def _rate(self, phase: str, done: int | None) -> float | None:
        """Units per second since the last look, while the phase is the same."""
        (earlier, before, at), now = self._seen, time.monotonic()
        self._seen = (phase, done or 0, now)
        return (done - before) / (now - at) if done is not None and earlier == phase and done >= before and now > at else None

    def _names(self, query: str, *pids: int) -> str:
        found = self.connection.execute(query.encode(), pids).fetchone()
        return found[0] or "" if found else ""

    def cancel(self) -> None:
        self.connection.execute("SELECT pg_cancel_backend(%s)", [self.pid])


@contextmanager
def watch(session: Session, conninfo: str) -> Iterator[Monitor]:
    with connect(session.order.target, conninfo, f"lockgate monitor {session.order.run}"[:63]) as connection:
        yield Monitor(connection, session.pid)
