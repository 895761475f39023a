"""What is done of a backfill, kept in the target: each batch's row is written in the batch's own transaction.

A job is one statement of one run, and of the runs that go on with it; a pass goes through the whole table once, divided into lanes.
"""

from dataclasses import dataclass

import psycopg

from governance.orders import Script
from runner.engine.keys import Key
from runner.engine.probes import Effect
from runner.engine.session import Session

TABLES = """
CREATE TABLE IF NOT EXISTS lockgate.backfill (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run text NOT NULL,
    script text NOT NULL,
    position integer NOT NULL,
    statement text NOT NULL,
    digest text NOT NULL,
    actor text NOT NULL,
    environment text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE TABLE IF NOT EXISTS lockgate.lane (
    backfill bigint NOT NULL REFERENCES lockgate.backfill,
    pass integer NOT NULL,
    lane integer NOT NULL,
    low text[],
    high text[] NOT NULL,
    PRIMARY KEY (backfill, pass, lane)
);
CREATE TABLE IF NOT EXISTS lockgate.batch (
    backfill bigint NOT NULL,
    pass integer NOT NULL,
    lane integer NOT NULL,
    number integer NOT NULL,
    upto text[] NOT NULL,
    size integer NOT NULL,
    rows bigint NOT NULL,
    seconds double precision NOT NULL,
    run text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (backfill, pass, lane, number)
);
"""
FIND = """
SELECT id, finished_at IS NOT NULL FROM lockgate.backfill
WHERE run = ANY(%s) AND script = %s AND position = %s AND statement = %s ORDER BY id DESC LIMIT 1
"""
OPEN = """
INSERT INTO lockgate.backfill (run, script, position, statement, digest, actor, environment)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
LANES = """
SELECT lane.pass, lane.lane, low, high, last.number, last.upto, last.size
FROM lockgate.lane LEFT JOIN LATERAL (
    SELECT number, upto, size FROM lockgate.batch
    WHERE batch.backfill = lane.backfill AND batch.pass = lane.pass AND batch.lane = lane.lane ORDER BY number DESC LIMIT 1
) AS last ON true
WHERE backfill = %s AND lane.pass = (SELECT max(pass) FROM lockgate.lane WHERE backfill = %s)
ORDER BY lane.lane
"""
PLAN = "INSERT INTO lockgate.lane (backfill, pass, lane, low, high) VALUES (%s, %s, %s, %s, %s)"
ADD = """
INSERT INTO lockgate.batch (backfill, pass, lane, number, upto, size, rows, seconds, run)
VALUES (%s, %s, %s, %s, %s, %s, %s, extract(epoch FROM clock_timestamp() - now()), %s)
"""
ROWS = (
    "SELECT coalesce(sum(rows), 0)::bigint, coalesce(sum(rows) FILTER (WHERE pass = %s), 0)::bigint FROM lockgate.batch WHERE backfill = %s"
)


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    run: str  # that works on it now
    finished: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """Part of a pass, and how far it is done."""

    pass_: int
    number: int
    low: Key | None
    high: Key
    batches: int = 0
    upto: Key | None = None  # None: nothing is done yet
    size: int | None = None  # of the last batch

    @property
    def cursor(self) -> Key | None:
        return self.upto or self.low

    @property
    def done(self) -> bool:
        return self.upto == self.high


def open_job(session: Session, script: Script, number: int) -> Job:
    """Begun now, or earlier by this run or one that it goes on with."""
    order, statement = session.order, script.statements[number - 1].text
    session.connection.execute(TABLES)
    found = _find(session, script, number)
    if found:
        return found
    values = [order.run, script.name, number, statement, order.script_digest, order.actor, order.environment]
    row = session.connection.execute(OPEN, values).fetchone()
    assert row
    return Job(row[0], order.run, finished=False)


def _find(session: Session, script: Script, number: int) -> Job | None:
    runs = [session.order.run, *session.order.earlier]
    found = session.connection.execute(FIND, [runs, script.name, number, script.statements[number - 1].text]).fetchone()
    return Job(found[0], session.order.run, found[1]) if found else None


def finish(session: Session, job: Job) -> None:
    session.connection.execute("UPDATE lockgate.backfill SET finished_at = clock_timestamp() WHERE id = %s", [job.id])


def lanes(session: Session, job: Job) -> tuple[Lane, ...]:
    """Of the latest pass; none before the first."""
    rows = session.connection.execute(LANES, [job.id, job.id]).fetchall()
    return tuple(Lane(pass_, lane, low, high, done or 0, upto, size) for pass_, lane, low, high, done, upto, size in rows)


def plan(session: Session, job: Job, planned: tuple[Lane, ...]) -> None:
    with session.connection.transaction(), session.connection.cursor() as cursor:
        cursor.executemany(PLAN, [(job.id, lane.pass_, lane.number, lane.low, lane.high) for lane in planned])


def add(connection: psycopg.Connection, job: Job, lane: Lane, upto: Key, size: int, rows: int) -> None:
    """Belongs into the batch's transaction."""
    connection.execute(ADD, [job.id, lane.pass_, lane.number, lane.batches + 1, upto, size, rows, job.run])


def rows(session: Session, job: Job, pass_: int) -> tuple[int, int]:
    """Changed altogether, and in this pass."""
    found = session.connection.execute(ROWS, [pass_, job.id]).fetchone()
    return found or (0, 0)


def effect(session: Session, script: Script, number: int) -> Effect:
    """What is there of a backfill that was begun: everything, some rows, or nothing."""
    if session.connection.execute("SELECT to_regclass('lockgate.batch')").fetchone() == (None,):
        return Effect.ABSENT
    job = _find(session, script, number)
    if job is None:
        return Effect.ABSENT
    if job.finished:
        return Effect.PRESENT
    return Effect.PARTIAL if rows(session, job, 0)[0] else Effect.ABSENT
