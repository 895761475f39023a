from datetime import UTC, datetime, timedelta

import psycopg
import pytest

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
