"""Random kinds of scripts, random faults at random points: what is left is always known, and a later attempt completes it.

A few examples in `make test`, a thousand in `make faults` (the environment's FAULTS says how many).
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import psycopg
import pytest

from governance.errors import Refusal, TargetBusy
from governance.orders import Order, RunStatus
from runner.engine import reconcile, snapshot, sweep
from runner.engine.execute import execute
from tests.faults.conftest import locks_are_free
from tests.runner.engine.conftest import USERS
from tests.runner.engine.proxy import Proxy, proxied
from tests.runner.engine.test_backfill import COUNTED
from tests.runner.orders import Portal, make_order

EXAMPLES = int(os.environ.get("FAULTS", "4"))
KINDS = {
    "transaction": ("V20261122_0900__level.sql", "ALTER TABLE users ADD COLUMN level int;\nUPDATE users SET level = 1 WHERE id < 50;"),
    "index": (
        "V20261122_0910__index.sql",
        "CREATE INDEX CONCURRENTLY users_name ON users (name);\nCREATE UNIQUE INDEX CONCURRENTLY users_id ON users (id);",
    ),
    "backfill": ("V20261122_0920__fill.sql", "-- lockgate: batched max_rows=100\nUPDATE users SET length = length(name);"),
    "copy": (
        "V20261122_0930__copy.sql",
        "-- lockgate: batched max_rows=200 workers=2\nINSERT INTO names SELECT id, name FROM users WHERE id > 9 ON CONFLICT DO NOTHING;",
    ),
}
SET_UP = f"{USERS}{COUNTED} CREATE TABLE names (id int PRIMARY KEY, name text); ANALYZE users;"
SETTLED = {RunStatus.SUCCEEDED, RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY}
LONGEST = 400  # words of the server in the longest of these runs


@dataclass(frozen=True, slots=True)
class Held:
    """What a target holds: schema, rows, and what its ledger says."""

    fingerprint: str
    rows: str
    written: int  # how often at most one row was
    applied: tuple[str, ...]


class Breaking(Proxy):
    """Breaks something at the server's n-th word."""

    at = 0
    words = 0
    fault: Callable[[], bool] = staticmethod(lambda: False)

    def cuts(self, data: bytes) -> bool:
        self.words += 1
        return self.words == self.at and self.fault()


def held(connection: psycopg.Connection) -> Held:
    reading = snapshot.read(connection)
    # the column `level` comes with a script
    rows = "SELECT md5(string_agg(to_jsonb(users)::text, ';' ORDER BY id)), max(written) FROM users"
    names = "SELECT md5(coalesce(string_agg(concat_ws(',', id, name), ';' ORDER BY id), '')) FROM names"
    (users, written), (copied,) = connection.execute(rows).fetchone(), connection.execute(names).fetchone()
    return Held(reading.fingerprint, users + copied, written, applied(connection))


def applied(connection: psycopg.Connection) -> tuple[str, ...]:
    if connection.execute("SELECT to_regclass('flyway_schema_history')").fetchone() == (None,):
        return ()
    return tuple(version for (version,) in connection.execute("SELECT version FROM flyway_schema_history ORDER BY installed_rank"))


def faults(admin: psycopg.Connection, order: Order) -> dict[str, Callable[[], bool]]:
    """Each answers whether the connection is cut, too."""
    ours = f"FROM pg_stat_activity WHERE application_name = 'lockgate {order.run}'"

    def tell(function: str, cut: bool) -> Callable[[], bool]:
        def fault() -> bool:
            admin.execute(f"SELECT {function}(pid) {ours}".encode())
            return cut

        return fault

    return {
        "answer lost": lambda: True,
        "sessions terminated": tell("pg_terminate_backend", False),
        "statements cancelled": tell("pg_cancel_backend", False),
        "sessions terminated unheard": tell("pg_terminate_backend", True),
    }


def attempt(order: Order, conninfo: str) -> RunStatus:
    """As a worker does it, whatever happens."""
    try:
        return execute(order, conninfo, Portal()).status
    except (Refusal, psycopg.Error):
        return reconcile.resolve(order, conninfo).status


def completed(order: Order, url: str) -> RunStatus:
    for _ in range(20):
        with suppress(TargetBusy):
            status = execute(order, url, Portal()).status
            if status is RunStatus.SUCCEEDED:
                return status
        time.sleep(0.1)
    return status


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_any_fault_at_any_point_leaves_a_target_that_a_later_attempt_completes(make_database, monkeypatch, seed):
    monkeypatch.setattr(sweep, "FIRST_SIZE", 50)
    random = Random(seed)
    chosen = [kind for kind in KINDS if random.random() < 0.6] or [random.choice(list(KINDS))]
    order = make_order(dict(KINDS[kind] for kind in chosen))
    undisturbed, url = make_database(SET_UP), make_database(SET_UP)
    execute(order, undisturbed, Portal())

    with psycopg.connect(url, autocommit=True) as admin, psycopg.connect(undisturbed, autocommit=True) as other:
        before, wanted = held(admin), held(other)
        possible = faults(admin, order)
        name = random.choice(list(possible))
        with proxied(url, Breaking) as (proxy, conninfo):
            proxy.fault, proxy.at = possible[name], int(LONGEST ** random.random())
            status = attempt(order, conninfo)
        disturbed = held(admin)
        last = completed(order, url)
        after = held(admin)
        free = locks_are_free(admin)

    assert status in SETTLED, name
    assert (status is RunStatus.SUCCEEDED) == (disturbed == wanted), name
    assert status is not RunStatus.FAILED_CLEAN or disturbed == before, name
    assert last is RunStatus.SUCCEEDED, name
    assert after == wanted, name
    assert free
