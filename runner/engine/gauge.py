"""Reads what a target's statistics say at one moment, and what a client waits for one row of each table that a change touches.

Cumulative statistics: https://www.postgresql.org/docs/current/monitoring-stats.html
"""

import time
from collections.abc import Iterable, Mapping

import psycopg
from psycopg import sql

from governance.monitoring import Counter, Metric, Reading

LONGEST_PROBE = 2.0  # seconds after which a client's query counts as having taken so long
WITH_IO = 160000  # pg_stat_io
OURS = "lockgate %"
# Columns that older servers lack are read from the row as JSON: what is not there is NULL, and so unknown.
FIGURES = """
SELECT clock_timestamp(),
    pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END, '0/0'),
    xact_commit + xact_rollback, blks_hit, blks_read, temp_bytes, pg_database_size(datid),
    (SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name NOT LIKE %(ours)s),
    (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - (to_jsonb(waiting) ->> 'waitstart')::timestamptz)),
                     CASE WHEN current_setting('server_version_num')::integer >= 140000 THEN 0 END)
     FROM pg_locks AS waiting JOIN pg_stat_activity USING (pid)
     WHERE NOT granted AND database = datid AND application_name NOT LIKE %(ours)s),
    (SELECT CASE WHEN bool_and(sent_lsn IS NOT NULL) THEN coalesce(max(extract(epoch FROM replay_lag)), 0) END FROM pg_stat_replication)
FROM pg_stat_database AS counted WHERE datname = current_database()
"""
# The bytes have columns of their own since 18, and a common factor before.
IO = """
SELECT sum(coalesce((row ->> 'read_bytes')::numeric, (row ->> 'reads')::numeric * (row ->> 'op_bytes')::numeric)),
       sum(coalesce((row ->> 'write_bytes')::numeric, (row ->> 'writes')::numeric * (row ->> 'op_bytes')::numeric))
FROM pg_stat_io AS each, to_jsonb(each) AS row
"""
# In the order of the primary key, as a client finds a row; a table without one has no better place to begin.
PROBE = """
SELECT format('SELECT FROM %%s%%s LIMIT 1', pg_class.oid::regclass, ' ORDER BY ' || string_agg(quote_ident(attname), ', ' ORDER BY place))
FROM pg_class
LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
LEFT JOIN LATERAL unnest(indkey) WITH ORDINALITY AS key (number, place) ON true
LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number
WHERE pg_class.oid = to_regclass(%s) AND relkind IN ('r', 'p', 'm') GROUP BY pg_class.oid
"""
NAMES = (Counter.WAL, Counter.COMMITS, Counter.HITS, Counter.MISSES, Counter.TEMPORARY)
GAUGES = (Metric.SIZE, Metric.BLOCKED, Metric.LOCK_WAIT, Metric.REPLICATION_LAG)


def read(connection: psycopg.Connection, tables: Iterable[str], host: Mapping[str, float] | None = None) -> Reading:
    """`connection`: in autocommit, and nobody's but the reader's. `host`: what its host says of itself."""
    latencies = {table: seconds for table in tables if (seconds := _latency(connection, table)) is not None}
    row = connection.execute(FIGURES, {"ours": OURS}).fetchone()
    assert row
    at, *figures = row
    counters = dict(zip(NAMES, figures[: len(NAMES)], strict=True)) | _io(connection)
    gauges = dict(zip(GAUGES, figures[len(NAMES) :], strict=True)) | dict(host or {})
    return Reading(at, _known(counters), _known(gauges), latencies)


def _known(figures: Mapping[str, object]) -> dict[str, float]:
    return {str(name): float(str(value)) for name, value in figures.items() if value is not None}


def _io(connection: psycopg.Connection) -> dict[Counter, object]:
    if connection.info.server_version < WITH_IO:
        return {}
    read, written = connection.execute(IO).fetchone() or (None, None)
    return {Counter.READ: read, Counter.WRITTEN: written}


def _latency(connection: psycopg.Connection, table: str) -> float | None:
    """Seconds for one row; None when there is no such table, or it is not ours to read."""
    try:
        query = connection.execute(PROBE, [_quoted(table)]).fetchone()
        if query is None:
            return None
        began = time.monotonic()
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{LONGEST_PROBE * 1000:.0f}ms"])
        connection.execute(query[0])
    except psycopg.errors.QueryCanceled:
        pass
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
        return None
    return time.monotonic() - began


def _quoted(table: str) -> str:
    return sql.Identifier(*table.split(".")).as_string(None)
