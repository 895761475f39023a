import re
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from governance.orders import (
    Check,
    Earlier,
    Limits,
    Manifest,
    Moment,
    Question,
    RehearsalOrder,
    Script,
    ScriptKind,
    Statement,
    StepStatus,
    Verdict,
)
from governance.rehearsals import PairVerdict
from portal.embedded import EmbeddedServer, binaries
from runner.engine import flyway
from runner.engine.rehearse import rehearse
from runner.engine.snapshot import read_schema

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE bids (id bigint PRIMARY KEY, amount integer NOT NULL, note text, bidder bigint REFERENCES users DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX bids_amount ON bids (amount);
"""


def tag_of(text):
    return " ".join([*text.split()[:2], *(["CONCURRENTLY"] if "CONCURRENTLY" in text else [])]).upper()


def script(name, *statements):
    """A script with one statement a line; its kind and version are told by its name."""
    return Script(
        kind=ScriptKind.FORWARD if name.startswith("V") else ScriptKind.ROLLBACK,
        name=name,
        version=name[1:].partition("__")[0],
        description="",
        text=";\n".join(statements),
        checksum=0,
        statements=tuple(Statement(text, line, 1, tag_of(text), "CONCURRENTLY" not in text) for line, text in enumerate(statements, 1)),
    )


@pytest.fixture
def target(make_database):
    return make_database(SCHEMA)


@pytest.fixture
def rehearsed(server, target):
    def run(*scripts, limits=None, **given):
        order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest(scripts, limits or Limits(), ""), **given)
        return rehearse(order, target, server.url(), binaries())

    return run


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A server of its own, which knows none of the target's roles."""
    server = EmbeddedServer(tmp_path_factory.mktemp("scratch"))
    server.start()
    yield server.url()
    server.destroy()


def test_pair_that_restores_the_schema_passes(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer", "CREATE INDEX bids_level ON bids (level)"),
        script("R1__level.sql", "ALTER TABLE bids DROP level"),
    )

    assert outcome.verdict is Verdict.PASSED
    assert (outcome.difference, outcome.cosmetic) == ("", False)
    assert "restores the schema exactly" in outcome.message
    assert [(step.position, step.script, step.line, step.status) for step in outcome.steps] == [
        (1, "V1__level.sql", 1, StepStatus.DONE),
        (2, "V1__level.sql", 2, StepStatus.DONE),
        (3, "R1__level.sql", 1, StepStatus.DONE),
        (4, "V1__level.sql", 1, StepStatus.DONE),
        (5, "V1__level.sql", 2, StepStatus.DONE),
    ]
    assert outcome.seconds > sum(step.seconds for step in outcome.steps) > 0


def test_rollbacks_run_in_the_reverse_order_of_their_forward_scripts(rehearsed):
    outcome = rehearsed(
        script("V1__table.sql", "CREATE TABLE levels (id integer)"),
        script("V2__column.sql", "ALTER TABLE levels ADD name text"),
        script("R1__table.sql", "DROP TABLE levels"),
        script("R2__column.sql", "ALTER TABLE levels DROP name"),
    )

    assert outcome.verdict is Verdict.PASSED
    assert [step.script[:2] for step in outcome.steps] == ["V1", "V2", "R2", "R1", "V1", "V2"]


def test_forward_script_that_fails_is_named_with_line_statement_and_sqlstate(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer", "ALTER TABLE nowhere ADD level integer", "SELECT 1"),
        script("R1__level.sql", "ALTER TABLE bids DROP level"),
    )

    assert outcome.verdict is Verdict.FAILED
    assert outcome.message == (
        "The forward script fails: V1__level.sql, line 2: ALTER TABLE nowhere ADD level integer: "
        '42P01: relation "nowhere" does not exist. Correct the script and submit it again.'
    )
    assert [step.status for step in outcome.steps] == [StepStatus.DONE, StepStatus.FAILED]
    assert outcome.steps[-1].note == '42P01: relation "nowhere" does not exist'


def test_rollback_that_fails_is_named(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer"), script("R1__level.sql", "ALTER TABLE bids DROP levle")
    )

    assert outcome.verdict is Verdict.FAILED
    assert outcome.message.startswith("The rollback fails: R1__level.sql, line 1: ALTER TABLE bids DROP levle: 42703: ")


def test_rollback_that_forgets_an_index_does_not_restore(rehearsed):
    outcome = rehearsed(
        script("V1__amount.sql", "DROP INDEX IF EXISTS bids_amount", "ALTER TABLE bids ALTER amount TYPE bigint"),
        script("R1__amount.sql", "ALTER TABLE bids ALTER amount TYPE integer"),
    )

    assert outcome.verdict is Verdict.FAILED
    assert outcome.difference == "index public.bids_amount is gone"
    assert not outcome.cosmetic
    assert "does not restore the schema: index public.bids_amount is gone" in outcome.message


def test_column_that_comes_back_at_the_end_passes_as_cosmetic(rehearsed):
    outcome = rehearsed(
        script("V1__note.sql", "ALTER TABLE bids DROP note"),
        script("R1__note.sql", "ALTER TABLE bids ADD note text"),
    )

    assert outcome.verdict is Verdict.PASSED
    assert outcome.cosmetic
    assert outcome.difference == "table public.bids: column order was “id, amount, note, bidder”, is now “id, amount, bidder, note”"


def test_forward_script_that_cannot_run_again_after_the_rollback_fails(rehearsed):
    outcome = rehearsed(
        script("V1__user.sql", "INSERT INTO users VALUES (7)"),
        script("R1__user.sql", "SELECT 1"),
    )

    assert outcome.verdict is Verdict.FAILED
    assert outcome.message.startswith("The forward script, run again after the rollback, fails: V1__user.sql, line 1: ")


def test_concurrent_index_runs_outside_a_transaction(rehearsed):
    outcome = rehearsed(
        script("V1__index.sql", "CREATE INDEX CONCURRENTLY bids_note ON bids (note)"),
        script("R1__index.sql", "DROP INDEX CONCURRENTLY bids_note"),
    )

    assert outcome.verdict is Verdict.PASSED
    assert outcome.difference == ""


def test_failure_at_commit_is_the_last_statements(rehearsed):
    outcome = rehearsed(
        script("V1__bid.sql", "SELECT 1", "INSERT INTO bids VALUES (1, 1, '', 404)"), script("R1__bid.sql", "DELETE FROM bids")
    )

    assert outcome.verdict is Verdict.FAILED
    assert "V1__bid.sql, line 2: INSERT INTO bids VALUES (1, 1, '', 404): at COMMIT: 23503: " in outcome.message
    assert outcome.steps[-1].status is StepStatus.FAILED


def test_settings_of_one_script_do_not_help_the_next(rehearsed):
    outcome = rehearsed(
        script("V1__path.sql", "CREATE SCHEMA app", "SET search_path = app", "CREATE TABLE levels (id integer)"),
        script("V2__column.sql", "ALTER TABLE levels ADD name text"),
        script("R1__path.sql", "DROP SCHEMA app CASCADE"),
        script("R2__column.sql", "SELECT 1"),
    )

    assert outcome.verdict is Verdict.FAILED
    assert "V2__column.sql, line 1" in outcome.message


def test_search_path_of_the_target_is_that_of_the_rehearsal(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET search_path = app, public")
        connection.execute("CREATE SCHEMA app CREATE TABLE levels (id integer)")

    outcome = rehearsed(
        script("V1__column.sql", "ALTER TABLE levels ADD name text"),
        script("R1__column.sql", "ALTER TABLE levels DROP name"),
    )

    assert outcome.verdict is Verdict.PASSED


def test_change_without_rollback_is_proved_forward_only(rehearsed):
    outcome = rehearsed(script("V1__level.sql", "ALTER TABLE bids ADD level integer"))

    assert outcome.verdict is Verdict.PASSED
    assert outcome.message == "Proved forward only: the change has no rollback script."
    assert len(outcome.steps) == 1


def test_statement_that_takes_too_long_ends_the_rehearsal(rehearsed):
    outcome = rehearsed(
        script("V1__sleep.sql", "SELECT pg_sleep(60)"), script("R1__sleep.sql", "SELECT 1"), limits=Limits(statement_timeout=0.2)
    )

    assert outcome.verdict is Verdict.FAILED
    assert "57014: canceling statement due to statement timeout" in outcome.message
    assert outcome.seconds < 30


@pytest.mark.parametrize(
    "statement", ["DROP ROLE instabids", "GRANT CONNECT ON DATABASE instabids_production TO PUBLIC", "ALTER SYSTEM SET fsync = off"]
)
def test_statement_that_acts_on_the_whole_server_is_not_tried(rehearsed, statement):
    outcome = rehearsed(script("V1__role.sql", statement), script("R1__role.sql", "SELECT 1"))

    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.steps == ()
    assert "V1__role.sql, line 1" in outcome.message
    assert "acts on the whole server" in outcome.message


def test_target_is_not_changed(rehearsed, target):
    with psycopg.connect(target) as connection:
        before = read_schema(connection)

    rehearsed(script("V1__level.sql", "ALTER TABLE bids ADD level integer"), script("R1__level.sql", "SELECT 1"))

    with psycopg.connect(target) as connection:
        assert read_schema(connection) == before


@pytest.mark.parametrize("statement", ["ALTER TABLE bids ADD level integer", "SELECT 1/0", "SELECT pg_terminate_backend(pg_backend_pid())"])
def test_scratch_database_is_dropped_whatever_happened(scratch, target, statement):
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest((script("V1__x.sql", statement),), Limits(), ""))

    rehearse(order, target, scratch, binaries())

    with psycopg.connect(scratch) as connection:
        assert connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'lockgate%'").fetchall() == []


def test_open_connection_to_the_target_will_do(server, target):
    scripts = script("V1__level.sql", "ALTER TABLE bids ADD level integer"), script("R1__level.sql", "ALTER TABLE bids DROP level")
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest(scripts, Limits(), ""))

    with psycopg.connect(target, autocommit=True) as connection:
        outcome = rehearse(order, connection, server.url(), binaries())

        assert not connection.closed

    assert outcome.verdict is Verdict.PASSED


