from dataclasses import replace

import pytest

from governance.errors import DigestChanged
from governance.orders import Check, Moment, Question, RunKind, RunStatus, StepStatus, Verdict, Wish
from runner.engine.execute import execute
from tests.runner.orders import Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;\nUPDATE users SET level = 1;"}
ADD_AND_FAIL = {**ADD, "V20261122_0910__fail.sql": "CREATE TABLE fine (id int);\nSELECT * FROM nowhere;"}
TWO = {**ADD, "V20261122_0910__add_badges.sql": "CREATE TABLE badges (id int);"}
SLEEP = {"V20261122_0900__sleep.sql": "CREATE TABLE fine (id int);\nSELECT pg_sleep(30);"}


def columns(connection, table="users"):
    query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    return [name for (name,) in connection.execute(query, [table])]


def history(connection):
    return connection.execute("SELECT version, type FROM flyway_schema_history ORDER BY installed_rank").fetchall()


def statuses(outcome):
    return [step.status.value for step in outcome.steps]


def test_deployment_applies_scripts_with_their_ledger_rows(users, target):
    order, portal = make_order(TWO, counted=("public.users",)), Portal()

    outcome = execute(order, users, portal)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.applied == ("20261122_0900", "20261122_0910")
    assert columns(target) == ["id", "name", "level"]
    assert history(target) == [("20261122.0900", "SQL"), ("20261122.0910", "SQL")]
    assert [(step.position, step.line, step.rows) for step in outcome.steps] == [(1, 1, None), (2, 2, 1000), (3, 1, None)]
    assert [(result.verdict, result.evidence) for result in outcome.checks] == [(Verdict.PASSED, "1,000 before, 1,000 after")]
    assert outcome.schema
    assert outcome.wal_bytes > 0
    assert 0 < outcome.longest_lock < outcome.seconds


def test_ledger_of_ours_says_who_what_when_where(users, target):
    order = make_order(ADD)

    execute(order, users, Portal())

    row = target.execute("SELECT run, version, kind, script, actor, environment, outcome, digest FROM lockgate.ledger").fetchone()
    assert row == (
        order.run,
        "20261122_0900",
        "forward",
        "V20261122_0900__add_levels.sql",
        "olga.operator",
        "staging",
        "applied",
        order.script_digest,
    )


