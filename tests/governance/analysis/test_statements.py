"""Statements and their places, and what is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.analysis.statements import Check, check_not_mixed, parse, split, tokens, type_text, written
from governance.errors import BadInput, MixedScript, TargetUnlocked, TransactionControl, UnparsableScript


def test_statements_know_their_line_and_column():
    text = "-- é ü\n  select 'ü; x';  /* ; */ drop table x;\n\nselect 1"

    found = split("x.sql", text)

    assert [(one.text, one.line, one.column) for one in found] == [("select 'ü; x'", 2, 3), ("drop table x", 2, 27), ("select 1", 4, 1)]


def test_function_bodies_are_not_split():
    text = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; DO $$ BEGIN NULL; END $$;"

    assert [one.tag for one in split("x.sql", text)] == ["CREATE FUNCTION", "DO"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("alter table t add a int", "ALTER TABLE"),
        ("alter table t rename a to b", "ALTER TABLE"),
        ("alter view v rename column a to b", "ALTER VIEW"),
        ("create index concurrently i on t (a)", "CREATE INDEX CONCURRENTLY"),
        ("drop index concurrently i", "DROP INDEX CONCURRENTLY"),
        ("drop materialized view v", "DROP MATERIALIZED VIEW"),
        ("create materialized view v as select 1", "CREATE MATERIALIZED VIEW"),
        ("create type e as enum ('a')", "CREATE TYPE"),
        ("create aggregate a (int) (sfunc = f, stype = int)", "CREATE AGGREGATE"),
        ("create policy p on t", "CREATE POLICY"),
        ("revoke select on t from u", "REVOKE"),
        ("alter default privileges grant select on tables to u", "ALTER DEFAULT PRIVILEGES"),
        ("set local lock_timeout = '1s'", "SET"),
        ("insert into t values (1)", "INSERT"),
        ("vacuum t", "VACUUM"),
        ("analyze t", "ANALYZE"),
    ],
)
def test_tags_are_the_command_names(text, tag):
    assert split("x.sql", text)[0].tag == tag


@pytest.mark.parametrize(
    "text",
    [
        "create index concurrently i on t (a)",
        "drop index concurrently i",
        "reindex index concurrently i",
        "reindex schema public",
        "reindex (concurrently) table t",
        "vacuum t",
        "vacuum full",
        "alter system set work_mem = '1MB'",
        "create database d",
        "drop database d",
        "create tablespace s location '/x'",
        "alter table t detach partition p concurrently",
        "create subscription s connection 'x' publication p",
        "drop subscription s",
        "alter subscription s refresh publication",
        "cluster",
        "alter database d set tablespace s",
    ],
)
def test_what_postgresql_forbids_in_a_transaction_block_is_not_transactional(text):
    assert not split("x.sql", text)[0].transactional


@pytest.mark.parametrize(
    "text",
    [
        "create index i on t (a)",
        "refresh materialized view concurrently v",
        "alter type e add value 'x'",
        "analyze t",
        "reindex table t",
        "reindex (concurrently false) table t",
        "cluster t",
        "alter table t detach partition p",
        "create subscription s connection 'x' publication p with (create_slot = false)",
        "alter subscription s set publication p with (refresh = false)",
        "alter subscription s disable",
        "alter database d set work_mem = '1MB'",
    ],
)
def test_everything_else_is_transactional(text):
    assert split("x.sql", text)[0].transactional


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("select 1;\nselect 'é' form t", 2, 17, "syntax error"),
        ("select 1;\n drop\0 table x", 2, 6, "NUL"),
        ("select 1;\n\\set x 1\nselect 2", 2, 1, r"\set is a command of psql"),
        ("copy t from stdin;\n1\tx\n\\.\n", 2, 1, "INSERT … VALUES"),
        ("copy t from stdin;", 1, 1, "INSERT … VALUES"),
    ],
)
def test_what_cannot_be_parsed_is_refused_where_it_stands(text, line, column, why):
    with pytest.raises(UnparsableScript) as refused:
        split("x.sql", text)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert why in refused.value.message


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "START TRANSACTION", "END"])
def test_transaction_control_is_the_runners(word):
    with pytest.raises(TransactionControl) as refused:
        split("x.sql", f"select 1;\n{word};")

    assert (refused.value.line, refused.value.word) == (2, word.split()[0])


@pytest.mark.parametrize(
    "statement",
    ["DISCARD ALL", "SELECT pg_catalog.PG_Advisory_Unlock_All()", "DO $$BEGIN PERFORM pg_advisory_unlock_all(); END$$"],
)
def test_lock_of_the_target_is_not_given_up(statement):
    with pytest.raises(TargetUnlocked) as refused:
        split("x.sql", f"-- first\n{statement};")

    assert (refused.value.line, refused.value.column) == (2, 1)


@pytest.mark.parametrize("statement", ["DISCARD PLANS", "SELECT pg_advisory_unlock(7)", "SELECT 'pg_advisory_unlock_all()'"])
def test_what_only_looks_like_giving_up_the_lock_stays(statement):
    assert len(split("x.sql", statement)) == 1


def test_script_that_mixes_both_kinds_is_refused():
    statements = split("x.sql", "create table t (a int);\ncreate index concurrently i on t (a);")

    with pytest.raises(MixedScript) as refused:
        check_not_mixed("x.sql", statements)

    assert (refused.value.outside, refused.value.inside) == ((2,), (1,))


@pytest.mark.parametrize("text", ["create table t (a int); select 1", "create index concurrently i on t (a); vacuum t", ""])
def test_script_of_one_kind_passes(text):
    check_not_mixed("x.sql", split("x.sql", text))


def test_expression_too_deep_for_the_tree_is_refused():
    with pytest.raises(UnparsableScript):
        split("x.sql", "select " + "+".join(["1"] * 20_000))


def test_chain_that_the_tree_can_hold_is_read_to_its_end():
    [node] = parse("select " + "+".join(["1"] * 500))

    assert sum(found.node_type == "A_Const" for found in node.walk()) == 500


def test_chain_too_deep_for_the_tree_is_refused():
    with pytest.raises(UnparsableScript, match="nested too deeply"):
        parse("select " + "+".join(["1"] * 600))


@pytest.mark.parametrize(
    "text",
    [
        "a > 0",
        "a IN (1, 2)",
        "lower(name) <> ''",
        "a::numeric(10, 2) > 1.5",
        "x IS NOT NULL AND NOT y",
        "(a.b).c = ANY(d)",
    ],
)
def test_expression_is_written_as_it_was_read(text):
    [select] = parse(f"SELECT {text}")

    assert written(select.target_list[0].val) == text


def test_checks_that_demand_the_same_are_equal_however_they_are_laid_out():
    one, other, third = (Check(parse(f"SELECT {text}")[0].target_list[0].val) for text in ("a > 0", "( A  >0)", "a > 1"))

    assert {one, other, third} == {one, third}
    assert str(other) == "CHECK ((a > 0))"


@pytest.mark.parametrize("text", ["int", "numeric(10, 2)[]", "public.mood", "interval hour to minute"])
def test_type_is_written_as_it_was_read(text):
    [select] = parse(f"SELECT NULL::{text}")

    assert type_text(select.target_list[0].val.type_name) == text


@given(st.text(st.characters(codec=None), max_size=80) | st.text("abcdefé;'\"$-/*\\() \n\0", max_size=60))
def test_any_text_is_split_or_refused(text):
    try:
        found = split("x.sql", text)
    except BadInput:
        return

    assert all(one.text in text for one in found)


def test_ten_thousand_statements_take_less_than_two_seconds():
    text = "\n".join(f"ALTER TABLE bids ADD COLUMN c{n} numeric(10, 2) DEFAULT 0;" for n in range(10_000))
    began = time.process_time()

    found = split("x.sql", text)

    assert len(found) == 10_000
    assert time.process_time() - began < 2


def test_parse_gives_one_tree_per_statement():
    assert [node.node_type for node in parse("select 1; drop table x")] == ["SelectStmt", "DropStmt"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1" + "+1" * 100_000,
        "SELECT 1" + "::int" * 100_000,
        "SELECT 1 FROM a, b" + " JOIN a ON x OR y, b" * 30_000,
        "SELECT 1, 2" + " UNION SELECT 1, 2 WHERE a OR b" * 100_000,
        "SELECT f(1" + " ISNULL" * 100_000 + ", 2)",
        "SELECT " + "CASE WHEN a THEN 1 ELSE " * 30_000 + "1" + " END" * 30_000,
    ],
)
def test_chain_that_would_end_the_process_is_refused(text):
    with pytest.raises(UnparsableScript, match="nested too deeply"):
        split("x.sql", text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1 + 1)" + ", (1 + 1)" * 10_000,
        "SELECT 1 WHERE a = 1" + " OR a = 1" * 10_000,
        "UPDATE t SET a = CASE id" + " WHEN 1 THEN 'x'" * 10_000 + " END",
        "SELECT 1 + 1;" * 10_000,
        "SELECT 1 -- " + "x y " * 10_000 + "\n",
    ],
)
def test_long_text_is_not_taken_for_a_deep_one(text):
    assert split("x.sql", text)


def test_places_of_tokens_count_characters():
    assert [(token.text, token.start, token.end) for token in tokens("SELECT 'ü', 'é'")] == [
        ("SELECT", 0, 6), ("'ü'", 7, 10), (",", 10, 11), ("'é'", 12, 15),
    ]  # fmt: skip
