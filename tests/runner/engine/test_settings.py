"""Which limits, and which role, each statement of a script meets."""

from dataclasses import replace

import psycopg
import pytest

from governance.orders import Check, Moment, Question, RunKind, RunStatus, Verdict
from runner.engine.execute import execute
from tests.runner.orders import QUICK, Portal, make_order

FIRST, SECOND = "V20261122_0900__first.sql", "V20261122_0910__second.sql"
GROUP = "-- lockgate: group=together\n"
SHOW = "INSERT INTO public.seen VALUES (current_setting('lock_timeout'), current_setting('statement_timeout'));\n"
OURS = ("200ms", "10s")
VALIDATE = "ALTER TABLE users VALIDATE CONSTRAINT positive;\n"
MORE = "ALTER TABLE users VALIDATE CONSTRAINT named;\n"


@pytest.fixture
def seen(target):
    """What the limits were, each time a script wrote them down."""
    target.execute("CREATE TABLE seen (lock text, statement text)")
    target.execute("ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 0) NOT VALID, ADD CONSTRAINT named CHECK (name <> '') NOT VALID")
    return lambda: target.execute("SELECT * FROM seen").fetchall()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (f"SET lock_timeout = '7s';\n{SHOW}SET LOCAL statement_timeout = '8s';\n{SHOW}", [("7s", "10s"), ("7s", "8s")]),
        (f"SELECT set_config('lock_timeout', '7s', false);\n{SHOW}", [("7s", "10s")]),
        (f"SET lock_timeout = '7s';\nSET statement_timeout = '8s';\nRESET lock_timeout;\n{SHOW}", [("200ms", "8s")]),
        (f"SET statement_timeout TO DEFAULT;\n{SHOW}", [OURS]),
        (f"SET lock_timeout = '7s';\nRESET ALL;\n{SHOW}", [OURS]),
        (f"SET lock_timeout = '7s';\nRESET search_path;\n{SHOW}", [("7s", "10s")]),
        (f"{VALIDATE}{MORE}{SHOW}", [OURS]),
        (f"{VALIDATE}SET lock_timeout = '7s';\n{MORE}{SHOW}", [("7s", "10s")]),
    ],
)
def test_limits_are_the_scripts_own_or_ours_never_none(users, seen, script, expected):
    outcome = execute(make_order({FIRST: script}), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert seen() == expected


@pytest.mark.parametrize("group", ["", GROUP])
@pytest.mark.parametrize("first", ["SET lock_timeout = '7s'; SET ROLE pg_monitor; SET search_path = pg_catalog;", VALIDATE])
def test_next_script_meets_nothing_that_the_one_before_has_set(users, seen, target, group, first):
    second = f"{SHOW}CREATE TABLE found AS SELECT current_user = session_user;"

    outcome = execute(make_order({FIRST: f"{group}{first}", SECOND: f"{group}{second}"}), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert seen() == [OURS]
    assert target.execute("SELECT * FROM public.found").fetchone() == (True,)


@pytest.mark.parametrize("script", ["SET lock_timeout = '7s'; SET ROLE pg_monitor;", VALIDATE])
def test_check_inside_the_transaction_and_the_ledger_meet_ours(users, seen, target, script):
    query = "SELECT count(*) WHERE current_setting('lock_timeout') = '200ms' AND current_user = session_user"
    check = Check("the limit", Question.BUSINESS_RULES, Moment.IN_TRANSACTION, query, "1")

    outcome = execute(make_order({FIRST: script}, checks=(check,)), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert [result.verdict for result in outcome.checks] == [Verdict.PASSED]


def test_another_attempt_begins_with_our_limits(users, seen, target):
    script = f"{SHOW}SET lock_timeout = '50ms';\nALTER TABLE users ADD COLUMN level int;"
    portal = Portal()
    with psycopg.connect(users) as other:
        other.execute("SELECT count(*) FROM users")

        def release(step):
            if step.attempts == 2:
                other.rollback()
            return portal(step)

        outcome = execute(make_order({FIRST: script}), users, release)

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.steps[-1].attempts == 2
    assert seen() == [OURS]


@pytest.mark.parametrize("script", ["SET lock_timeout = 0;\nSET statement_timeout = 0;\n", "RESET ALL;\n"])
def test_dry_run_waits_for_nobody_longer_than_it_may_whatever_a_script_sets(users, seen, script):
    order = make_order({FIRST: f"{script}ALTER TABLE users ADD COLUMN level int;"}, kind=RunKind.DRY_RUN, limits=replace(QUICK, attempts=1))
    with psycopg.connect(users) as other:
        other.execute("SELECT count(*) FROM users")

        outcome = execute(order, users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert "(55P03)" in outcome.message
