"""Entry points of the queue: claim a row, let the engine work, hand the outcome back. Delivered twice or late, they find nothing to do."""

import logging
from collections.abc import Callable
from uuid import UUID

import psycopg

from governance import handoff
from governance.errors import Refusal, TargetBusy
from governance.orders import ObservationOrder, Observed, Order, Outcome, RehearsalOrder, Rehearsed, RunStatus, Step, Verdict, Wish
from portal.embedded import binaries
from runner.engine.execute import execute, reconcile
from runner.engine.facts import read_facts
from runner.engine.rehearse import rehearse as rehearse_pair
from runner.engine.session import connect
from runner.engine.snapshot import read as read_schema
from runner.heart import Heart
from runner.targets import connection_string, rehearsal_server
from runner.wake import wake

logger = logging.getLogger(__name__)


def run(row: str) -> None:
    _run(handoff.claim("run", UUID(row)), execute)


def _run(claim: handoff.Claim | None, work: Callable[..., Outcome]) -> None:
    """Execute or reconcile, then tell. A busy target gives the run back to the queue, any other refusal ends it unharmed."""
    if claim is None or not isinstance(claim.order, Order):
        return
    order = claim.order

    def progress(step: Step | None) -> Wish:
        return handoff.progress(claim, step) if step else handoff.wish(claim)

    with Heart(claim):
        try:
            outcome = work(order, connection_string(order.target, order.connection), progress)
        except TargetBusy as busy:
            handoff.abandon(claim, busy.message)
            return
        except handoff.ClaimLost:
            logger.warning("Run %s was taken over; this worker stops.", order.run)
            return
        except Refusal as refusal:
            outcome = Outcome(RunStatus.FAILED_CLEAN, message=refusal.message)
        handoff.finish_run(claim, outcome)


def rehearse(row: str) -> None:
    claim = handoff.claim("rehearse", UUID(row))
    if claim is None or not isinstance(claim.order, RehearsalOrder):
        return
    order = claim.order
    with Heart(claim):
        try:
            target = connection_string(order.target, order.connection)
            rehearsed = rehearse_pair(order, target, rehearsal_server(), binaries())
        except Refusal as refusal:
            rehearsed = Rehearsed(Verdict.UNKNOWN, (), message=refusal.message)
        handoff.finish_rehearsal(claim, rehearsed)


def observe(row: str) -> None:
    claim = handoff.claim("observe", UUID(row))
    if claim is None or not isinstance(claim.order, ObservationOrder):
        return
    with Heart(claim):
        handoff.finish_observation(claim, _observed(claim.order))


def _observed(order: ObservationOrder) -> Observed:
    try:
        with connect(order.target, connection_string(order.target, order.connection), f"lockgate {order.observation}") as connection:
            return Observed(read_facts(connection, order.target), read_schema(connection))
    except Refusal as refusal:
        return Observed(None, message=refusal.message)
    except psycopg.Error as error:
        return Observed(None, message=f"{order.target} could not be read: {error.diag.message_primary or 'the connection was lost'}")


def reap() -> None:
    """Take over what silent holders left: the target's ledger says what came of a run; everything else is simply done again."""
    for kind, row in handoff.lost():
        claim = handoff.reclaim(kind, row)
        if claim and kind == "run":
            _run(claim, reconcile)
        elif claim:
            handoff.abandon(claim, "its worker died")


def dispatch() -> None:
    """Ring again for every row that waits: a bell can be lost, a row cannot."""
    for kind, row in handoff.due():
        wake(kind, row)


def beat() -> None:
    handoff.cluster_beat()
