import time
from dataclasses import replace

import pytest

from governance.errors import Irreversible, NothingToUndo, TargetDiffers
from governance.orders import RunKind, RunStatus, ScriptKind
from runner.engine.execute import execute
from tests.runner.orders import Portal, make_order

PAIRS = {
    "V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;",
    "V20261122_0910__index_levels.sql": "CREATE INDEX CONCURRENTLY users_level ON users (level);",
    "R20261122_0900__rollback_add_levels.sql": "ALTER TABLE users DROP COLUMN level;",
    "R20261122_0910__rollback_index_levels.sql": "DROP INDEX CONCURRENTLY users_level;",
}


def deploy(url, scripts=PAIRS, **changes):
    order = make_order(scripts, **changes)
    return order, execute(order, url, Portal())


def rollback_of(order, **changes):
    return replace(order, run=f"{order.run[:-1]}x", kind=RunKind.ROLLBACK, **changes)


def test_rollback_undoes_in_reverse_and_leaves_the_schema_it_found(users, target):
    before = execute(make_order({"V20261122_0800__nothing.sql": "SELECT 1;"}), users, Portal()).schema
    order, deployed = deploy(users, counted=("public.users",))

    outcome = execute(rollback_of(order), users, Portal())

    assert outcome.status is RunStatus.ROLLED_BACK, outcome.message
    assert [step.script[:14] for step in outcome.steps] == ["R20261122_0910", "R20261122_0900"]
    assert outcome.schema.fingerprint == before.fingerprint != deployed.schema.fingerprint
    assert outcome.applied == ()
    assert [result.evidence for result in outcome.checks] == ["1,000 before, 1,000 after"]
    types = target.execute("SELECT version, type FROM flyway_schema_history WHERE installed_rank > 3 ORDER BY installed_rank").fetchall()
    assert types == [("20261122.0910", "DELETE"), ("20261122.0900", "DELETE")]


def test_rollback_takes_back_only_what_is_applied(users):
    scripts = {**PAIRS, "V20261122_0910__index_levels.sql": "CREATE INDEX CONCURRENTLY users_level ON users (nothing);"}
    order, deployed = deploy(users, scripts)

    outcome = execute(rollback_of(order), users, Portal())

    assert deployed.status is RunStatus.FAILED_DIRTY
    assert outcome.status is RunStatus.ROLLED_BACK, outcome.message
    assert [step.script[:14] for step in outcome.steps] == ["R20261122_0900"]


def test_rollback_of_nothing_is_refused(users):
    order = make_order(PAIRS, kind=RunKind.ROLLBACK)

    with pytest.raises(NothingToUndo, match="nothing to roll back"):
        execute(order, users, Portal())


def test_applied_change_without_rollback_script_is_refused(users, target):
    scripts = {name: text for name, text in PAIRS.items() if not name.startswith("R20261122_0900")}
    order, _ = deploy(users, scripts)

    with pytest.raises(Irreversible, match="restore plan"):
        execute(rollback_of(order), users, Portal())

    assert target.execute("SELECT to_regclass('users_level') IS NOT NULL").fetchone() == (True,)


def until_gone(target, order):
    """The server takes a moment to end the session of an attempt that is over."""
    deadline = time.monotonic() + 5
    while target.execute("SELECT FROM pg_stat_activity WHERE application_name = %s", [f"lockgate {order.run}"]).rowcount:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_failed_rollback_says_what_is_still_there_and_can_go_on(users, target):
    order, _ = deploy(users)
    target.execute("CREATE VIEW levels AS SELECT level FROM users")

    failed = execute(rollback_of(order), users, Portal())
    target.execute("DROP VIEW levels")
    until_gone(target, order)
    resumed = execute(rollback_of(order), users, Portal())

    assert failed.status is RunStatus.FAILED_DIRTY
    assert failed.applied == ("20261122_0900",)
    assert "(2BP01)" in failed.message
    assert resumed.status is RunStatus.ROLLED_BACK, resumed.message


def test_rollback_executed_again_does_nothing_twice(users, target):
    order, _ = deploy(users)
    execute(rollback_of(order), users, Portal())

    outcome = execute(rollback_of(order), users, Portal())

    assert outcome.status is RunStatus.ROLLED_BACK
    assert target.execute("SELECT count(*) FROM flyway_schema_history").fetchone() == (4,)


def test_change_can_be_deployed_again_after_its_rollback_by_a_new_run_only(users):
    order, _ = deploy(users)
    execute(rollback_of(order), users, Portal())

    with pytest.raises(TargetDiffers, match="rolled back since"):
        execute(order, users, Portal())
    _, again = deploy(users)

    assert again.status is RunStatus.SUCCEEDED, again.message


def test_rollback_scripts_are_not_part_of_a_deployment(users):
    order, outcome = deploy(users)

    assert len(order.scripts(ScriptKind.ROLLBACK)) == 2
    assert {step.script[0] for step in outcome.steps} == {"V"}
