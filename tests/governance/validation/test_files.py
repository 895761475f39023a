"""Check scripts, and the catalogue of checks, which is tried on a live server."""

import psycopg
import pytest

from governance.errors import BadCheck
from governance.orders import Moment, Question
from governance.validation import builtin_checks, parse_checks

GOOD = """\
-- Purpose: what has to hold

-- check: no bid without a price
-- question: business rules
-- moment: before
-- expect: no rows
SELECT id FROM bids WHERE amount IS NULL;

-- check: two models
-- question: accuracy
-- expect: value 2
WITH models AS (SELECT DISTINCT model FROM bids)
SELECT count(*) FROM models;
"""
HEAD = "-- check: c\n-- question: accuracy\n-- expect: rows\n"
SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE bids (id bigint PRIMARY KEY, user_id bigint CONSTRAINT bids_user REFERENCES users, amount integer);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON bids FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO users VALUES (1);
INSERT INTO bids VALUES (1, 1, 5);
"""


def test_check_script_is_read():
    first, second = parse_checks("C1.sql", GOOD)

    assert (first.name, first.question, first.moment, first.expect) == (
        "no bid without a price",
        Question.BUSINESS_RULES,
        Moment.BEFORE,
        "no rows",
    )
    assert first.sql == "SELECT id FROM bids WHERE amount IS NULL"
    assert (second.question, second.moment, second.expect) == (Question.ACCURACY, Moment.AFTER, "value 2")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("SELECT 1", 1, "-- check:"),
        ("-- check: c\n-- expect: rows\nSELECT 1", 3, "-- question:"),
        ("-- check: c\n-- question: accuracy\nSELECT 1", 3, "-- expect:"),
        ("-- check: c\n-- question: taste\n-- expect: rows\nSELECT 1", 4, "completeness"),
        ("-- check: c\n-- question: accuracy\n-- moment: soon\n-- expect: rows\nSELECT 1", 5, "in_transaction"),
        ("-- check: c\n-- question: accuracy\n-- expect: many\nSELECT 1", 4, "value <text>"),
        ("-- check: c\n-- check: d\nSELECT 1", 2, "second"),
        (f"{HEAD}UPDATE bids SET amount = 1", 4, "UPDATE"),
        (f"{HEAD}WITH gone AS (DELETE FROM bids RETURNING 1) SELECT * FROM gone", 4, "only reads"),
        (f"{HEAD}SELECT 1 INTO t", 4, "only reads"),
        (f"{HEAD}SELECT 1 FROM bids FOR UPDATE", 4, "only reads"),
        (f"{HEAD}SELECT 1;\nSELECT 2", 5, "-- check:"),
        (f"{HEAD}SELECT 1;\n{HEAD}SELECT 2", 8, "taken"),
        (f"{HEAD}SELEC 1", 4, "syntax error"),
        (f"{HEAD}COMMIT", 4, "COMMIT"),
    ],
)
def test_bad_check_is_refused_with_its_line(text, line, word):
    with pytest.raises(BadCheck) as refused:
        parse_checks("C1.sql", text)

    assert refused.value.line == line
    assert word in refused.value.message


@pytest.mark.parametrize("query", ["SELECT 1", "VALUES (1)", "TABLE bids", "WITH a AS (SELECT 1) SELECT * FROM a"])
def test_every_form_of_a_query_is_a_check(query):
    assert parse_checks("C1.sql", HEAD + query)[0].sql == query


def test_catalogue_answers_all_six_questions():
    checks = builtin_checks(["public.bids"])

    assert {check.question for check in checks} == set(Question)


def test_tables_that_the_change_makes_writes_or_secures_are_not_held_to_what_they_were():
    tables = ["public.made", "public.gone", "public.filled", "public.guarded"]

    checks = builtin_checks(tables, created=tables[:1], removed=tables[1:2], written=tables[2:3], secured=tables[3:])

    sql = {check.name: check.sql for check in checks}
    assert not any("public.made" in text or "public.gone" in text for text in sql.values())
    assert "public.filled" not in sql["no row altered"]
    assert "public.guarded" not in sql["owners, grants and policies"]
    assert "public.filled" in sql["owners, grants and policies"]


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("owners, grants and policies", "GRANT SELECT ON bids TO PUBLIC"),
        ("owners, grants and policies", "ALTER TABLE bids ENABLE ROW LEVEL SECURITY"),
        ("owners, grants and policies", "CREATE POLICY p ON bids USING (true)"),
        ("triggers stay enabled", "ALTER TABLE bids DISABLE TRIGGER touched"),
        ("foreign keys are enforced", "ALTER TABLE bids DISABLE TRIGGER ALL"),
        ("constraints of this change are valid", "ALTER TABLE bids ADD CONSTRAINT c CHECK (amount > 0) NOT VALID"),
        ("no row added or lost", "INSERT INTO bids VALUES (2)"),
        ("no row added or lost", "DELETE FROM bids"),
        ("no row altered", "UPDATE bids SET amount = 6"),
    ],
)
def test_catalogue_notices_what_went_wrong(make_database, check, statement):
    (found,) = (one for one in builtin_checks(["public.bids"], constraints=["public.bids.c"]) if one.name == check)

    with psycopg.connect(make_database(SCHEMA)) as connection:
        before = connection.execute(found.sql.encode()).fetchall()
        connection.execute(statement)
        after = connection.execute(found.sql.encode()).fetchall()

    assert before != after


def test_catalogue_is_content_with_an_added_column_and_other_peoples_writes(make_database):
    url = make_database(SCHEMA)
    checks = builtin_checks(["public.bids"], constraints=["public.bids.c"])

    with psycopg.connect(url) as connection, psycopg.connect(url, autocommit=True) as client:
        before = [connection.execute(check.sql.encode()).fetchall() for check in checks]
        connection.commit()
        client.execute("INSERT INTO bids VALUES (2); UPDATE bids SET amount = 7")
        connection.execute("ALTER TABLE bids ADD COLUMN note text, ADD CONSTRAINT c CHECK (amount > 0)")
        after = [connection.execute(check.sql.encode()).fetchall() for check in checks]

    assert after == before
    assert all(not rows for check, rows in zip(checks, after, strict=True) if check.expect == "no rows")


def test_invalid_index_is_noticed(make_database):
    check = builtin_checks([])[0]

    with psycopg.connect(make_database(SCHEMA), autocommit=True) as connection:
        connection.execute("INSERT INTO bids VALUES (2, 1, 5)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY i ON bids (amount)")
        rows = connection.execute(check.sql.encode()).fetchall()

    assert rows == [("i",)]
