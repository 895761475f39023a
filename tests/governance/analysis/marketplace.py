"""A small populated marketplace to try statements on, and its facts read from the live server."""

from datetime import UTC, datetime

import psycopg
from psycopg.rows import dict_row

from governance.facts import ColumnFacts, ConstraintFacts, Facts, IndexFacts, TableFacts

SCHEMA = """
CREATE TABLE users (
    id bigint PRIMARY KEY, email varchar(100) NOT NULL, name text, phone text, legacy_flag boolean, created_at timestamptz DEFAULT now(),
    balance numeric(10, 2), code integer, CONSTRAINT phone_is_there CHECK (phone IS NOT NULL)
);
CREATE TABLE projects (id bigint PRIMARY KEY, owner_id bigint REFERENCES users (id), title varchar(50), status text);
CREATE TABLE bids (
    id bigint PRIMARY KEY, project_id bigint CONSTRAINT bids_project_fk REFERENCES projects (id), contractor_id bigint, amount integer,
    note varchar(20) CHECK (note <> ''), status text
);
ALTER TABLE bids ADD CONSTRAINT amount_known CHECK (amount > 0) NOT VALID;
ALTER TABLE bids ADD CONSTRAINT bids_contractor_fk FOREIGN KEY (contractor_id) REFERENCES users (id) NOT VALID;
CREATE TABLE payments (id bigint PRIMARY KEY, bid_id bigint REFERENCES bids (id), payer_id bigint REFERENCES users (id));
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 (id bigint, at date NOT NULL);
CREATE TABLE settings (key text PRIMARY KEY, value text);
CREATE INDEX bids_status ON bids (status);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX projects_title ON projects (title, id);
CREATE VIEW open_bids AS SELECT id FROM bids WHERE status = 'open';
CREATE MATERIALIZED VIEW bid_totals AS SELECT project_id, sum(amount) AS total FROM bids GROUP BY project_id;
CREATE UNIQUE INDEX ON bid_totals (project_id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own_bids ON bids USING (true);
INSERT INTO users SELECT n, 'u' || n || '@example.org', 'User ' || n, '555', false, now(), n, n FROM generate_series(1, 300) n;
INSERT INTO projects SELECT n, n % 300 + 1, 'Project ' || n, 'open' FROM generate_series(1, 300) n;
INSERT INTO bids SELECT n, n % 300 + 1, n % 300 + 1, n, 'x', 'open' FROM generate_series(1, 500) n;
INSERT INTO events SELECT n, date '2025-01-01' + n % 300 FROM generate_series(1, 300) n;
INSERT INTO events_2026 SELECT n, date '2026-01-01' + n % 300 FROM generate_series(1, 300) n;
INSERT INTO settings VALUES ('a', 'b');
ANALYZE;
"""

TABLES = """
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, nullif(c.reltuples, -1)::bigint AS rows,
       pg_total_relation_size(c.oid) AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')
"""
COLUMNS = """
SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS default
FROM pg_attribute a LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
"""
CONSTRAINTS = """
SELECT conname AS name, contype AS kind, pg_get_constraintdef(oid) AS definition, convalidated AS validated,
       coalesce((SELECT 'public.' || relname FROM pg_class WHERE oid = confrelid), '') AS references
FROM pg_constraint WHERE conrelid = %s
"""
INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, indisunique AS unique, indisvalid AS valid, pg_relation_size(c.oid) AS bytes
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE indrelid = %s
"""
REFERENCED_BY = "SELECT 'public.' || conrelid::regclass FROM pg_constraint WHERE confrelid = %s AND contype = 'f'"


def read_facts(connection: psycopg.Connection) -> Facts:
    with connection.cursor(row_factory=dict_row) as cursor:
        tables = cursor.execute(TABLES).fetchall()
    return Facts(
        target="marketplace",
        taken_at=datetime.now(UTC),
        server_version=connection.info.server_version,
        database=connection.info.dbname,
        bytes=sum(table["bytes"] for table in tables),
        tables=tuple(_table(connection, table) for table in tables),
    )


def _table(connection: psycopg.Connection, row: dict) -> TableFacts:
    oid = row.pop("oid")
    with connection.cursor(row_factory=dict_row) as cursor:
        return TableFacts(
            **row,
            columns=tuple(ColumnFacts(**found) for found in cursor.execute(COLUMNS, [oid])),
            constraints=tuple(ConstraintFacts(**found) for found in cursor.execute(CONSTRAINTS, [oid])),
            indexes=tuple(IndexFacts(**found) for found in cursor.execute(INDEXES, [oid])),
            referenced_by=tuple(name for (name,) in connection.execute(REFERENCED_BY, [oid])),
        )
