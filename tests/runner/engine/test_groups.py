"""Atomic groups: scripts that are applied together or not at all."""

import pytest

from governance import groups
from governance.errors import BadGroup
from governance.orders import RunKind, RunStatus, StepStatus
from governance.versions import read_script
from runner.engine.execute import execute
from tests.runner.orders import Portal, make_order

GROUP = "-- lockgate: group=release-7\n"
FIRST, SECOND, THIRD = "V20261122_0900__levels.sql", "V20261122_0910__badges.sql", "V20261122_0920__medals.sql"
BACK = {name.replace("V", "R", 1).replace("__", "__rollback_"): "" for name in (FIRST, SECOND)}
TOGETHER = {FIRST: f"{GROUP}ALTER TABLE users ADD COLUMN level int;", SECOND: f"{GROUP}CREATE TABLE badges (id int);"}
FAILING = {**TOGETHER, SECOND: f"{GROUP}CREATE TABLE badges (id int);\nSELECT * FROM nowhere;"}
UNDOING = dict(zip(BACK, ("ALTER TABLE users DROP COLUMN level;", "DROP TABLE badges;"), strict=True))


def values(texts: dict[str, str]):
    return [read_script(name, text) for name, text in texts.items()]


def there(connection) -> tuple[bool, bool]:
    query = """
        SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'level' AND NOT attisdropped),
               to_regclass('badges') IS NOT NULL
    """
    return connection.execute(query).fetchone()


def transactions(connection) -> int:
    return connection.execute("SELECT count(DISTINCT xid::text) FROM lockgate.ledger WHERE outcome = 'applied'").fetchone()[0]


def test_scripts_of_a_group_are_committed_in_one_transaction(users, target):
    outcome = execute(make_order(TOGETHER), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert there(target) == (True, True)
    assert transactions(target) == 1
    assert target.execute("SELECT count(*) FROM flyway_schema_history").fetchone() == (2,)


def test_failure_in_a_later_script_takes_the_earlier_ones_of_its_group_back(users, target):
    outcome = execute(make_order(FAILING), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert there(target) == (False, False)
    assert [step.status for step in outcome.steps] == [StepStatus.UNDONE, StepStatus.UNDONE, StepStatus.FAILED]
    assert f"{SECOND}, line 3" in outcome.message


def test_scripts_beside_a_group_have_transactions_of_their_own(users, target):
    outcome = execute(make_order({**FAILING, THIRD: "CREATE TABLE medals (id int);"}), users, Portal())
    alone = execute(make_order({**TOGETHER, THIRD: "CREATE TABLE medals (id int);"}), users, Portal())

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert alone.status is RunStatus.SUCCEEDED, alone.message
    assert transactions(target) == 2


def test_rollback_of_a_group_is_one_transaction_too(users, target):
    order = make_order({**TOGETHER, **UNDOING})
    execute(order, users, Portal())
    half = {**UNDOING, next(iter(UNDOING)): "ALTER TABLE users DROP COLUMN level;\nSELECT * FROM nowhere;"}

    failed = execute(make_order({**TOGETHER, **half}, kind=RunKind.ROLLBACK), users, Portal())
    kept = there(target)
    undone = execute(make_order({**TOGETHER, **UNDOING}, kind=RunKind.ROLLBACK), users, Portal())

    assert (failed.status, kept) == (RunStatus.FAILED_CLEAN, (True, True))
    assert (undone.status, there(target)) == (RunStatus.ROLLED_BACK, (False, False))


def test_group_with_a_statement_that_no_transaction_holds_is_refused():
    broken = {**TOGETHER, SECOND: f"{GROUP}CREATE INDEX CONCURRENTLY here ON users (name);"}

    with pytest.raises(BadGroup, match=r"release-7 cannot run in one transaction: V20261122_0910__badges\.sql, line 2"):
        groups.refuse_broken(values(broken))


def test_group_with_another_script_between_its_own_is_refused():
    broken = {FIRST: TOGETHER[FIRST], SECOND: "CREATE TABLE badges (id int);", THIRD: f"{GROUP}CREATE TABLE medals (id int);"}

    with pytest.raises(BadGroup, match="other scripts stand between its own"):
        groups.refuse_broken(values(broken))


def test_engine_refuses_a_broken_group_before_anything_is_executed(users, target):
    broken = {**TOGETHER, SECOND: f"{GROUP}CREATE INDEX CONCURRENTLY here ON users (name);"}

    with pytest.raises(BadGroup):
        execute(make_order(broken), users, Portal())

    assert there(target) == (False, False)


def test_directive_stands_on_a_line_of_its_own():
    text = "-- see lockgate: group=other\nSELECT 'x -- lockgate: group=never';"

    assert groups.names_of(values({FIRST: text})) == {}
