"""Asks checks of a run that is over again: in its monitoring period those that hold for as long, at somebody's wish one that is unknown."""

from dataclasses import replace
from functools import partial
from uuid import UUID

import psycopg

from governance import handoff
from governance.errors import TargetRefused
from governance.orders import CheckResult, Moment, Order, Rechecked, RecheckOrder, Verdict
from runner.engine import verify
from runner.engine.company import Company, in_company
from runner.engine.session import helping_session, reading_session
from runner.engine.steps import Steps, Stopped
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
        why = _why(error)
        results = tuple(CheckResult(each.name, each.question, each.moment, Verdict.UNKNOWN, why, each.severity) for each in checks)
    handoff.keep_answers(run, results)


def _asked(order: Order) -> tuple[CheckResult, ...]:
    """Compared with what was kept in the target before the run. Nothing while another worker asks the same."""
    with reading_session(order, connection_string(order.target, order.connection)) as session:
        if session.connection.execute(ALONE, [f"lockgate check {order.run}"]).fetchone() != (True,):
            return ()
        return verify.verify(session, order.checks, verify.kept_baseline(session))


def asked_again(claim: handoff.Claim, order: RecheckOrder) -> Rechecked:
    """As behind the run: with its baseline, in company, and so that others come first.

    Raises:
        ClaimLost
    """
    try:
        conninfo = connection_string(order.of.target, order.of.connection)
        with reading_session(with_service(order.of), conninfo) as session:
            steps = Steps((), partial(handoff.heed_recheck, claim))
            with Company(steps, partial(helping_session, session, conninfo)) as company:
                (found,) = verify.verify(in_company(session, company), order.of.checks, verify.kept_baseline(session))
                return Rechecked(found)
    except Stopped:
        return Rechecked(None, "Stopped on request. What was read is kept: asked again, it goes on there.")
    except (TargetRefused, psycopg.Error) as error:
        return Rechecked(None, f"It could not be asked: {_why(error)}.")


def _why(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") if isinstance(error, TargetRefused) else "the connection was lost"
