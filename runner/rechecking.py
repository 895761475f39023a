"""Asks the checks that hold for as long as a change is watched again, in its monitoring period."""

from dataclasses import replace
from uuid import UUID

import psycopg

from governance import handoff
from governance.errors import TargetRefused
from governance.orders import CheckResult, Moment, Order, Verdict
from runner.engine import verify
from runner.engine.session import reading_session
from runner.targets import connection_string, with_service

ALONE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"  # until the session ends


def check_after(run: UUID) -> None:
    """Once. What cannot be asked is unknown, with the reason."""
    order = handoff.watched_order(run)
    checks = verify.at(Moment.MONITORING, order) if order else ()
    if not order or not checks:
        return
    try:
        results = _asked(with_service(replace(order, checks=checks)))
    except (TargetRefused, psycopg.Error) as error:
        why = str(error).partition("\n")[0] if isinstance(error, TargetRefused) else "the connection was lost"
        results = tuple(CheckResult(each.name, each.question, each.moment, Verdict.UNKNOWN, why, each.severity) for each in checks)
    handoff.keep_answers(run, results)


def _asked(order: Order) -> tuple[CheckResult, ...]:
    """Compared with what was kept in the target before the run. Nothing while another worker asks the same."""
    with reading_session(order, connection_string(order.target, order.connection)) as session:
        if session.connection.execute(ALONE, [f"lockgate check {order.run}"]).fetchone() != (True,):
            return ()
        return verify.verify(session, order.checks, verify.kept_baseline(session))
