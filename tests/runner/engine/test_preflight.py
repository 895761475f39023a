from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from governance.analysis import Change, analyse
from governance.digest import release_digest
from governance.errors import DigestChanged, NewBlocker, TargetBusy, TargetDiffers
from governance.orders import Release, RunStatus
from runner.engine.execute import execute
from runner.engine.facts import read_facts
from runner.engine.preflight import verify_digests
from tests.runner.orders import Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;"}


def released(**changes):
    order = make_order(ADD)
    times = datetime(2026, 11, 22, 22, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=UTC)
    release = replace(Release(order.script_digest, (order.target,), *times, "policy 1"), **changes)
    return replace(order, release=release, release_digest=release_digest(release))


def test_order_as_it_was_approved_passes():
    verify_digests(released())


def test_other_text_is_refused():
    order = make_order(ADD)
    other = make_order({"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN  level int;"})

    with pytest.raises(DigestChanged, match="Nothing was executed"):
        verify_digests(replace(order, manifest=other.manifest))


def test_statement_that_is_not_in_the_text_is_refused():
    order = make_order(ADD)
    [script] = order.manifest.scripts
    forged = replace(script, statements=(replace(script.statements[0], text="DROP TABLE users"),))

    with pytest.raises(DigestChanged, match="as it would be executed"):
        verify_digests(replace(order, manifest=replace(order.manifest, scripts=(forged,))))


def test_moved_window_is_refused():
    order = released()

    with pytest.raises(DigestChanged, match="The release is not"):
        verify_digests(replace(order, release=replace(order.release, ends=datetime(2026, 11, 23, tzinfo=UTC))))


def test_release_of_other_scripts_or_for_another_target_is_refused():
    with pytest.raises(DigestChanged, match="The release's set of scripts"):
        verify_digests(released(script_digest="0" * 64))
    with pytest.raises(DigestChanged, match="The target instabids_staging"):
        verify_digests(released(targets=("instabids_production",)))


def test_version_that_somebody_else_applied_is_refused(users):
    execute(make_order(ADD), users, Portal())

    with pytest.raises(TargetDiffers, match="is applied already"):
        execute(make_order(ADD), users, Portal())


def test_earlier_attempt_that_still_works_is_waited_for(users):
    order = make_order(ADD)

    with psycopg.connect(users, application_name=f"lockgate {order.run}"), pytest.raises(TargetBusy, match="still works there"):
        execute(order, users, Portal())


INDEX = {"V20261122_0900__index_names.sql": "CREATE INDEX users_name ON users (name);"}


@pytest.fixture
def grown(target):
    """The table has grown since the approval."""
    target.execute("INSERT INTO users SELECT number, 'user' FROM generate_series(1001, 60000) AS number; ANALYZE users")


@pytest.mark.usefixtures("grown")
def test_blocking_finding_that_was_not_there_at_approval_refuses_the_run(users, target):
    with pytest.raises(NewBlocker, match="line 1: ") as refusal:
        execute(make_order(INDEX), users, Portal())

    assert "instabids_staging has changed since the approval" in refusal.value.message
    assert target.execute("SELECT to_regclass('users_name'), to_regnamespace('lockgate')").fetchone() == (None, None)


@pytest.mark.usefixtures("grown")
def test_blocking_finding_that_was_approved_does_not(users):
    order = make_order(INDEX)
    with pytest.raises(NewBlocker):
        execute(order, users, Portal())

    codes = _blockers(users, order)
    outcome = execute(replace(order, known_blockers=codes), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message


def _blockers(url, order):
    with psycopg.connect(url) as connection:
        return analyse(Change(order.manifest.scripts), read_facts(connection, "")).blocking


def test_what_an_earlier_run_applied_counts_only_while_its_script_is_the_same(users):
    first = make_order(ADD)
    execute(first, users, Portal())
    more = {"V20261122_0910__add_grades.sql": "ALTER TABLE users ADD COLUMN grade int;"}
    altered = {name: f"{text}\n-- altered" for name, text in ADD.items()}

    with pytest.raises(TargetDiffers, match="is applied already"):
        execute(make_order({**altered, **more}, earlier=(first.run,)), users, Portal())
    outcome = execute(make_order({**ADD, **more}, earlier=(first.run,)), users, Portal())

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert [step.note for step in outcome.steps] == ["already applied", ""]
