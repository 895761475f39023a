import subprocess
import uuid

import psycopg
import pytest

from governance.schema.alteration import alter
from governance.schema.creation import create
from governance.schema.diff import diff
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Kind, Schema
from portal.embedded import binaries
from runner.engine.snapshot import read, read_schema
from tests.runner.engine.dumps import dumped

SCHEMA = """
CREATE EXTENSION citext;
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE place AS (street text, city text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE DOMAIN price AS numeric(12,2) DEFAULT 0 CONSTRAINT not_negative CHECK (VALUE >= 0);
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email citext NOT NULL UNIQUE,
    home place,
    mood mood DEFAULT 'happy'
);
CREATE TABLE bids (
    id serial PRIMARY KEY,
    bidder bigint NOT NULL CONSTRAINT bidder_exists REFERENCES users ON DELETE CASCADE DEFERRABLE,
    amount price NOT NULL,
    doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
    note text COLLATE "C",
    CONSTRAINT small CHECK (amount < 1000000)
);
CREATE TABLE events (at timestamptz NOT NULL, kind text, PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2027-01-01 00:00+00');
CREATE TABLE app."Odd Name" ("A b" integer, CHECK ("A b" > 0));
CREATE TABLE app.child (extra text) INHERITS (app."Odd Name");
CREATE INDEX bids_note ON bids (lower(note)) WHERE amount > 10;
CREATE INDEX events_kind ON events (kind);
CREATE SEQUENCE numbers INCREMENT 5 MAXVALUE 1000 CYCLE;
CREATE VIEW big_bids WITH (security_barrier) AS SELECT b.id, u.email FROM bids b JOIN users u ON u.id = b.bidder;
CREATE MATERIALIZED VIEW totals AS SELECT bidder, sum(amount) AS total FROM bids GROUP BY bidder;
CREATE UNIQUE INDEX ON totals (bidder);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a + b;
CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE PROCEDURE tidy() LANGUAGE sql AS $$ DELETE FROM bids WHERE false $$;
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE TRIGGER touch BEFORE UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER touch AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('DROP FUNCTION') EXECUTE FUNCTION guard();
CREATE RULE keep AS ON DELETE TO users DO INSTEAD NOTHING;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users FOR SELECT TO pg_monitor USING (id > 0);
CREATE PUBLICATION feed FOR TABLE users (id, email) WHERE (id > 10), TABLE bids WITH (publish = 'insert');
CREATE FUNCTION near(price, price) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN abs($1 - $2) < 1;
CREATE OPERATOR app.=~ (FUNCTION = near, LEFTARG = price, RIGHTARG = price, COMMUTATOR = OPERATOR(app.=~));
CREATE COLLATION plain (PROVIDER = libc, LOCALE = 'C');
CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db, other', dbname 'x');
CREATE FOREIGN TABLE far (id integer OPTIONS (column_name 'the id')) SERVER elsewhere OPTIONS (table_name 'far');
CREATE PUBLICATION whole FOR TABLES IN SCHEMA app;
CREATE STATISTICS bids_stats (dependencies) ON bidder, amount FROM bids;
GRANT SELECT, INSERT ON bids TO pg_monitor WITH GRANT OPTION;
GRANT UPDATE (note) ON bids TO pg_monitor;
REVOKE EXECUTE ON FUNCTION add FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_monitor;
ALTER TABLE events OWNER TO pg_read_all_data;
COMMENT ON COLUMN bids.amount IS 'In the project''s currency.';
CREATE CAST (mood AS integer) WITH INOUT AS ASSIGNMENT;
CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE FUNCTION handle() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE TRUSTED LANGUAGE plmine HANDLER handle;
CREATE TRANSFORM FOR integer LANGUAGE plmine (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE FOREIGN DATA WRAPPER nothing;
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION apart(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN $2 - $1;
CREATE OPERATOR CLASS downwards FOR TYPE integer USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 apart(integer, integer);
CREATE INDEX bids_downwards ON bids (id downwards);
CREATE TEXT SEARCH DICTIONARY app.plain (TEMPLATE = simple, ACCEPT = false, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR word, asciiword WITH app.plain, simple;
CREATE TEXT SEARCH PARSER cutter (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE shape (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE INDEX bids_words ON bids USING gin (to_tsvector('words', note));
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT (rolname) ON pg_authid TO pg_monitor;
REVOKE ALL ON FUNCTION citext_eq(citext, citext) FROM PUBLIC;
ALTER FUNCTION near DEPENDS ON EXTENSION citext;
"""