@pytest.mark.parametrize("scratch", ["postgres://nobody:secret@127.0.0.1:1/x", "postgres//nobody:secret@here/x"])
def test_unreachable_scratch_server_makes_the_verdict_unknown_and_keeps_the_password(target, scratch):
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest((script("V1__x.sql", "SELECT 1"),), Limits(), ""))

    outcome = rehearse(order, target, scratch, binaries())

    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.message.startswith("The scratch database could not be built: scratch server cannot be reached: ")
    assert "secret" not in outcome.message


def test_scratch_role_that_may_not_create_databases_makes_the_verdict_unknown(scratch, target):
    with psycopg.connect(scratch, autocommit=True) as connection:
        connection.execute("CREATE ROLE weak LOGIN PASSWORD 'secret'")
    weak = make_conninfo(scratch, user="weak", password="secret")
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest((script("V1__x.sql", "SELECT 1"),), Limits(), ""))

    outcome = rehearse(order, target, weak, binaries())

    assert outcome.verdict is Verdict.UNKNOWN
    assert "the scratch server refused: permission denied to create" in outcome.message


def test_rehearsal_cannot_sign_in_to_the_servers_behind_foreign_tables(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw")
        connection.execute("CREATE USER MAPPING FOR PUBLIC SERVER other OPTIONS (user 'owner', password 'secret')")

    outcome = rehearsed(script("V1__x.sql", "ALTER USER MAPPING FOR PUBLIC SERVER other OPTIONS (SET user 'me')"))

    assert outcome.verdict is Verdict.FAILED
    assert "42704" in outcome.message


def test_no_program_is_needed_to_rebuild_the_schema(server, target, tmp_path):
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest((script("V1__x.sql", "SELECT 1"),), Limits(), ""))

    outcome = rehearse(order, target, server.url(), tmp_path)

    assert outcome.verdict is Verdict.PASSED


