import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from governance.facts import UseFacts, facts_as_json, facts_from_json
from runner.engine.facts import read_facts

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL DEFAULT '');
CREATE TABLE bids (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bidder bigint NOT NULL REFERENCES users,
    amount numeric(12,2)
);
ALTER TABLE bids ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID;
CREATE INDEX bids_amount ON bids (amount);
CREATE VIEW big AS SELECT * FROM bids WHERE amount > 1000;
CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY);
CREATE SCHEMA lockgate CREATE TABLE marks (id integer);
INSERT INTO users SELECT n FROM generate_series(1, 500) n;
"""


@pytest.fixture
def connection(make_database):
    with psycopg.connect(make_database(SCHEMA), autocommit=True) as connection:
        yield connection


def test_facts_cover_every_user_table_but_not_the_ledger(connection):
    facts = read_facts(connection, "instabids_staging")

    assert facts.target == "instabids_staging"
    assert [table.identity for table in facts.tables] == ["public.bids", "public.big", "public.users"]
    assert facts.server_version == connection.info.server_version
    assert facts.database == connection.info.dbname
    assert facts.bytes > 1_000_000
    assert facts.search_path == ("public",)
    assert datetime.now(UTC) - facts.taken_at < timedelta(minutes=1)


def test_table_facts_say_columns_constraints_and_indexes(connection):
    bids = read_facts(connection, "staging").table("bids")

    assert [(column.name, column.type, column.not_null) for column in bids.columns] == [
        ("id", "bigint", True),
        ("bidder", "bigint", True),
        ("amount", "numeric(12,2)", False),
    ]
    by_name = {constraint.name: constraint for constraint in bids.constraints}
    assert not by_name["positive"].validated
    assert by_name["bids_bidder_fkey"].kind == "f"
    assert by_name["bids_bidder_fkey"].references == "public.users"
    assert {index.name: index.unique for index in bids.indexes} == {"bids_amount": False, "bids_pkey": True}


def test_table_knows_who_references_it(connection):
    facts = read_facts(connection, "staging")

    assert facts.table("users").referenced_by == ("public.bids",)
    assert facts.table("bids").referenced_by == ()


def test_rows_are_unknown_until_the_table_is_analysed(connection):
    before = read_facts(connection, "staging").table("users")
    connection.execute("ANALYZE users")
    after = read_facts(connection, "staging").table("users")

    assert before.rows is None
    assert after.rows == 500
    assert after.bytes >= 32768


EVERYTHING = """
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN label AS text;
CREATE FUNCTION dice() RETURNS integer LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 6; END';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE users (id bigserial PRIMARY KEY, email text, shout text GENERATED ALWAYS AS (upper(email)) STORED);
CREATE TABLE bids (id bigint GENERATED ALWAYS AS IDENTITY, user_id bigint REFERENCES users ON DELETE CASCADE, amount integer);
CREATE INDEX bids_large ON bids (user_id) WHERE amount > 1000;
CREATE STATISTICS bids_numbers ON id, amount FROM bids;
CREATE TRIGGER touched BEFORE UPDATE OF amount ON bids FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON bids USING (EXISTS (SELECT FROM users WHERE users.id = user_id));
ALTER TABLE bids ENABLE ROW LEVEL SECURITY;
CREATE RULE kept AS ON DELETE TO users DO INSTEAD NOTHING;
CREATE FUNCTION best(users) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(amount) FROM bids; END;
CREATE VIEW emails AS SELECT email FROM users;
CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(amount) FROM bids GROUP BY 1;
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_at ON events (at);
CREATE UNLOGGED TABLE cache (key text);
CREATE PUBLICATION news FOR TABLE users;
INSERT INTO users (email) SELECT 'x' FROM generate_series(1, 300);
"""


@pytest.fixture
def everything(make_database):
    with psycopg.connect(make_database(EVERYTHING), autocommit=True) as connection:
        yield connection


def test_facts_say_what_needs_a_table_and_which_columns_of_it(everything):
    facts = read_facts(everything, "staging")

    users = {(found.kind, found.name): found for found in facts.table("users").dependants}
    bids = {(found.kind, found.name): found for found in facts.table("bids").dependants}
    assert users["view", "public.emails"].columns == ("email",)
    assert users["policy", "own"].on == "public.bids"
    assert users["rule", "kept"].on == "public.users"
    assert ("function", "public.best") in users
    assert bids["materialized view", "public.totals"].columns == ("amount", "user_id")
    assert bids["trigger", "touched"].columns == ("amount",)
    assert bids["trigger", "touched"].function == "public.touch"
    assert bids["policy", "own"].on == "public.bids"
    assert bids["statistics", "public.bids_numbers"].columns == ("id", "amount")
    assert bids["function", "public.total"].columns == ("amount",)


def test_facts_say_how_tables_hang_together(everything):
    facts = read_facts(everything, "staging")

    events = facts.table("events")
    assert events.partition_key == "RANGE (at)"
    assert events.children == ("public.events_2025", "public.events_rest")
    assert events.default_partition == "public.events_rest"
    assert facts.table("events_2025").parents == ("public.events",)
    assert facts.table("events_2025").bound == "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    assert facts.table("emails").reads == ("public.users",)
    key = next(found for found in facts.table("bids").constraints if found.kind == "f")
    assert (key.columns, key.references, key.referenced_columns, key.on_delete) == (("user_id",), "public.users", ("id",), "c")


def test_facts_say_what_columns_indexes_and_sequences_are(everything):
    facts = read_facts(everything, "staging")

    users, bids = facts.table("users"), facts.table("bids")
    assert [column.generated for column in users.columns] == ["", "", "s"]
    assert bids.columns[0].identity == "a"
    assert [(index.constraint, index.columns) for index in users.indexes] == [("users_pkey", ("id",))]
    [large] = bids.indexes
    assert not large.plain
    assert large.columns == ("amount", "user_id")
    assert facts.table("events_2025").indexes[0].parent == "public.events_at"
    owned = {sequence.name: (sequence.owner, sequence.column) for sequence in facts.sequences}
    assert owned == {"public.users_id_seq": ("public.users", "id"), "public.bids_id_seq": ("public.bids", "id")}


def test_facts_say_what_a_statement_depends_on(everything):
    facts = read_facts(everything, "staging")

    assert {domain.name: (domain.type, domain.constrained) for domain in facts.domains} == {
        "label": ("text", False),
        "positive": ("integer", True),
    }
    assert {function.name: function.volatility for function in facts.functions}["public.dice"] == "v"
    assert facts.settings["TimeZone"] == "UTC"
    assert facts.settings["lock_timeout"] == "0ms"
    assert any(extension.startswith("plpgsql ") for extension in facts.extensions)
    assert facts.table("cache").persistence == "u"
    assert facts.table("bids").row_security
    assert not facts.table("users").row_security
    assert facts.table("users").publications == ("news",)
    assert facts.table("users").owner == "postgres"


def test_facts_say_how_busy_the_target_is(everything):
    everything.execute("DELETE FROM bids; UPDATE users SET email = 'y'; SELECT pg_stat_force_next_flush()")
    with psycopg.connect(everything.info.dsn, password=everything.info.password) as other:
        other.execute("SELECT pg_sleep(0.02)")
        facts = read_facts(everything, "staging")

    assert facts.table("users").dead_rows == 300
    assert 0.02 <= facts.load.longest_transaction < 60
    assert facts.load.busiest[0].name == "public.users"
    assert facts.load.busiest[0].writes == 300
    assert not facts.replication.is_standby
    assert facts.replication.lag_bytes is None


def test_facts_survive_being_kept_as_json(everything):
    facts = read_facts(everything, "staging")

    kept = json.dumps(facts_as_json(facts))

    assert facts_from_json(json.loads(kept)) == facts


def test_facts_that_an_older_version_kept_can_be_read():
    index = {"name": "bids_pkey", "definition": "", "unique": True, "valid": True, "bytes": 8192}
    parts = {"columns": [], "constraints": [], "indexes": [index], "referenced_by": ["public.payments"]}
    table = {"schema": "public", "name": "bids", "kind": "r", "rows": 3, "bytes": 8192, **parts}
    kept = {
        "target": "staging",
        "taken_at": "2026-01-02T03:04:05+00:00",
        "server_version": 180000,
        "database": "shop",
        "bytes": 1,
        "tables": [table],
        "search_path": ["public"],
    }

    facts = facts_from_json(kept)

    assert facts.table("bids").referenced_by == ("public.payments",)
    assert facts.table("bids").indexes[0].columns == ()
    assert facts.load.longest_transaction is None
    assert facts.settings == {}


def test_facts_say_what_triggers_and_rules_do(make_database):
    url = make_database("""
        CREATE TABLE users (id bigint PRIMARY KEY, seen integer);
        CREATE TABLE audit (what text);
        CREATE SCHEMA app CREATE TABLE audit (what text);
        CREATE TABLE bids (id bigint, amount integer);
        CREATE FUNCTION app.record(text) RETURNS void LANGUAGE sql AS 'INSERT INTO app.audit VALUES ($1)';
        CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql SET search_path = app, public AS $$ BEGIN
            UPDATE users SET seen = seen + 1; INSERT INTO audit SELECT 'x' FROM new_rows; RETURN NULL; END $$;
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := 1; PERFORM app.record('x'); RETURN NEW; END $$;
        CREATE FUNCTION guess() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; RETURN NEW; END $$;
        CREATE TRIGGER counted AFTER INSERT ON bids REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_up();
        CREATE TRIGGER noted BEFORE UPDATE OF amount OR DELETE ON bids FOR EACH ROW EXECUTE FUNCTION note();
        ALTER TABLE bids DISABLE TRIGGER noted;
        CREATE RULE also AS ON UPDATE TO users DO ALSO DELETE FROM audit;
    """)
    with psycopg.connect(url, autocommit=True) as connection:
        facts = read_facts(connection, "staging")

    functions = {found.name: (found.uses, found.opaque) for found in facts.functions}
    parts = {found.name: found for name in ("bids", "users") for found in facts.table(name).dependants}
    assert functions["public.count_up"] == (
        (UseFacts("update", "public.users", ("seen",)), UseFacts("insert", "app.audit")),
        False,
    )
    assert functions["public.note"] == ((UseFacts("insert", "app.audit"),), False)
    assert functions["public.guess"] == ((), True)
    assert (parts["counted"].events, parts["counted"].enabled) == (("insert",), True)
    assert (parts["noted"].events, parts["noted"].columns, parts["noted"].enabled) == (("update", "delete"), ("amount",), False)
    assert (parts["also"].events, parts["also"].uses) == (("update",), (UseFacts("delete", "public.audit"),))
    assert facts_from_json(json.loads(json.dumps(facts_as_json(facts)))) == facts
