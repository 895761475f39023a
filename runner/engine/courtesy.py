"""Whoever queues for a strong lock makes everybody queue behind himself: long transactions are waited for outside the queue.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import psycopg
from psycopg import sql

from governance.analysis import StatementReport
from governance.analysis.locks import Lock, LockMode
from governance.orders import Script, Statement
from runner.engine.work import TELL, Work

LOOK_AGAIN = 0.1
WRITERS = (LockMode.ROW_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE, LockMode.EXCLUSIVE)
CONFLICTS = {
    LockMode.SHARE: (*WRITERS, LockMode.ACCESS_EXCLUSIVE),
    LockMode.SHARE_ROW_EXCLUSIVE: (*WRITERS, LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE),
    LockMode.EXCLUSIVE: tuple(mode for mode in LockMode if mode is not LockMode.ACCESS_SHARE),
    LockMode.ACCESS_EXCLUSIVE: tuple(LockMode),
}
# Who may not look into other sessions does not see how old a transaction is, and takes it for a long one.
IN_THE_WAY = """
SELECT string_agg(DISTINCT CASE WHEN gid IS NULL THEN
    format('%%s (pid %%s, %%s for %%s s)', coalesce(nullif(application_name, ''), usename::text, 'a session'), activity.pid,
           coalesce(state, backend_type), round(extract(epoch FROM clock_timestamp() - xact_start)))
    ELSE format('the prepared transaction %%s of %%s', gid, owner) END, ', ')
FROM unnest(%(tables)s::text[], %(modes)s::text[]) AS wanted (relation, mode)
JOIN pg_locks AS held ON held.relation = to_regclass(wanted.relation) AND held.mode = wanted.mode AND held.granted
LEFT JOIN pg_stat_activity AS activity USING (pid)
LEFT JOIN pg_locks AS itself ON held.pid IS NULL AND itself.pid IS NULL AND itself.virtualtransaction = held.virtualtransaction
  AND itself.locktype = 'transactionid'
LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = itself.transactionid
WHERE held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.pid IS DISTINCT FROM pg_backend_pid()
  AND coalesce(coalesce(xact_start, prepared.prepared) < clock_timestamp() - make_interval(secs => %(age)s), true)
"""
REFRESH = "REFRESH MATERIALIZED VIEW CONCURRENTLY"


def stand_back(work: Work, script: Script, statements: Sequence[Statement]) -> None:
    """Wait, for as long as the limits allow, until no long transaction holds a table that the statements lock against writers.

    Raises:
        Stopped: a person wanted it meanwhile.
    """
    wanted = _strong(filter(None, (work.report(script, statement) for statement in statements)))
    deadline, told = time.monotonic() + work.limits.patience, -TELL
    while wanted and (who := in_the_way(work.session.connection, wanted, work.limits.lock_timeout)):
        now = time.monotonic()
        if now > deadline:
            return
        if now > told + TELL:
            told = now
            first = work.steps.new(script, script.statements.index(statements[0]) + 1)
            work.steps.report(replace(first, note=f"waits, without queueing, for {who}"))
            work.steps.heed()
        time.sleep(LOOK_AGAIN)


def in_the_way(connection: psycopg.Connection, wanted: Iterable[Lock], age: float) -> str:
    """Whose transactions, older than `age` seconds, hold locks that these would have to wait for; "" when there are none."""
    pairs = [(_quoted(lock.relation), mode.value) for lock in wanted for mode in CONFLICTS[lock.mode]]
    values = {"tables": [table for table, _ in pairs], "modes": [mode for _, mode in pairs], "age": age}
    found = connection.execute(IN_THE_WAY, values).fetchone()
    return found[0] or "" if found else ""


def hurts_nobody(report: StatementReport | None) -> bool:
    """It reads for long, as VALIDATE CONSTRAINT does, and makes no reader and no writer wait."""
    if report is None:
        return False
    validates = report.tag.startswith("ALTER ") and {lock.mode for lock in report.locks} & {LockMode.SHARE_UPDATE_EXCLUSIVE}
    return report.tag == REFRESH or bool(validates and not _strong([report]))


def _strong(reports: Iterable[StatementReport]) -> tuple[Lock, ...]:
    return tuple(lock for report in reports for lock in report.locks if lock.mode in CONFLICTS and not lock.fresh)


def _quoted(relation: str) -> str:
    return sql.Identifier(*relation.split(".")).as_string(None)