def test_function_that_finds_others_only_by_the_search_path_does_not_stop_the_rehearsal(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("CREATE FUNCTION inner_one(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1'")
        connection.execute("CREATE FUNCTION outer_one(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT inner_one($1)'")
        connection.execute("CREATE TABLE pairs (a integer, b integer GENERATED ALWAYS AS (outer_one(a)) STORED)")

    outcome = rehearsed(script("V1__x.sql", "SELECT 1"))

    assert outcome.verdict is Verdict.PASSED


def test_extension_that_the_scratch_server_lacks_is_named(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO pg_extension SELECT 99999, 'postgis', extowner, extnamespace, extrelocatable, extversion FROM pg_extension LIMIT 1"
        )

    outcome = rehearsed(script("V1__x.sql", "SELECT 1"))

    assert (outcome.verdict, outcome.missing) == (Verdict.UNKNOWN, ("postgis",))
    assert "the scratch server does not offer postgis, which the target or the change uses" in outcome.message


def test_values_that_do_not_come_back_are_counted_in_the_sentence(rehearsed):
    outcome = rehearsed(
        script("V1__amount.sql", "ALTER TABLE bids DROP amount"),
        script("R1__amount.sql", "ALTER TABLE bids ADD amount integer NOT NULL DEFAULT 0", "CREATE INDEX bids_amount ON bids (amount)"),
    )

    [loss] = outcome.data_lost
    assert loss.column == "public.bids.amount"
    assert 40 <= loss.rows <= 50
    assert outcome.pairs[0].data_lost == (loss,)


def test_change_that_loses_nothing_is_proved_in_one_sentence(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer"), script("R1__level.sql", "ALTER TABLE bids DROP level")
    )

    assert re.match(r"Proved: can be undone in (less than )?0\.\d s, nothing lost; ", outcome.message)
    assert [(pair.version, pair.verdict) for pair in outcome.pairs] == [("1", PairVerdict.RESTORED)]


def test_each_pair_of_a_change_has_a_verdict(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer"),
        script("V2__note.sql", "ALTER TABLE bids DROP note"),
        script("R1__level.sql", "ALTER TABLE bids DROP level"),
        script("R2__note.sql", "ALTER TABLE bids ADD note varchar"),
    )

    assert {pair.version: pair.verdict for pair in outcome.pairs} == {"1": PairVerdict.NOT_RESTORED, "2": PairVerdict.NOT_RESTORED}
    assert outcome.verdict is Verdict.FAILED


def test_strongest_lock_on_each_table_is_told_with_the_time_it_was_held(rehearsed):
    outcome = rehearsed(
        script("V1__level.sql", "ALTER TABLE bids ADD level integer", "SELECT pg_sleep(0.2)", "CREATE TABLE levels (id integer)"),
        script("R1__level.sql", "DROP TABLE levels", "ALTER TABLE bids DROP level"),
    )

    held = [(lock.table, lock.mode) for lock in outcome.locks if lock.script == "V1__level.sql"]
    assert held == [("public.bids", "AccessExclusiveLock")] * 2
    assert outcome.locks[0].seconds >= 0.2


def test_rows_that_only_we_made_up_do_not_fail_a_change(rehearsed):
    outcome = rehearsed(
        script("V1__note.sql", "ALTER TABLE bids ALTER note SET NOT NULL"),
        script("R1__note.sql", "ALTER TABLE bids ALTER note DROP NOT NULL"),
    )

    assert outcome.verdict is Verdict.PASSED
    [note] = outcome.notes
    assert note.startswith("Made-up rows stop it, which real ones may do too: V1__note.sql, line 1: ")


def test_interrupted_index_is_built_again(rehearsed):
    outcome = rehearsed(
        script("V1__index.sql", "CREATE INDEX CONCURRENTLY one ON bids (note)", "CREATE INDEX CONCURRENTLY two ON bids (amount)"),
        script("R1__index.sql", "DROP INDEX CONCURRENTLY one", "DROP INDEX CONCURRENTLY two"),
    )

    assert (outcome.verdict, outcome.notes) == (Verdict.PASSED, ())


def test_statement_of_which_no_catalogue_tells_whether_it_took_effect_is_noted(rehearsed):
    outcome = rehearsed(
        script("V1__index.sql", "REINDEX INDEX CONCURRENTLY bids_amount"), script("R1__index.sql", "REINDEX INDEX CONCURRENTLY bids_amount")
    )

    assert outcome.verdict is Verdict.PASSED
    assert "V1__index.sql, line 1: after a kill here no catalogue tells whether REINDEX INDEX" in outcome.notes[0]


def test_ledger_of_the_target_is_there(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        flyway.create(connection, "public")
        connection.execute("INSERT INTO flyway_schema_history VALUES (1, '7', '', 'SQL', 'V7__x.sql', 0, 'ann', now(), 0, true)")

    outcome = rehearsed(script("V8__x.sql", "SELECT 1 / count(*) FROM flyway_schema_history WHERE version = '7'"))

    assert outcome.verdict is Verdict.PASSED


def test_check_that_does_not_pass_is_noted(rehearsed):
    check = "-- check: no bids\n-- question: completeness\n-- moment: after\n-- expect: no rows\nSELECT 1 FROM bids;\n"
    scripts = [replace(script("C1__bids.sql"), kind=ScriptKind.CHECK, text=check)]

    outcome = rehearsed(script("V1__note.sql", "ALTER TABLE bids ADD level integer"), *scripts)

    assert [result.verdict for result in outcome.checks] == [Verdict.FAILED]
    assert "did not pass on made-up rows" in outcome.message


def test_roles_that_the_scratch_server_lacks_are_made_there_without_sign_in(target, scratch):
    role = f"reader_{target.rpartition('/')[2][-12:]}"
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"GRANT SELECT ON bids TO {role}")
        connection.execute(f"CREATE POLICY own ON bids TO {role} USING (true)")
    scripts = script("V1__x.sql", f"GRANT INSERT ON bids TO {role}"), script("R1__x.sql", f"REVOKE INSERT ON bids FROM {role}")
    order = RehearsalOrder("r1", "instabids_staging", "TARGET", Manifest(scripts, Limits(), ""))

    outcome = rehearse(order, target, scratch, binaries())
    with psycopg.connect(scratch) as connection:
        signs_in = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")

    assert outcome.verdict is Verdict.PASSED
    assert signs_in == (False,)


def test_extension_that_only_the_change_wants_is_named_and_no_failure_of_the_change(rehearsed):
    outcome = rehearsed(script("V1__x.sql", 'CREATE EXTENSION IF NOT EXISTS "no-such"'))

    assert (outcome.verdict, outcome.missing) == (Verdict.UNKNOWN, ("no-such",))


def test_change_is_rehearsed_behind_what_it_builds_upon(rehearsed):
    levels = Earlier("CHG-7 Levels", (script("V1__levels.sql", "CREATE TABLE levels (id integer PRIMARY KEY)"),))

    outcome = rehearsed(
        script("V2__level.sql", "ALTER TABLE bids ADD level integer REFERENCES levels"),
        script("R2__level.sql", "ALTER TABLE bids DROP level"),
        earlier=(levels,),
    )

    assert outcome.verdict is Verdict.PASSED
    assert "Rehearsed behind CHG-7 Levels, which the target does not have yet." in outcome.notes
    assert {step.script for step in outcome.steps} == {"V2__level.sql", "R2__level.sql"}


def test_change_that_builds_upon_what_fails_is_not_proved_and_that_is_named(rehearsed):
    broken = Earlier("CHG-7 Levels", (script("V1__levels.sql", "CREATE TABLE bids (id integer)"),))

    outcome = rehearsed(script("V2__x.sql", "SELECT 1"), earlier=(broken,))

    assert outcome.verdict is Verdict.UNKNOWN
    assert "CHG-7 Levels, which has to be deployed before, fails: V1__levels.sql, line 1" in outcome.message


def test_clients_at_work_tell_how_long_they_waited_and_what_failed(rehearsed):
    outcome = rehearsed(
        script("V1__note.sql", "ALTER TABLE bids DROP note", "SELECT pg_sleep(0.2)"),
        script("R1__note.sql", "ALTER TABLE bids ADD note text"),
        traffic=True,
    )

    [clients] = outcome.clients
    assert (clients.table, clients.script) == ("public.bids", "V1__note.sql")
    assert clients.requests > 2
    assert clients.slowest > 0.15
    assert 'column "note" does not exist' in clients.error
    assert "clients of public.bids waited up to 0." in outcome.message


def test_clients_at_work_leave_data_and_verdict_as_they_are(rehearsed, target):
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("CREATE TABLE notes (id uuid PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY, note text)")
    pair = script("V1__n.sql", "ALTER TABLE bids ADD m integer REFERENCES users", "ALTER TABLE notes ADD m integer")
    back = script("R1__n.sql", "ALTER TABLE bids DROP m", "ALTER TABLE notes DROP m")

    outcome = rehearsed(pair, back, traffic=True)

    assert (outcome.verdict, outcome.data_lost) == (Verdict.PASSED, ())
    assert {clients.table: clients.failed for clients in outcome.clients} == {"public.bids": 0, "public.notes": 0, "public.users": 0}


def asks(name, sql):
    return Check(name, Question.BUSINESS_RULES, Moment.AFTER, sql, "no rows")


def test_consistency_of_all_domains_is_asked_before_and_after_the_change(rehearsed):
    checks = (
        asks("bidders are there", "SELECT FROM bids b LEFT JOIN users u ON u.id = b.bidder WHERE b.bidder IS NOT NULL AND u.id IS NULL"),
        asks("notes are short", "SELECT FROM bids WHERE length(note) > 100000"),
        asks("amounts stay", "SELECT FROM bids WHERE amount = -1"),
        asks("nobody bids", "SELECT FROM bids"),
    )

    outcome = rehearsed(
        script("V1__note.sql", "ALTER TABLE bids DROP note", "UPDATE bids SET amount = -1 WHERE id = (SELECT min(id) FROM bids)"),
        script("R1__note.sql", "ALTER TABLE bids ADD note text"),
        consistency=checks,
    )

    assert [(result.name, result.verdict) for result in outcome.consistency] == [
        ("bidders are there", Verdict.PASSED),
        ("notes are short", Verdict.FAILED),
        ("amounts stay", Verdict.FAILED),
        ("nobody bids", Verdict.UNKNOWN),
    ]
    assert outcome.consistency[1].evidence == 'column "note" does not exist (42703); before the change 0 rows'
    assert outcome.consistency[2].evidence == "1 row; before the change 0 rows"


def test_consistency_that_no_forward_script_reaches_is_unknown(rehearsed):
    outcome = rehearsed(script("V1__x.sql", "SELECT 1 / 0"), consistency=(asks("a check", "SELECT FROM bids WHERE false"),))

    [result] = outcome.consistency
    assert result.verdict is Verdict.UNKNOWN
    assert "V1__x.sql, line 1" in result.evidence
