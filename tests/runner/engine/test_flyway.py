import psycopg
import pytest

from governance.versions import read_script
from runner.engine import flyway

ADD = read_script("V20261122_0900__add_levels.sql", "ALTER TABLE users ADD COLUMN level int;")
DROP = read_script("V20261122_0910__drop_levels.sql", "ALTER TABLE users DROP COLUMN level;")
COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'flyway_schema_history'::regclass AND attnum > 0 ORDER BY attnum
"""


@pytest.fixture
def connection(database):
    with psycopg.connect(database, autocommit=True) as opened:
        flyway.create(opened, "public")
        yield opened


def test_history_table_is_flyways_own(connection):
    columns = connection.execute(COLUMNS).fetchall()
    indexes = connection.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'flyway_schema_history' ORDER BY indexname").fetchall()

    assert columns == [
        ("installed_rank", "integer", True, None),
        ("version", "character varying(50)", False, None),
        ("description", "character varying(200)", True, None),
        ("type", "character varying(20)", True, None),
        ("script", "character varying(1000)", True, None),
        ("checksum", "integer", False, None),
        ("installed_by", "character varying(100)", True, None),
        ("installed_on", "timestamp without time zone", True, "now()"),
        ("execution_time", "integer", True, None),
        ("success", "boolean", True, None),
    ]
    assert indexes == [
        ("CREATE UNIQUE INDEX flyway_schema_history_pk ON public.flyway_schema_history USING btree (installed_rank)",),
        ("CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success)",),
    ]


def test_history_that_is_there_is_kept(connection):
    flyway.append(connection, "public", ADD, "olga", 0.0123)

    flyway.create(connection, "public")

    assert connection.execute("SELECT count(*) FROM flyway_schema_history").fetchone() == (1,)


def test_row_is_what_flyway_would_have_written(connection):
    flyway.append(connection, "public", ADD, "olga", 0.0123)

    row = connection.execute("SELECT * FROM flyway_schema_history").fetchone()

    assert row[:7] + row[8:] == (1, "20261122.0900", "add levels", "SQL", "V20261122_0900__add_levels.sql", ADD.checksum, "olga", 12, True)


def test_undone_version_gets_the_row_that_flyways_repair_writes(connection):
    flyway.append(connection, "public", ADD, "olga", 0.0123)
    flyway.append(connection, "public", DROP, "olga", 0.5)

    flyway.delete(connection, "public", ADD, "otto")

    row = connection.execute("SELECT * FROM flyway_schema_history WHERE installed_rank = 3").fetchone()
    assert row[1:7] == ("20261122.0900", "add levels", "DELETE", "V20261122_0900__add_levels.sql", ADD.checksum, "otto")
    assert row[8:] == (0, True)


def test_applied_versions_are_those_that_no_later_row_takes_back(connection):
    flyway.append(connection, "public", ADD, "olga", 0)
    flyway.append(connection, "public", DROP, "olga", 0)
    flyway.delete(connection, "public", ADD, "olga")

    assert flyway.applied(connection, "public") == {(20261122, 910)}

    flyway.append(connection, "public", ADD, "olga", 0)

    assert flyway.applied(connection, "public") == {(20261122, 900), (20261122, 910)}


def test_what_flyway_failed_at_is_not_applied(connection):
    flyway.append(connection, "public", ADD, "olga", 0)
    connection.execute("UPDATE flyway_schema_history SET success = false")

    assert flyway.applied(connection, "public") == set()


def test_database_without_history_has_nothing_applied(database):
    with psycopg.connect(database) as connection:
        assert flyway.applied(connection, "public") == set()
