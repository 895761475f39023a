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
        "EXECUTE 'CREATE INDEX ON ' || quote_ident('bids') || ' (status)';",
        "EXECUTE format('CREATE INDEX ON %2$I.%I (%s)', 'status', 'public', 'bids', 'status');",
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
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || current_setting('app.table'); END $$",
        "DO $$ DECLARE t text := 'bids'; BEGIN t := t || '_old'; EXECUTE format('DROP TABLE %I', t); END $$",
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END $$",
        "DO $$ BEGIN EXECUTE format('DROP TABLE %I'); END $$",
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


def test_loop_through_a_list_of_names_does_its_statement_to_each():
    body = "FOREACH t IN ARRAY ARRAY['bids', 'users'] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN %s ' || kind, t, 'seen'); END LOOP"

    analysis = analysed(f"DO $$ DECLARE t text; kind CONSTANT text := 'timestamptz'; BEGIN {body}; END $$")

    assert [lock.relation for lock in analysis.statements[0].locks] == ["public.bids", "public.users"]
    assert analysis.change_class is ChangeClass.ADDITIVE


def test_name_of_two_variables_is_not_taken_for_either():
    body = "DECLARE t CONSTANT text := 'users'; BEGIN EXECUTE 'DROP TABLE ' || t; END"

    analysis = analysed(f"DO $$ DECLARE t CONSTANT text := 'bids'; BEGIN {body}; EXECUTE 'DROP TABLE ' || t; END $$")

    assert analysis.change_class is ChangeClass.UNKNOWN


def test_procedure_of_the_same_change_is_known_where_it_is_called():
    procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE bids; END $$"

    assert analysed(f"{procedure}; CALL p()").change_class is ChangeClass.REMOVAL
    assert analysed("CALL p()").change_class is ChangeClass.UNKNOWN


def test_body_that_the_grammar_reads_itself_is_known_where_it_is_called():
    function = "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM bids; INSERT INTO users (id) VALUES (1); END"

    analysis = analysed(f"{function}; SELECT f()")

    assert set(analysis.written) == {"public.bids", "public.users"}
    assert "opaque-statement" not in codes(analysis)
