"""What a statement does on a live server: what it locks, writes anew, indexes anew and reads from end to end."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.rows import args_row

from governance.analysis.effects import LockMode
from runner.engine.proof.cases import Case

POLL = 0.002  # seconds
PATIENCE = 30.0

_RELATIONS = """
SELECT pg_class.oid, regexp_replace(nspname, '^pg_temp_.*', 'pg_temp') || '.' || relname, relkind, relfilenode, coalesce(indrelid, 0),
       coalesce(pg_relation_size(pg_class.oid), 0)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace LEFT JOIN pg_index ON indexrelid = pg_class.oid
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND nspname !~ '^pg_toast' AND
      (nspname NOT IN ('pg_catalog', 'information_schema') OR pg_class.oid >= 16384)
"""
_LOCKS = """
SELECT relation, mode FROM pg_locks
WHERE pid = %s AND locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_SCANS = "SELECT relid, seq_scan FROM pg_stat_xact_all_tables WHERE relid >= 16384"
_BLOCKERS = "SELECT unnest(pg_blocking_pids(%s))"
TABLES, SEQUENCE, INDEXES = "rpvmf", "S", "iI"


@dataclass(frozen=True, slots=True)
class Sight:
    """One relation, as predicted or as observed."""

    relation: str
    mode: LockMode
    rewrite: bool = False
    reindex: bool = False
    scan: bool | None = None  # None: nothing counts it


@dataclass(frozen=True, slots=True)
class Relation:
    oid: int
    name: str
    kind: str
    file: int
    table: int  # of an index
    bytes: int


Relations = dict[int, Relation]


def observe(connection: psycopg.Connection, case: Case) -> tuple[Sight, ...]:
    """In the statement's own session, since no other sees an uncommitted relfilenode; all of it is rolled back."""
    with connection.transaction(force_rollback=True):
        for name, value in case.settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        before, scans = _relations(connection), _scans(connection)
        connection.execute(case.script.encode())
        held = set(connection.execute(_LOCKS, [connection.info.backend_pid]).fetchall())
        scanned = {oid for oid, count in _scans(connection).items() if count > scans.get(oid, 0)}
        return _sights(before, _relations(connection), held, scanned)


def observe_outside(dsn: str, case: Case) -> tuple[Sight, ...]:
    """Of a statement that ends its own transactions: from a second session, while others hold it up. Nothing is rolled back."""
    with psycopg.connect(dsn, autocommit=True) as watcher, psycopg.connect(dsn, autocommit=True) as runner, ThreadPoolExecutor(1) as pool:
        with _holding(dsn, case.held_up_by) as holders:
            runner.execute("SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 1")  # VACUUM waits for nobody: it has to be slow
            before = _relations(watcher)
            running = pool.submit(runner.execute, case.statement.encode())
            held = _watched(watcher, runner.info.backend_pid, running, holders)
        running.result()
        return _sights(before, _relations(watcher), held, None)


@contextmanager
def _holding(dsn: str, statements: Iterable[str]) -> Iterator[dict[int, psycopg.Connection]]:
    """Open transactions by the id of their process."""
    holders: dict[int, psycopg.Connection] = {}
    try:
        for statement in statements:
            holder = psycopg.connect(dsn)
            holders[holder.info.backend_pid] = holder
            holder.execute(statement.encode())
        yield holders
    finally:
        for holder in holders.values():
            holder.close()


def _watched(
    watcher: psycopg.Connection, pid: int, running: "Future[psycopg.Cursor]", holders: dict[int, psycopg.Connection]
) -> set[tuple[int, str]]:
    """Every lock that the session had or waited for. Whoever holds it up lets go once that has been seen."""
    seen: set[tuple[int, str]] = set()
    deadline = time.monotonic() + PATIENCE
    while not running.done():
        blockers = {blocker for (blocker,) in watcher.execute(_BLOCKERS, [pid])}
        seen.update(watcher.execute(_LOCKS, [pid]).fetchall())
        for blocker in blockers & holders.keys():
            holders[blocker].rollback()
        if time.monotonic() > deadline:
            watcher.execute("SELECT pg_cancel_backend(%s)", [pid])
        time.sleep(POLL)
    return seen


def _relations(connection: psycopg.Connection) -> Relations:
    with connection.cursor(row_factory=args_row(Relation)) as cursor:
        return {relation.oid: relation for relation in cursor.execute(_RELATIONS)}


def _scans(connection: psycopg.Connection) -> dict[int, int]:
    return dict(connection.execute(_SCANS).fetchall())


def _sights(before: Relations, after: Relations, held: set[tuple[int, str]], scanned: set[int] | None) -> tuple[Sight, ...]:
    known = {**after, **before}
    modes: dict[int, LockMode] = {}
    for oid, mode in sorted(held, key=lambda row: LockMode(row[1]).strength):
        modes[oid] = LockMode(mode)
    rewritten, reindexed = _rewritten(before, after), _reindexed(before, after)
    named = (oid for oid, mode in modes.items() if oid in known and _counts(known[oid], mode, before, modes))
    filled = {oid for oid in before.keys() & after.keys() if before[oid].bytes and after[oid].bytes}
    read = None if scanned is None else (scanned & filled) - rewritten
    return tuple(
        Sight(known[oid].name, modes[oid], oid in rewritten, oid in reindexed, None if read is None else oid in read)
        for oid in sorted(named, key=lambda oid: known[oid].name)
    )


def _counts(relation: Relation, mode: LockMode, before: Relations, modes: dict[int, LockMode]) -> bool:
    """Tables and views do. A sequence does where its numbers have to be waited for; an index where its table is not locked anyway."""
    if relation.kind in TABLES:
        return True
    old = relation.oid in before
    return old and (mode.blocks_writes if relation.kind == SEQUENCE else relation.table not in modes)


def _rewritten(before: Relations, after: Relations) -> set[int]:
    """Whose rows are in another file. One that was emptied has a new file too, with nothing in it; a sequence has no rows."""
    common = before.keys() & after.keys()
    return {oid for oid in common if before[oid].file != after[oid].file and after[oid].bytes and before[oid].kind != SEQUENCE}


def _reindexed(before: Relations, after: Relations) -> set[int]:
    """Tables of which an index is in a file that none of them had before; an empty table has nothing to index."""
    files = {relation.file for relation in before.values() if relation.kind in INDEXES}
    new = {relation.table for relation in after.values() if relation.kind == "i" and relation.file not in files}
    return {oid for oid in new if oid in before and after[oid].bytes}
