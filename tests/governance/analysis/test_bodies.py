"""What DO blocks and functions would do."""

import pytest

from governance.analysis.classify import ChangeClass
from tests.governance.analysis.samples import analysed, codes


@pytest.mark.parametrize(
    "body",
    [
        "CREATE INDEX ON bids (status);",
        "IF EXISTS (SELECT 1 FROM users) THEN CREATE INDEX ON bids (status); END IF;",
        "BEGIN CREATE INDEX ON bids (status); EXCEPTION WHEN duplicate_table THEN NULL; END;",
        "FOR n IN 1..2 LOOP CREATE INDEX ON bids (status); END LOOP;",
        "EXECUTE 'CREATE INDEX ON bids (status)';",
    ],
)
def test_statement_in_a_block_is_judged_whichever_branch_it_stands_in(body):
    analysis = analysed(f"DO $$ BEGIN {body} END $$;")

    assert "require-concurrent-index-creation" in codes(analysis)
    assert "opaque-statement" not in codes(analysis)
    assert [lock.relation for lock in analysis.statements[0].locks if lock.scan] == ["public.bids"]


@pytest.mark.parametrize(
    "statement",
    [
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'bids'; END $$",
        "DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'bids'); END $$",
        "DO $$ BEGIN PERFORM somebody_elses(); END $$",
        "DO $$ DECLARE x int := somebody_elses(); BEGIN NULL; END $$",
        "DO $$ BEGIN this is not plpgsql $$",
        "DO LANGUAGE plperl $$ drop $$",
        "DO $$ BEGIN CALL work(); END $$",
        "SELECT somebody_elses()",
    ],
)
def test_what_cannot_be_told_is_opaque_and_never_fine(statement):
    analysis = analysed(statement)

    assert "opaque-statement" in codes(analysis)
    assert analysis.change_class is ChangeClass.UNKNOWN


@pytest.mark.parametrize(
    "function",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE bids; END $$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE bids'",
    ],
)
def test_function_of_the_same_change_is_known_where_it_is_called(function):
    created, called = analysed(function), analysed(f"{function}; SELECT f()")

    assert created.change_class is ChangeClass.ADDITIVE
    assert called.change_class is ChangeClass.REMOVAL
    assert "ban-drop-table" in codes(called)


def test_function_that_cannot_be_read_stays_opaque_where_it_is_called():
    text = "CREATE FUNCTION f() RETURNS void LANGUAGE c AS 'lib', 'f'; SELECT f()"

    assert "opaque-statement" in codes(analysed(text))


def test_block_that_only_talks_does_nothing():
    analysis = analysed("DO $$ BEGIN RAISE NOTICE 'hello %', now(); END $$")

    assert (analysis.change_class, codes(analysis)) == (ChangeClass.NONE, [])
    assert len(analysis.statements) == 1


def test_procedure_of_the_same_change_is_known_where_it_is_called():
    procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE bids; END $$"

    assert analysed(f"{procedure}; CALL p()").change_class is ChangeClass.REMOVAL
    assert analysed("CALL p()").change_class is ChangeClass.UNKNOWN


def test_body_that_the_grammar_reads_itself_is_known_where_it_is_called():
    function = "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM bids; INSERT INTO users (id) VALUES (1); END"

    analysis = analysed(f"{function}; SELECT f()")

    assert set(analysis.written) == {"public.bids", "public.users"}
    assert "opaque-statement" not in codes(analysis)
