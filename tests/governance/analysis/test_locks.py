"""The lock table against a live server: every family is run on a populated database, and pg_locks says who is right."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from governance.analysis.actions import Kind
from governance.analysis.decode import actions
from governance.analysis.effects import EFFECTS, LockMode
from governance.analysis.locks import Lock, locks, strongest
from governance.analysis.scene import Catalogue, Scene
from governance.analysis.statements import parse
from governance.facts import Facts
from tests.governance.analysis.marketplace import SCHEMA, read_facts

STATEMENTS = [
    "CREATE TABLE t (id bigint)",
    "CREATE TABLE t (id bigint, user_id bigint REFERENCES users (id))",
    "CREATE TABLE t () INHERITS (settings)",
    "CREATE TABLE t AS SELECT id FROM users",
    "CREATE TABLE IF NOT EXISTS users (id bigint)",
    "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    "DROP TABLE payments",
    "DROP TABLE settings",
    "ALTER TABLE bids RENAME TO offers",
    "ALTER TABLE bids SET SCHEMA information_schema",
    "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "ALTER TABLE events DETACH PARTITION events_2025",
    "ALTER TABLE payments SET UNLOGGED",
    "ALTER TABLE bids SET (fillfactor = 70)",
    "ALTER TABLE bids ALTER status SET STATISTICS 500",
    "ALTER TABLE bids ALTER status SET (n_distinct = 5)",
    "ALTER TABLE bids REPLICA IDENTITY FULL",
    "TRUNCATE settings",
    "TRUNCATE projects CASCADE",
    "COMMENT ON TABLE bids IS 'x'",
    "COMMENT ON COLUMN bids.note IS 'x'",
    "LOCK TABLE bids IN SHARE MODE",
    "ALTER TABLE bids ADD COLUMN a integer",
    "ALTER TABLE bids ADD COLUMN a integer DEFAULT 1",
    "ALTER TABLE bids ADD COLUMN a integer NOT NULL DEFAULT 1",
    "ALTER TABLE bids ADD COLUMN a timestamptz DEFAULT now()",
    "ALTER TABLE bids ADD COLUMN a timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE bids ADD COLUMN a uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE bids ADD COLUMN a bigserial",
    "ALTER TABLE bids ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE bids ADD COLUMN a text GENERATED ALWAYS AS (status || 'x') STORED",
    "ALTER TABLE bids ADD COLUMN a text GENERATED ALWAYS AS (status || 'x') VIRTUAL",
    "ALTER TABLE bids ADD COLUMN a integer CHECK (a > 0)",
    "ALTER TABLE bids ADD COLUMN a integer UNIQUE",
    "ALTER TABLE bids ADD COLUMN a bigint REFERENCES users (id)",
    "ALTER TABLE bids ADD COLUMN a bigint DEFAULT 1 REFERENCES users (id)",
    "ALTER TABLE bids DROP COLUMN note",
    "ALTER TABLE bids DROP COLUMN contractor_id",
    "ALTER TABLE bids RENAME COLUMN note TO remark",
    "ALTER TABLE users ALTER email TYPE varchar(200)",
    "ALTER TABLE users ALTER email TYPE text",
    "ALTER TABLE users ALTER name TYPE varchar",
    "ALTER TABLE users ALTER name TYPE varchar(50)",
    "ALTER TABLE users ALTER email TYPE varchar(50)",
    "ALTER TABLE users ALTER code TYPE bigint",
    "ALTER TABLE users ALTER code TYPE bigint USING code::bigint",
    "ALTER TABLE users ALTER email TYPE text USING email::text",
    "ALTER TABLE users ALTER email TYPE text USING lower(email)",
    "ALTER TABLE users ALTER balance TYPE numeric(12, 2)",
    "ALTER TABLE users ALTER balance TYPE numeric",
    "ALTER TABLE users ALTER balance TYPE numeric(12, 4)",
    "ALTER TABLE users ALTER phone TYPE varchar",
    "ALTER TABLE bids ALTER note TYPE varchar(40)",
    "ALTER TABLE projects ALTER owner_id TYPE integer",
    "ALTER TABLE projects ALTER id TYPE numeric",
    "ALTER TABLE bids ALTER amount SET NOT NULL",
    "ALTER TABLE users ALTER phone SET NOT NULL",
    "ALTER TABLE users ALTER email SET NOT NULL",
    "ALTER TABLE users ALTER email DROP NOT NULL",
    "ALTER TABLE bids ALTER status SET DEFAULT 'open'",
    "ALTER TABLE users ALTER created_at DROP DEFAULT",
    "ALTER TABLE bids ALTER status SET STORAGE EXTERNAL",
    "ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 0)",
    "ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 0) NOT VALID",
    "ALTER TABLE bids ADD CONSTRAINT c NOT NULL amount",
    "ALTER TABLE bids ADD CONSTRAINT c NOT NULL amount NOT VALID",
    "ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (contractor_id) REFERENCES users (id)",
    "ALTER TABLE bids ADD CONSTRAINT c FOREIGN KEY (contractor_id) REFERENCES users (id) NOT VALID",
    "ALTER TABLE bids ADD CONSTRAINT c UNIQUE (amount)",
    "ALTER TABLE users ADD CONSTRAINT c UNIQUE USING INDEX users_email",
    "ALTER TABLE bids VALIDATE CONSTRAINT amount_known",
    "ALTER TABLE bids VALIDATE CONSTRAINT bids_contractor_fk",
    "ALTER TABLE users VALIDATE CONSTRAINT phone_is_there",
    "ALTER TABLE bids DROP CONSTRAINT amount_known",
    "ALTER TABLE bids DROP CONSTRAINT bids_project_fk",
    "ALTER TABLE projects DROP CONSTRAINT projects_pkey CASCADE",
    "ALTER TABLE bids RENAME CONSTRAINT amount_known TO c",
    "CREATE INDEX i ON bids (amount)",
    "CREATE UNIQUE INDEX i ON bids (amount)",
    "DROP INDEX bids_status",
    "REINDEX INDEX bids_status",
    "REINDEX TABLE bids",
    "ALTER INDEX bids_status RENAME TO i",
    "CREATE STATISTICS s ON amount, status FROM bids",
    "CREATE VIEW v AS SELECT id FROM bids",
    "CREATE OR REPLACE VIEW open_bids AS SELECT id FROM bids",
    "CREATE MATERIALIZED VIEW v AS SELECT id FROM bids",
    "REFRESH MATERIALIZED VIEW bid_totals",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY bid_totals",
    "DROP VIEW open_bids",
    "CREATE TRIGGER g BEFORE INSERT ON bids FOR EACH ROW EXECUTE FUNCTION touch()",
    "DROP TRIGGER touched ON bids",
    "ALTER TABLE bids DISABLE TRIGGER touched",
    "ALTER TRIGGER touched ON bids RENAME TO g",
    "ALTER POLICY own_bids ON bids RENAME TO p",
    "CREATE RULE r AS ON DELETE TO settings DO INSTEAD NOTHING",
    "SELECT * FROM users JOIN bids ON users.id = bids.contractor_id",
    "SELECT * FROM users FOR UPDATE",
    "INSERT INTO settings SELECT email, name FROM users",
    "INSERT INTO settings VALUES ('k', 'v')",
    "UPDATE settings SET value = 'x'",
    "UPDATE settings SET value = users.name FROM users WHERE users.email = settings.key",
    "DELETE FROM settings WHERE key = 'a'",
    "WITH gone AS (DELETE FROM settings RETURNING *) SELECT * FROM gone",
    "MERGE INTO settings USING users ON settings.key = users.email WHEN MATCHED THEN DO NOTHING",
    "GRANT SELECT ON bids TO PUBLIC",
    "REVOKE SELECT ON bids FROM PUBLIC",
    "ALTER TABLE bids OWNER TO CURRENT_USER",
    "ALTER TABLE bids ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON bids USING (true)",
    "ALTER POLICY own_bids ON bids USING (false)",
    "DROP POLICY own_bids ON bids",
    "CLUSTER bids USING bids_pkey",
    "ANALYZE bids",
    "ALTER TABLE users ALTER name SET NOT NULL, ADD COLUMN a integer",
]
CONCURRENT = [
    "CREATE INDEX CONCURRENTLY i ON bids (amount)",
    "DROP INDEX CONCURRENTLY bids_status",
    "REINDEX INDEX CONCURRENTLY bids_status",
]
# Families of the table that have no statement here, and why.
NOT_TRIED = {
    "set tablespace": "needs a directory on the server",
    "set access method": "there is only one access method",
    "inherit": "tried as CREATE TABLE … INHERITS",
    "alter table": "what no other family covers",
    "add primary key": "tried as ADD UNIQUE",
    "add exclusion constraint": "needs an extension",
    "copy": "reads a file on the server",
    "vacuum": "outside a transaction block; its lock is gone before anybody can look",
}
# A refresh also reads the tables of the view's query; facts do not say which those are.
READ_BY_VIEW = {Kind.REFRESH_MATERIALIZED_VIEW: {"public.bids": LockMode.ACCESS_SHARE}}

HELD = "SELECT relation, mode FROM pg_locks WHERE pid = %s AND granted AND locktype = 'relation'"
NAMES = """
SELECT oid, 'public.' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
"""
FILES = "SELECT oid, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm')"
SCANS = "SELECT relid, seq_scan FROM pg_stat_xact_user_tables"


@dataclass(frozen=True)
class Observed:
    modes: dict[str, LockMode]
    rewritten: set[str]
    scanned: set[str]


@pytest.fixture(scope="module")
def marketplace(server) -> Iterator[psycopg.Connection]:
    """One database for all: what a statement does is rolled back."""
    name = f"locks_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            connection.execute(SCHEMA)
            yield connection
        admin.execute(f"DROP DATABASE {name} (FORCE)")


@pytest.fixture(scope="module")
def facts(marketplace) -> Facts:
    return read_facts(marketplace)


def _predicted(statement: str, facts: Facts) -> dict[str, Lock]:
    scene = Scene(Catalogue(facts))
    found = [lock for node in parse(statement) for action in actions(node) for lock in locks(action, scene)]
    return {lock.relation: lock for lock in strongest(found)}


def _observe(connection: psycopg.Connection, statement: str) -> Observed:
    """What the statement does, in its own session: no other sees an uncommitted relfilenode."""
    with connection.transaction(force_rollback=True):
        names, files, scans = (dict(connection.execute(query)) for query in (NAMES, FILES, SCANS))
        connection.execute(statement)
        names = {**dict(connection.execute(NAMES)), **names}
        held = connection.execute(HELD, [connection.info.backend_pid]).fetchall()
        files_after, scans_after = dict(connection.execute(FILES)), dict(connection.execute(SCANS))
    rewritten = {names[oid] for oid in files.keys() & files_after.keys() if files[oid] != files_after[oid]}
    scanned = {names[oid] for oid in scans_after.keys() & names.keys() if scans_after[oid] > scans.get(oid, 0)}
    return Observed(_strongest_modes(held, names), rewritten, scanned)


def _strongest_modes(held: list[tuple[int, str]], names: dict[int, str]) -> dict[str, LockMode]:
    strongest_first = sorted(held, key=lambda row: LockMode(row[1]).strength)
    return {names[oid]: LockMode(mode) for oid, mode in strongest_first if oid in names}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_prediction_equals_what_the_server_does(marketplace, facts, statement):
    predicted = _predicted(statement, facts)

    observed = _observe(marketplace, statement)

    assert {name: lock.mode for name, lock in predicted.items()} | _read_by_view(statement) == observed.modes
    assert {name for name, lock in predicted.items() if lock.rewrite} | _emptied(statement) == observed.rewritten
    if statement.startswith(("ALTER TABLE", "CREATE INDEX")):
        assert {name for name, lock in predicted.items() if lock.scan} == observed.scanned - observed.rewritten


def _read_by_view(statement: str) -> dict[str, LockMode]:
    return READ_BY_VIEW.get(actions(parse(statement)[0])[0].kind, {})


def _emptied(statement: str) -> set[str]:
    """TRUNCATE gives its tables new empty files: nothing is copied."""
    if not statement.startswith("TRUNCATE"):
        return set()
    return {"public.projects", "public.bids", "public.payments"} if "CASCADE" in statement else {"public.settings"}


@pytest.mark.parametrize("statement", CONCURRENT)
def test_prediction_equals_what_the_server_does_outside_a_transaction_block(make_database, statement):
    url = make_database(SCHEMA)

    with (
        psycopg.connect(url, autocommit=True) as watcher,
        psycopg.connect(url) as older,
        psycopg.connect(url, autocommit=True) as builder,
        ThreadPoolExecutor(1) as pool,
    ):
        predicted = _predicted(statement, read_facts(watcher))
        older.execute("INSERT INTO bids (id) VALUES (-1)")  # the statement waits for this transaction while it holds its lock
        running = pool.submit(builder.execute, statement)
        held = _wait_for_locks(watcher, builder.info.backend_pid)
        older.rollback()
        running.result(timeout=10)

    assert {name: lock.mode for name, lock in predicted.items()} == held


def _wait_for_locks(connection: psycopg.Connection, pid: int) -> dict[str, LockMode]:
    for _ in range(200):
        waiting = connection.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", [pid]).fetchone()
        if waiting:
            return _strongest_modes(connection.execute(HELD, [pid]).fetchall(), dict(connection.execute(NAMES)))
        time.sleep(0.01)
    raise AssertionError("the statement did not wait for the older transaction")


def test_every_family_of_the_table_is_tried_or_says_why_not():
    tried = {action.kind for statement in (*STATEMENTS, *CONCURRENT) for node in parse(statement) for action in actions(node)}

    untried = {str(kind) for kind in EFFECTS if kind not in tried}

    assert untried == NOT_TRIED.keys()
