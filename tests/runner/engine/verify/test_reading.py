"""A long reading of a table: told, paused, stopped, and out of others' way."""

import threading

import psycopg
import pytest

from governance.orders import CHECKING, RunStatus, Verdict, Wish
from governance.validation.uses import read_use
from runner.engine.execute import execute
from runner.engine.verify import reading
from tests.runner.orders import Portal, make_order
from tests.runner.scene import until

SCRIPTS = {"V20261122_0900__level.sql": "ALTER TABLE users ADD COLUMN level integer;"}


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    """A thousand rows are many ranges, and every one of them is told."""
    monkeypatch.setattr(reading, "FIRST_SIZE", 50)
    monkeypatch.setattr(reading, "WIDEST", 1.0)
    monkeypatch.setattr(reading, "LOOK", 0.0)


@pytest.fixture
def order(target):
    target.execute("ANALYZE users")
    return make_order(SCRIPTS, checks=(read_use("checksum of public.users"),))


def columns(target) -> int:
    return target.execute("SELECT count(*) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0").fetchone()[0]


def told(portal: Portal) -> list[str]:
    return [step.statement for step in portal.told if step.position == CHECKING]


class Behind(Portal):
    """Wants something once the statements are done."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish

    def __call__(self, step):
        super().__call__(step)
        done = any(each.position == 1 for each in self.told)
        return self.wish if done and step.position == CHECKING else Wish.NONE


def test_reading_tells_how_far_it_is_before_and_behind_the_change(users, order):
    portal = Portal()

    outcome = execute(order, users, portal)

    seen = [step.activity for step in portal.told if step.position == CHECKING]
    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert [step.position for step in outcome.steps] == [1]
    assert {each.phase for each in seen} == {"reading public.users"}
    assert {each.total for each in seen} == {1000}
    assert len({each.done for each in seen}) > 5


def test_stop_before_the_change_leaves_the_target_as_it_was(users, order, target):
    outcome = execute(order, users, Portal({CHECKING: Wish.STOP}))

    assert outcome.status is RunStatus.FAILED_CLEAN
    assert outcome.message.startswith("Stopped on request. Not applied")
    assert columns(target) == 2


def test_paused_reading_goes_on_behind_the_last_range(users, order, target):
    seen = []

    def pause_later(step):
        seen.append(step)
        return Wish.PAUSE if len(seen) > 5 else Wish.NONE

    paused = execute(order, users, pause_later)
    kept = target.execute("SELECT count(*) FROM lockgate.chunk").fetchone()[0]
    resumed = execute(order, users, Portal())

    assert paused.status is RunStatus.PAUSED
    assert "Paused while reading public.users, after" in paused.message
    assert kept > 0
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert resumed.checks[0].evidence == "1,000 rows, none differs"
    assert target.execute("SELECT sum(rows)::int, count(*) = max(number) FROM lockgate.chunk").fetchone() == (1000, True)


def test_stop_behind_the_change_leaves_its_answer_unknown(users, order, target):
    outcome = execute(order, users, Behind(Wish.STOP))

    assert outcome.status is RunStatus.SUCCEEDED
    assert (outcome.checks[0].verdict, outcome.checks[0].evidence.partition(";")[0]) == (
        Verdict.UNKNOWN,
        "a person stopped it before it was done",
    )
    assert columns(target) == 3


def test_pause_behind_the_change_is_resumed_with_what_is_left_to_read(users, order, target):
    paused = execute(order, users, Behind(Wish.PAUSE))
    agreed = target.execute("SELECT count(*) FROM lockgate.chunk WHERE agreed").fetchone()[0]
    resumed = execute(order, users, Portal())

    assert paused.status is RunStatus.PAUSED
    assert agreed < 20
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert resumed.checks[0].verdict is Verdict.PASSED


def test_reading_gives_way_to_whoever_waits_for_the_table(users, order):
    """Its own lock would make them wait until it has read everything."""
    with psycopg.connect(users, autocommit=True, application_name="client") as client, psycopg.connect(users, autocommit=True) as watch:
        waiting = threading.Thread(target=client.execute, args=["BEGIN; LOCK TABLE users; COMMIT"])
        portal = _Starting(waiting, watch)

        outcome = execute(order, users, portal)

        waiting.join(5)
    assert any("rests: client (pid" in text for text in told(portal))
    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert outcome.checks[0].evidence == "1,000 rows, none differs"


class _Starting(Portal):
    """Somebody wants the table while it is read."""

    def __init__(self, thread: threading.Thread, watch: psycopg.Connection) -> None:
        super().__init__()
        self.thread, self.watch = thread, watch

    def __call__(self, step):
        answer = super().__call__(step)
        reading = step.position == CHECKING and step.activity.done > 0  # so that it holds its lock
        if reading and not self.thread.ident:
            self.thread.start()
            until(lambda: self.watch.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass").fetchone())
        return answer
