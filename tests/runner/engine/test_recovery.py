"""Where a recovery of the server could go back to, recorded before anything is executed."""

import uuid

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from governance.orders import RunStatus
from runner.engine.execute import execute
from runner.engine.recovery import NOT_GRANTED
from tests.runner.orders import Portal, make_order

ADD = {"V20261122_0900__add_levels.sql": "ALTER TABLE users ADD COLUMN level int;"}
FAIL = {"V20261122_0900__fail.sql": "SELECT * FROM nowhere;"}


@pytest.fixture
def unprivileged(users, target):
    """URL of a role that owns the tables, and nothing more."""
    name = f"poor_{uuid.uuid4().hex[:12]}"
    role = sql.Identifier(name)
    target.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'poor'").format(role))
    target.execute(sql.SQL("ALTER TABLE users OWNER TO {}; GRANT CREATE ON SCHEMA public TO {}").format(role, role))
    target.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(target.info.dbname), role))
    yield make_conninfo(users, user=name, password="poor")
    target.execute(sql.SQL("DROP OWNED BY {} CASCADE; DROP ROLE {}").format(role, role))


def test_position_and_restore_point_are_recorded_and_unavailable_is_said_where_nothing_is_archived(users, target):
    order = make_order(ADD, recoverable=True)

    recovery = execute(order, users, Portal()).recovery

    assert recovery.name == f"lockgate {order.run}"
    assert recovery.unavailable == "archive_mode is off"
    later = target.execute("SELECT pg_current_wal_lsn() > %s::pg_lsn", [recovery.lsn]).fetchone()
    assert later == (True,)


def test_attempt_that_goes_on_keeps_the_first_point(users):
    order = make_order(FAIL, recoverable=True)
    first = execute(order, users, Portal())

    second = execute(order, users, Portal())

    assert first.status is second.status is RunStatus.FAILED_CLEAN
    assert first.recovery == second.recovery


def test_below_production_nothing_is_recorded(users, target):
    assert execute(make_order(ADD), users, Portal()).recovery is None
    assert target.execute("SELECT to_regclass('lockgate.recovery')").fetchone() == (None,)


def test_role_without_the_right_gets_the_position_alone_and_that_is_said(users, target, unprivileged):
    recovery = execute(make_order(ADD, recoverable=True), unprivileged, Portal()).recovery

    assert recovery.lsn
    assert recovery.name == ""
    assert recovery.unavailable == f"archive_mode is off; {NOT_GRANTED}"