SUBSCRIBE = (
    "CREATE SUBSCRIPTION mirror CONNECTION 'dbname=secret password=secret' PUBLICATION news, feed "
    "WITH (connect = false, slot_name = NONE, enabled = false)"
)
# Each is applied, found, named in words, and taken back.
ALTERATIONS = [
    ("CREATE SCHEMA extra", "DROP SCHEMA extra", "schema extra is new"),
    ("ALTER SCHEMA app OWNER TO pg_monitor", "ALTER SCHEMA app OWNER TO postgres", "schema app: owner"),
    ("GRANT USAGE ON SCHEMA app TO PUBLIC", "REVOKE USAGE ON SCHEMA app FROM PUBLIC", "schema app: grants"),
    ("CREATE TABLE extra (id integer)", "DROP TABLE extra", "table public.extra is new"),
    ("ALTER TABLE app.child SET UNLOGGED", "ALTER TABLE app.child SET LOGGED", "table app.child: persistence"),
    ("ALTER TABLE users OWNER TO pg_monitor", "ALTER TABLE users OWNER TO postgres", "table public.users: owner"),
    ("ALTER TABLE bids SET (fillfactor = 70)", "ALTER TABLE bids RESET (fillfactor)", "table public.bids: options"),
    ("ALTER TABLE bids REPLICA IDENTITY FULL", "ALTER TABLE bids REPLICA IDENTITY DEFAULT", "table public.bids: replica identity"),
    ("ALTER TABLE bids FORCE ROW LEVEL SECURITY", "ALTER TABLE bids NO FORCE ROW LEVEL SECURITY", "table public.bids: row security forced"),
    ("COMMENT ON TABLE bids IS 'Bids.'", "COMMENT ON TABLE bids IS NULL", "table public.bids: comment"),
    ("GRANT DELETE ON bids TO pg_monitor", "REVOKE DELETE ON bids FROM pg_monitor", "table public.bids: grants"),
    ("GRANT SELECT ON users TO postgres WITH GRANT OPTION; ALTER TABLE users OWNER TO pg_monitor", None, "table public.users: owner"),
    ("REVOKE EXECUTE ON FUNCTION touch FROM PUBLIC; ALTER FUNCTION touch OWNER TO pg_monitor", None, "function public.touch(): owner"),
    ("GRANT UPDATE ON bids TO pg_monitor", None, "table public.bids: grants"),
    ("REVOKE SELECT ON users FROM postgres", "GRANT SELECT ON users TO postgres", "table public.users: revoked"),
    (
        "ALTER TABLE events DETACH PARTITION events_2026",
        "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2027-01-01 00:00+00')",
        "table public.events_2026: partition of",
    ),
    ('ALTER TABLE app.child NO INHERIT app."Odd Name"', None, "table app.child: inherits"),
    ("ALTER TABLE users ADD extra integer", "ALTER TABLE users DROP extra", "column public.users.extra is new"),
    ('ALTER TABLE app."Odd Name" RENAME "A b" TO c', 'ALTER TABLE app."Odd Name" RENAME c TO "A b"', 'column app."Odd Name"."A b" is gone'),
    ("ALTER TABLE bids ALTER note TYPE varchar(20)", 'ALTER TABLE bids ALTER note TYPE text COLLATE "C"', "column public.bids.note: type"),
    ("ALTER TABLE bids ALTER note TYPE text", 'ALTER TABLE bids ALTER note TYPE text COLLATE "C"', "column public.bids.note: collation"),
    ("ALTER TABLE bids ALTER note SET NOT NULL", "ALTER TABLE bids ALTER note DROP NOT NULL", "column public.bids.note: not null"),
    ("ALTER TABLE bids ALTER note SET DEFAULT 'x'", "ALTER TABLE bids ALTER note DROP DEFAULT", "column public.bids.note: default"),
    ("ALTER TABLE bids ALTER doubled DROP EXPRESSION", None, "column public.bids.doubled: generated"),
    ("ALTER TABLE users ALTER id SET GENERATED BY DEFAULT", "ALTER TABLE users ALTER id SET GENERATED ALWAYS", "users.id: identity"),
    ("ALTER TABLE bids ALTER note SET STORAGE EXTERNAL", "ALTER TABLE bids ALTER note SET STORAGE EXTENDED", "bids.note: storage"),
    ("ALTER TABLE bids ALTER note SET STATISTICS 500", "ALTER TABLE bids ALTER note SET STATISTICS -1", "bids.note: statistics target"),
    ("ALTER TABLE bids ALTER note SET COMPRESSION pglz", "ALTER TABLE bids ALTER note SET COMPRESSION default", "bids.note: compression"),
    ("COMMENT ON COLUMN bids.note IS 'A note.'", "COMMENT ON COLUMN bids.note IS NULL", "column public.bids.note: comment"),
    ("GRANT SELECT (id) ON bids TO PUBLIC", "REVOKE SELECT (id) ON bids FROM PUBLIC", "column public.bids.id: grants"),
    ("ALTER TABLE bids ADD CONSTRAINT odd CHECK (id > 0) NOT VALID", "ALTER TABLE bids DROP CONSTRAINT odd", "bids.odd is new"),
    ("ALTER TABLE bids RENAME CONSTRAINT small TO tiny", "ALTER TABLE bids RENAME CONSTRAINT tiny TO small", "bids.small is gone"),
    ("ALTER TABLE bids ALTER CONSTRAINT bidder_exists INITIALLY DEFERRED", None, "constraint public.bids.bidder_exists: definition"),
    ("ALTER TABLE bids ADD CONSTRAINT noted NOT NULL note", "ALTER TABLE bids ALTER note DROP NOT NULL", "public.bids.noted is new"),
    ("CREATE INDEX extra ON bids (note)", "DROP INDEX extra", "index public.extra is new"),
    ("ALTER INDEX bids_note SET (fillfactor = 70)", "ALTER INDEX bids_note RESET (fillfactor)", "index public.bids_note: definition"),
    ("CLUSTER bids USING bids_pkey", "ALTER TABLE bids SET WITHOUT CLUSTER", "index public.bids_pkey: clustered"),
    ("ALTER SEQUENCE numbers INCREMENT 7", "ALTER SEQUENCE numbers INCREMENT 5", "sequence public.numbers: increment"),
    ("ALTER SEQUENCE numbers OWNED BY bids.note", "ALTER SEQUENCE numbers OWNED BY NONE", "sequence public.numbers: parent"),
    ("ALTER VIEW big_bids RESET (security_barrier)", "ALTER VIEW big_bids SET (security_barrier)", "view public.big_bids: options"),
    ("ALTER VIEW big_bids RENAME email TO address", "ALTER VIEW big_bids RENAME address TO email", "view public.big_bids: definition"),
    ("ALTER MATERIALIZED VIEW totals SET (fillfactor = 70)", "ALTER MATERIALIZED VIEW totals RESET (fillfactor)", "totals: options"),
    ("ALTER FUNCTION touch STABLE", "ALTER FUNCTION touch VOLATILE", "function public.touch(): volatility"),
    ("ALTER FUNCTION touch SET search_path = app", "ALTER FUNCTION touch RESET search_path", "function public.touch(): settings"),
    ("GRANT EXECUTE ON FUNCTION add TO PUBLIC", "REVOKE EXECUTE ON FUNCTION add FROM PUBLIC", "public.add(integer,integer): revoked"),
    ("ALTER PROCEDURE tidy() SECURITY DEFINER", "ALTER PROCEDURE tidy() SECURITY INVOKER", "procedure public.tidy(): security definer"),
    ("DROP AGGREGATE product(numeric)", None, "aggregate public.product(numeric) is gone"),
    ("ALTER TABLE bids DISABLE TRIGGER touch", "ALTER TABLE bids ENABLE TRIGGER touch", "trigger public.bids.touch: enabled"),
    ("ALTER TABLE events_2026 DISABLE TRIGGER touch", "ALTER TABLE events_2026 ENABLE TRIGGER touch", "events_2026.touch is new"),
    ("ALTER EVENT TRIGGER guard DISABLE", "ALTER EVENT TRIGGER guard ENABLE", "event trigger guard: enabled"),
    ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "ALTER TYPE mood RENAME VALUE 'blue' TO 'sad'", "type public.mood: labels"),
    ("CREATE TYPE extra AS (a integer)", "DROP TYPE extra", "type public.extra is new"),
    ("CREATE TYPE years AS RANGE (subtype = int4)", "DROP TYPE years", "type public.years is new"),
    ("ALTER DOMAIN price SET DEFAULT 1", "ALTER DOMAIN price SET DEFAULT 0", "domain public.price: default"),
    ("ALTER DOMAIN price DROP CONSTRAINT not_negative", None, "constraint public.price.not_negative is gone"),
    ("CREATE EXTENSION hstore", "DROP EXTENSION hstore", "extension hstore is new"),
    ("ALTER POLICY own ON users TO PUBLIC", "ALTER POLICY own ON users TO pg_monitor", "policy public.users.own: roles"),
    ("ALTER POLICY own ON users USING (id > 1)", "ALTER POLICY own ON users USING (id > 0)", "policy public.users.own: using"),
    ("ALTER PUBLICATION feed ADD TABLE events", "ALTER PUBLICATION feed DROP TABLE events", "publication feed: tables"),
    ("ALTER TABLE users DISABLE RULE keep", "ALTER TABLE users ENABLE RULE keep", "rule public.users.keep: enabled"),
    ("ALTER STATISTICS bids_stats SET STATISTICS 200", "ALTER STATISTICS bids_stats SET STATISTICS -1", "bids_stats: target"),
    ("DROP OPERATOR app.=~ (price, price)", None, "operator app.=~(public.price,public.price) is gone"),
    ("ALTER COLLATION plain OWNER TO pg_monitor", "ALTER COLLATION plain OWNER TO postgres", "collation public.plain: owner"),
    ("ALTER SERVER elsewhere OPTIONS (SET host 'here')", "ALTER SERVER elsewhere OPTIONS (SET host 'db, other')", "elsewhere: options"),
    ("GRANT USAGE ON FOREIGN SERVER elsewhere TO PUBLIC", "REVOKE USAGE ON FOREIGN SERVER elsewhere FROM PUBLIC", "elsewhere: grants"),
    (
        "ALTER FOREIGN TABLE far OPTIONS (ADD schema_name 'app')",
        "ALTER FOREIGN TABLE far OPTIONS (DROP schema_name)",
        "far: foreign options",
    ),
    ("ALTER PUBLICATION whole DROP TABLES IN SCHEMA app", "ALTER PUBLICATION whole ADD TABLES IN SCHEMA app", "publication whole: schemas"),
    (
        "ALTER INDEX bids_note ALTER COLUMN 1 SET STATISTICS 7",
        "ALTER INDEX bids_note ALTER COLUMN 1 SET STATISTICS -1",
        "statistics targets",
    ),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO pg_monitor",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE INSERT ON TABLES FROM pg_monitor",
        "default privileges of postgres in app on tables: privileges",
    ),
    (
        "CREATE USER MAPPING FOR PUBLIC SERVER elsewhere",
        "DROP USER MAPPING FOR PUBLIC SERVER elsewhere",
        "mapping FOR PUBLIC SERVER elsewhere",
    ),
    ("CREATE CAST (place AS text) WITH INOUT", "DROP CAST (place AS text)", "cast (public.place AS text) is new"),
    ("GRANT USAGE ON LANGUAGE plmine TO pg_monitor", "REVOKE USAGE ON LANGUAGE plmine FROM pg_monitor", "language plmine: grants"),
    ("ALTER LANGUAGE plmine OWNER TO pg_monitor", "ALTER LANGUAGE plmine OWNER TO postgres", "language plmine: owner"),
    ("DROP CONVERSION app.latin", None, "conversion app.latin is gone"),
    ("DROP TRANSFORM FOR integer LANGUAGE plmine", None, "transform FOR integer LANGUAGE plmine is gone"),
    (
        "ALTER FOREIGN DATA WRAPPER nothing OPTIONS (ADD a 'b')",
        "ALTER FOREIGN DATA WRAPPER nothing OPTIONS (DROP a)",
        "wrapper nothing: options",
    ),
    ("CREATE ACCESS METHOD more TYPE TABLE HANDLER heap_tableam_handler", "DROP ACCESS METHOD more", "access method more is new"),
    (
        "CREATE OPERATOR FAMILY loose USING btree",
        "DROP OPERATOR FAMILY loose USING btree",
        "operator family public.loose USING btree is new",
    ),
    (
        "ALTER OPERATOR FAMILY downwards USING btree ADD FUNCTION 1 (bigint, integer) btint84cmp(bigint, integer)",
        "ALTER OPERATOR FAMILY downwards USING btree DROP FUNCTION 1 (bigint, integer)",
        "operator family public.downwards USING btree: members",
    ),
    ("DROP OPERATOR CLASS downwards USING btree CASCADE", None, "operator class public.downwards USING btree is gone"),
    (
        "ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR word",
        "ALTER TEXT SEARCH CONFIGURATION words ADD MAPPING FOR word WITH app.plain, simple",
        "text search configuration public.words: mappings",
    ),
    ("ALTER TEXT SEARCH DICTIONARY app.plain (STOPWORDS)", None, "text search dictionary app.plain: options"),
    ("DROP TEXT SEARCH PARSER cutter", None, "text search parser public.cutter is gone"),
    ("DROP TEXT SEARCH TEMPLATE shape", None, "text search template public.shape is gone"),
    (
        "GRANT SELECT ON pg_authid TO pg_monitor",
        "REVOKE SELECT ON pg_authid FROM pg_monitor; GRANT SELECT (rolname) ON pg_authid TO pg_monitor",
        "privileges on table pg_catalog.pg_authid is new",
    ),
    (
        "GRANT EXECUTE ON FUNCTION citext_eq(citext, citext) TO pg_monitor",
        "REVOKE EXECUTE ON FUNCTION citext_eq(citext, citext) FROM pg_monitor",
        "privileges on function public.citext_eq(public.citext,public.citext): given",
    ),
    (
        "ALTER FUNCTION near NO DEPENDS ON EXTENSION citext",
        "ALTER FUNCTION near DEPENDS ON EXTENSION citext",
        "near(public.price,public.price): goes",
    ),
    (SUBSCRIBE, "DROP SUBSCRIPTION mirror", "subscription mirror is new"),
    ("ALTER INDEX bids_note DEPENDS ON EXTENSION citext", "ALTER INDEX bids_note NO DEPENDS ON EXTENSION citext", "bids_note: goes with"),
]


