"""What was applied, written in the target itself: Flyway's table for what it can hold, `lockgate.ledger` for the rest.

Both rows are written in the transaction of the script that they speak of, so they are there if and only if its effect is.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from governance.errors import TargetDiffers
from governance.orders import RunKind, Script, ScriptKind
from runner.engine import flyway
from runner.engine.session import Session

TABLES = """
CREATE SCHEMA lockgate;
CREATE TABLE lockgate.ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run text NOT NULL,
    version text NOT NULL,
    kind text NOT NULL,
    script text NOT NULL,
    checksum integer NOT NULL,
    actor text NOT NULL,
    environment text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    seconds double precision NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'failed')),
    digest text NOT NULL,
    xid xid8,
    backend_pid integer
);
CREATE UNIQUE INDEX ledger_applied_once ON lockgate.ledger (run, script) WHERE outcome = 'applied';
CREATE TABLE lockgate.journal (
    run text NOT NULL,
    script text NOT NULL,
    position integer NOT NULL,
    statement text NOT NULL,
    status text NOT NULL CHECK (status IN ('planned', 'started', 'failed', 'done')),
    backend_pid integer,
    started_at timestamptz,
    finished_at timestamptz,
    told text,
    PRIMARY KEY (run, script, position)
);
CREATE TABLE lockgate.baseline (
    run text NOT NULL,
    name text NOT NULL,
    rows bigint NOT NULL,
    first text,
    digest text NOT NULL,
    PRIMARY KEY (run, name)
);
COMMENT ON SCHEMA lockgate IS 'What Lockgate did in this database. Written in the transactions of the changes themselves.';
"""
# Asked first: a dump of the target, which reads the ledger for hours, must not keep a run from starting.
OLDER = """
SELECT 1 FROM pg_class WHERE oid = 'lockgate.ledger'::regclass
AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'xid')
"""
LATER = "ALTER TABLE lockgate.ledger ADD COLUMN xid xid8, ADD COLUMN backend_pid integer"
INSERT = """
INSERT INTO lockgate.ledger
    (run, version, kind, script, checksum, actor, environment, started_at, finished_at, seconds, outcome, digest, xid, backend_pid)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, pg_current_xact_id(), pg_backend_pid())
"""
OUTCOME = "SELECT script, checksum FROM lockgate.ledger WHERE run = ANY(%s) AND outcome = 'applied'"


def create(session: Session) -> None:
    """Make what is missing of the tables."""
    try:
        with session.connection.transaction():
            flyway.create(session.connection, session.schema)
            if not exists(session):
                session.connection.execute(TABLES)
            elif session.connection.execute(OLDER).fetchone():
                session.connection.execute(LATER)
    except psycopg.errors.InsufficientPrivilege as error:
        todo = f"Grant the runner's role CREATE on the database and on schema {session.schema}."
        raise TargetDiffers(session.order.target, f"the ledger cannot be created, {error.diag.message_primary}", todo) from error


def exists(session: Session) -> bool:
    return session.connection.execute("SELECT to_regclass('lockgate.ledger')").fetchone() != (None,)


def record(session: Session, script: Script, started_at: datetime, seconds: float) -> None:
    """Belongs into the transaction of the script, or directly behind one that could have none."""
    order = session.order
    if script.kind is ScriptKind.ROLLBACK:
        flyway.delete(session.connection, session.schema, script, order.actor)
    else:
        flyway.append(session.connection, session.schema, script, order.actor, seconds)
    _insert(session, script, started_at, seconds, "applied")


def record_failure(session: Session, script: Script, started_at: datetime) -> None:
    """Flyway's table gets no row: it would stop every later migration until somebody repairs it."""
    _insert(session, script, started_at, (datetime.now(UTC) - started_at).total_seconds(), "failed")


def outcome_of(session: Session, *runs: str) -> frozenset[tuple[str, int]]:
    """Names and checksums of the scripts that these runs have applied."""
    if not exists(session):
        return frozenset()
    return frozenset(session.connection.execute(OUTCOME, [list(runs)]))


def held_by(session: Session) -> Callable[[Script], bool]:
    """Asked once: whether a script's version is applied now, whoever did it."""
    present = flyway.applied(session.connection, session.schema)
    return lambda script: flyway.version_key(script.version) in present


def done_by_us(session: Session) -> frozenset[str]:
    """Of the scripts that this run, or the one it goes on with, has applied (or undone), those whose effect is still there."""
    order = session.order
    recorded = outcome_of(session, order.run, *order.earlier)
    ours = [script for script in order.manifest.scripts if (script.name, script.checksum) in recorded]
    undoing = order.kind is RunKind.ROLLBACK
    holds = held_by(session)
    return frozenset(script.name for script in ours if holds(script) != undoing)


def _insert(session: Session, script: Script, started_at: datetime, seconds: float, outcome: str) -> None:
    order = session.order
    finished_at = datetime.now(UTC)
    values = [order.run, script.version, script.kind, script.name, script.checksum, order.actor, order.environment]
    session.connection.execute(INSERT, [*values, started_at, finished_at, seconds, outcome, order.script_digest])