def test_ledger_of_an_older_version_gets_what_it_lacks(users, target):
    execute(make_order(ADD), users, Portal())
    target.execute("ALTER TABLE lockgate.ledger DROP COLUMN xid, DROP COLUMN backend_pid")

    outcome = execute(make_order({"V20261122_0950__more.sql": "CREATE TABLE more (id int);"}), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT count(*), count(xid), count(backend_pid) FROM lockgate.ledger").fetchone() == (2, 1, 1)


def test_step_is_told_when_it_starts_and_done_only_once_committed(users, target):
    seen = []

    def portal(step):
        seen.append((step.position, step.status.value, columns(target)[2:]))
        return Wish.NONE

    execute(make_order(ADD), users, portal)

    assert seen == [(1, "running", []), (2, "running", []), (1, "done", ["level"]), (2, "done", ["level"])]


def test_statement_with_a_percent_sign_is_executed_as_it_is(users, target):
    scripts = {"V20261122_0900__percent.sql": "UPDATE users SET name = '100%s' WHERE name LIKE '%7%' AND id % 2 = 1;"}

    outcome = execute(make_order(scripts), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT count(*) FROM users WHERE name = '100%s'").fetchone()[0] > 0


def test_failing_script_leaves_nothing_and_says_where(users, target):
    scripts = {"V20261122_0910__fail.sql": ADD_AND_FAIL["V20261122_0910__fail.sql"]}

    outcome = execute(make_order(scripts), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "V20261122_0910__fail.sql, line 2: SELECT * FROM nowhere failed" in outcome.message
    assert "(42P01)" in outcome.message
    assert statuses(outcome) == ["undone", "failed"]
    assert columns(target, "fine") == []
    assert history(target) == []
    assert target.execute("SELECT script, outcome FROM lockgate.ledger").fetchall() == [("V20261122_0910__fail.sql", "failed")]


def test_failure_after_an_applied_script_is_dirty_and_says_what_is_applied(users, target):
    outcome = execute(make_order(ADD_AND_FAIL), users, Portal())

    assert outcome.status is RunStatus.FAILED_DIRTY
    assert outcome.applied == ("20261122_0900",)
    assert "Applied: V20261122_0900__add_levels.sql. Not applied: V20261122_0910__fail.sql." in outcome.message
    assert columns(target) == ["id", "name", "level"]


def test_constraint_that_fails_at_commit_leaves_nothing(users, target):
    target.execute("CREATE TABLE links (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED)")
    scripts = {"V20261122_0900__link.sql": "INSERT INTO links VALUES (0);"}

    outcome = execute(make_order(scripts), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "at the end of its transaction" in outcome.message
    assert "(23503)" in outcome.message
    assert statuses(outcome) == ["undone"]


def test_same_order_again_does_nothing_twice(users, target):
    order = make_order(TWO)
    execute(order, users, Portal())

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED
    assert {(step.status, step.note) for step in outcome.steps} == {(StepStatus.SKIPPED, "already applied")}
    assert len(history(target)) == 2


def test_failed_run_goes_on_where_it_stopped(users, target):
    order = make_order(ADD_AND_FAIL)
    execute(order, users, Portal())
    target.execute("CREATE TABLE nowhere ()")

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert statuses(outcome) == ["skipped", "skipped", "done", "done"]
    assert len(history(target)) == 2


def test_altered_script_is_not_executed(users, target):
    order = make_order(ADD)
    altered = make_order({"V20261122_0900__add_levels.sql": "DROP TABLE users;"})

    with pytest.raises(DigestChanged):
        execute(replace(order, manifest=altered.manifest), users, Portal())

    assert columns(target) == ["id", "name"]


def test_runs_as_the_owner(users, target):
    target.execute("ALTER SCHEMA public OWNER TO pg_database_owner; ALTER TABLE users OWNER TO pg_database_owner")
    order = make_order({"V20261122_0900__add_t.sql": "CREATE TABLE t (id int);"}, role="pg_database_owner")
    target.execute(f"GRANT CREATE ON DATABASE {target.info.dbname} TO pg_database_owner")

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert target.execute("SELECT tableowner FROM pg_tables WHERE tablename = 't'").fetchone() == ("pg_database_owner",)


def check(sql, expect, moment):
    return Check("levels", Question.BUSINESS_RULES, moment, sql, expect)


def test_check_that_fails_inside_the_transaction_rolls_the_script_back(users, target):
    order = make_order(ADD, checks=(check("SELECT 1 FROM users WHERE level = 1", "no rows", Moment.IN_TRANSACTION),))

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "“levels” did not pass (1,000 rows)" in outcome.message
    assert outcome.checks[0].verdict is Verdict.FAILED
    assert columns(target) == ["id", "name"]
    assert statuses(outcome) == ["undone", "undone"]


def test_check_that_fails_before_keeps_everything_from_running(users, target):
    order = make_order(ADD, checks=(check("SELECT 1 FROM users WHERE id < 3", "no rows", Moment.BEFORE),))

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "before it, the check “levels” did not pass (2 rows)" in outcome.message
    assert outcome.steps == ()
    assert columns(target) == ["id", "name"]


def test_check_that_fails_afterwards_is_told_and_undoes_nothing(users, target):
    order = make_order(ADD, checks=(check("SELECT sum(level) FROM users", "value 7", Moment.AFTER),))

    outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED
    assert [(result.verdict, result.evidence) for result in outcome.checks] == [(Verdict.FAILED, "1000 instead of 7")]


def test_pause_comes_after_a_finished_script_and_the_run_can_go_on(users, target):
    order = make_order(TWO)

    paused = execute(order, users, Portal({1: Wish.PAUSE, 2: Wish.PAUSE}))
    finished = execute(order, users, Portal())

    assert paused.status is RunStatus.PAUSED
    assert paused.applied == ("20261122_0900",)
    assert statuses(paused) == ["done", "done"]
    assert finished.status is RunStatus.SUCCEEDED
    assert statuses(finished) == ["skipped", "skipped", "done"]


def test_stop_before_the_first_statement_leaves_the_target_alone(users, target):
    outcome = execute(make_order(ADD), users, Portal({1: Wish.STOP}))

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "Stopped on request." in outcome.message
    assert columns(target) == ["id", "name"]


def test_stop_between_scripts_is_dirty(users):
    outcome = execute(make_order(TWO), users, Portal({3: Wish.STOP}))

    assert outcome.status is RunStatus.FAILED_DIRTY
    assert outcome.applied == ("20261122_0900",)


def test_stop_ends_a_statement_that_runs(users, target):
    calls = []

    def portal(step):
        calls.append(step)
        return Wish.STOP if len(calls) > 2 else Wish.NONE  # the third word comes while the second statement sleeps

    outcome = execute(make_order(SLEEP), users, portal)

    assert outcome.seconds < 10
    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "Stopped on request." in outcome.message
    assert statuses(outcome) == ["undone", "undone"]
    assert columns(target, "fine") == []


def test_kind_of_the_order_decides(users, target):
    order = replace(make_order(ADD), kind=RunKind.DRY_RUN)

    execute(order, users, Portal())

    assert columns(target) == ["id", "name"]