@pytest.fixture(scope="module")
def playground(server):
    """One database for all alterations, each of which is rolled back."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            connection.execute(SCHEMA)
            yield connection
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(make_database):
    return make_database(SCHEMA)


@pytest.fixture
def connection(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(("alter", "undo", "words"), ALTERATIONS, ids=[alteration[0] for alteration in ALTERATIONS])
def test_alteration_is_found_named_and_gone_when_taken_back(playground, alter, undo, words):
    with playground.transaction(force_rollback=True):
        before = read_schema(playground)
        playground.execute(alter)
        after = read_schema(playground)
        playground.execute(undo or "SELECT")
        restored = read_schema(playground)

    assert words in diff(before, after).in_words()
    assert fingerprint(before) != fingerprint(after)
    assert not undo or restored == before


@pytest.mark.parametrize("alteration", [alteration[0] for alteration in ALTERATIONS])
def test_script_takes_an_alteration_back_and_makes_it_again(playground, alteration):
    with playground.transaction(force_rollback=True):
        before = read_schema(playground)
        playground.execute(alteration)
        after = read_schema(playground)

        back = alter(after, before)
        playground.execute(back.text)
        taken_back = diff(before, read_schema(playground))
        again = alter(read_schema(playground), after)
        playground.execute(again.text)

        assert taken_back.in_words() == "" or back.unsupported
        assert diff(after, read_schema(playground)).in_words() == "" or again.unsupported


def test_schema_is_made_anew_from_its_snapshot(connection, url, database):
    schema = read_schema(connection)

    with psycopg.connect(database, autocommit=True) as empty:
        for statement in create(schema):
            empty.execute(statement.encode())

        assert diff(schema, read_schema(empty)).in_words() == ""
    assert dumped(database) == dumped(url)


def test_every_kind_of_object_is_read(connection):
    connection.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'u', password 'secret')")

    with connection.transaction(force_rollback=True):  # a database with a subscription cannot be dropped
        connection.execute(SUBSCRIBE)
        schema = read_schema(connection)

    assert {item.kind for item in schema.objects} == set(Kind)
    assert "secret" not in str(schema.as_json())


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        ("SET PUBLICATION feed WITH (refresh = false)", "publications"),
        ("SET (slot_name = other)", "slot"),
        ("OWNER TO pg_database_owner", "owner"),
    ],
)
def test_subscription_is_led_back_to_what_it_was(playground, change, attribute):
    with playground.transaction(force_rollback=True):
        playground.execute(SUBSCRIBE)
        before = read_schema(playground)
        playground.execute(f"ALTER SUBSCRIPTION mirror {change}")
        after = read_schema(playground)
        playground.execute(alter(after, before).text)

        assert diff(before, after).in_words().startswith(f"subscription mirror: {attribute} was")
        assert read_schema(playground) == before


def test_security_label_is_found_and_written_again(playground):
    """No server of ours has a provider of labels, so the row is written by hand."""
    with playground.transaction(force_rollback=True):
        before = read_schema(playground)
        playground.execute("INSERT INTO pg_seclabel VALUES ('bids'::regclass, 'pg_class'::regclass, 1, 'guard', 'it''s secret')")
        after = read_schema(playground)

    assert diff(before, after).in_words() == "column public.bids.id: security labels was absent, is now “guard=it's secret”"
    assert alter(before, after).statements[-1] == "SECURITY LABEL FOR guard ON COLUMN public.bids.id IS 'it''s secret'"
    assert alter(after, before).statements[-1] == "SECURITY LABEL FOR guard ON COLUMN public.bids.id IS NULL"


def test_names_are_unique_within_their_kind(connection):
    schema = read_schema(connection)

    assert len(schema.by_key()) == len(schema.objects)


def test_database_restored_from_a_dump_has_the_same_fingerprint(url, database):
    dump = subprocess.run([binaries() / "pg_dump", "--schema-only", url], capture_output=True, check=True).stdout
    subprocess.run([binaries() / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", database], input=dump, capture_output=True, check=True)

    with psycopg.connect(url) as original, psycopg.connect(database) as restored:
        difference = diff(read_schema(original), read_schema(restored))

    assert difference.in_words() == ""
    assert difference.entries == ()


def test_maintenance_changes_nothing(connection):
    before = read(connection)

    for command in ("VACUUM ANALYZE", "REINDEX TABLE bids", "REFRESH MATERIALIZED VIEW totals", "SELECT nextval('numbers')"):
        connection.execute(command)

    assert read(connection) == before


def test_snapshot_does_not_depend_on_the_settings_of_the_session(connection):
    before = read_schema(connection)

    connection.execute("SET search_path = app; SET timezone = 'Asia/Kolkata'; SET datestyle = 'German'; SET quote_all_identifiers = on")

    assert read_schema(connection) == before
    assert connection.execute("SHOW search_path").fetchone() == ("app",)


def test_snapshot_leaves_an_open_transaction_as_it_was(url):
    with psycopg.connect(url) as connection:
        connection.execute("SET LOCAL search_path = app")
        connection.execute("CREATE TABLE mine (id integer)")

        names = {item.name for item in read_schema(connection).objects}
        search_path = connection.execute("SHOW search_path").fetchone()

    assert "app.mine" in names
    assert search_path == ("app",)


def test_ledger_and_members_of_extensions_are_left_out(connection):
    before = read_schema(connection)

    connection.execute("CREATE SCHEMA lockgate CREATE TABLE marks (id integer PRIMARY KEY)")
    connection.execute("CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY, success boolean NOT NULL)")
    connection.execute("CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success)")

    assert read_schema(connection) == before
    assert not any("citext" in item.name for item in before.objects if item.kind in ("function", "type"))


def test_invalid_index_is_told_from_a_valid_one(connection):
    connection.execute('INSERT INTO app."Odd Name" VALUES (1), (1)')
    before = read_schema(connection)

    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute('CREATE UNIQUE INDEX CONCURRENTLY twice ON app."Odd Name" ("A b")')

    [index] = set(read_schema(connection).objects) - set(before.objects)
    assert index.get("invalid") == "yes"


def test_reading_is_the_fingerprint_and_the_schema_as_json(connection):
    reading = read(connection)

    schema = Schema.from_json(reading.content)
    assert schema == read_schema(connection)
    assert reading.fingerprint == fingerprint(schema)
