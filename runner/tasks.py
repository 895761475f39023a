"""Entry points of the queue: claim a row, let the engine work, hand the outcome back. Delivered twice or late, they find nothing to do."""

import logging
import time
from dataclasses import replace
from uuid import UUID

import psycopg
from django.conf import settings

from governance import handoff
from governance.errors import Refusal, TargetBusy, TargetRefused
from governance.orders import (
    ObservationOrder,
    Observed,
    Order,
    Outcome,
    RecheckOrder,
    RehearsalOrder,
    Rehearsed,
    RunStatus,
    Step,
    Verdict,
    Wish,
)
from governance.sending import Letter
from portal.embedded import binaries
from runner.engine.execute import execute
from runner.engine.facts import read_facts
from runner.engine.grants import names_of, needs
from runner.engine.post import post
from runner.engine.reconcile import reconcile, resolve
from runner.engine.rehearse import rehearse as rehearse_pair
from runner.engine.session import connect
from runner.engine.snapshot import read as read_schema
from runner.heart import Heart
from runner.mailing import mail
from runner.rechecking import asked_again, check_after
from runner.scratch_server import scratch_server
from runner.targets import connection_string, with_service
from runner.wake import wake
from runner.watching import Watching, measure_after

logger = logging.getLogger(__name__)
DELIVER_FOR = 20.0  # seconds


def run(row: str) -> None:
    claim = handoff.claim("run", UUID(row))
    if claim is None or not isinstance(claim.order, Order):
        return
    with Heart(claim):
        try:
            with Watching(claim, claim.order):
                outcome = _executed(claim, claim.order)
            handoff.finish_run(claim, outcome)
        except TargetBusy as busy:
            handoff.abandon(claim, busy.message)
        except handoff.ClaimLost:
            logger.warning("Run %s was taken over; this worker stops.", row)


def _executed(claim: handoff.Claim, order: Order) -> Outcome:
    """Raises TargetBusy, ClaimLost."""

    def progress(step: Step) -> Wish:
        return handoff.progress(claim, step)

    try:
        conninfo = connection_string(order.target, order.connection)
        return execute(with_service(order), conninfo, progress)
    except (TargetBusy, handoff.ClaimLost):
        raise
    except Refusal as refusal:
        # Refused before anything was executed now; but an earlier attempt of the same run may have left something.
        return _after_earlier_attempt(order, refusal.message) if claim.again else Outcome(RunStatus.FAILED_CLEAN, message=refusal.message)
    except psycopg.Error:
        return resolve(order, conninfo)


def _after_earlier_attempt(order: Order, why: str) -> Outcome:
    try:
        found = resolve(order, connection_string(order.target, order.connection))
    except TargetRefused as refusal:
        found = Outcome(RunStatus.INDETERMINATE, message=refusal.message)
    return replace(found, message=f"{why} {found.message}")


def reap() -> None:
    """Take over what silent holders left: the target's ledger says what came of a run; everything else is simply done again."""
    for kind, row in handoff.lost():
        claim = handoff.reclaim(kind, row)
        if claim is None:
            continue
        if isinstance(claim.order, Order):
            _reconcile(claim, claim.order)
        else:
            handoff.give_back(claim)


def _reconcile(claim: handoff.Claim, order: Order) -> None:
    with Heart(claim):
        try:
            handoff.finish_run(claim, reconcile(with_service(order), connection_string(order.target, order.connection)))
        except TargetBusy as busy:
            logger.info("Run %s: %s", order.run, busy.message)
            handoff.let_go(claim)  # its old backend still works in the target: look again later
        except TargetRefused as refusal:
            handoff.finish_run(claim, Outcome(RunStatus.INDETERMINATE, message=refusal.message))


def rehearse(row: str) -> None:
    claim = handoff.claim("rehearse", UUID(row))
    if claim is None or not isinstance(claim.order, RehearsalOrder):
        return
    with Heart(claim):
        handoff.finish_rehearsal(claim, _rehearsed(claim.order))


def _rehearsed(order: RehearsalOrder) -> Rehearsed:
    """On a fuller server where the usual one lacks extensions; where both do, it is said of the usual one."""
    try:
        target = connection_string(order.target, order.connection)
        found = _rehearsed_with(order, target, ())
        again = _rehearsed_with(order, target, found.missing) if found.missing else found
        return found if again.missing else again
    except Refusal as refusal:
        return Rehearsed(Verdict.UNKNOWN, (), message=refusal.message)


def _rehearsed_with(order: RehearsalOrder, target: str, extensions: tuple[str, ...]) -> Rehearsed:
    with scratch_server(extensions) as server:
        return rehearse_pair(order, target, server, binaries())


def observe(row: str) -> None:
    claim = handoff.claim("observe", UUID(row))
    if claim is None or not isinstance(claim.order, ObservationOrder):
        return
    with Heart(claim):
        handoff.finish_observation(claim, _observed(claim.order))


def _observed(order: ObservationOrder) -> Observed:
    try:
        with connect(order.target, connection_string(order.target, order.connection), f"lockgate {order.observation}") as connection:
            facts = replace(read_facts(connection, order.target), needs=needs(connection, names_of(connection, order.role)))
            return Observed(facts, read_schema(connection))
    except Refusal as refusal:
        return Observed(None, message=refusal.message)
    except psycopg.Error as error:
        return Observed(None, message=f"{order.target} could not be read: {error.diag.message_primary or 'the connection was lost'}")


def deliver(_row: str = "") -> None:
    """Everything that is due, whichever row was rung for; what is left after a while is for another task, so that runs find a worker."""
    ends = time.monotonic() + DELIVER_FOR
    while time.monotonic() < ends and (what := handoff.take_delivery()):
        began = time.monotonic()
        result = mail(what) if isinstance(what, Letter) else post(what, settings.WEBHOOK_HOSTS)
        handoff.sent(what, result, time.monotonic() - began)


def dispatch() -> None:
    """Ring again for every row that waits: a bell can be lost, a row cannot."""
    for kind, row in handoff.due():
        wake(kind, row)


def measure(row: str) -> None:
    """Of a run in its monitoring period; delivered twice, it is measured twice."""
    measure_after(UUID(row))


def ask_again(row: str) -> None:
    """The checks of a run in its monitoring period; delivered twice, they are asked once."""
    check_after(UUID(row))


def recheck(row: str) -> None:
    claim = handoff.claim("recheck", UUID(row))
    if claim is None or not isinstance(claim.order, RecheckOrder):
        return
    with Heart(claim):
        try:
            handoff.finish_recheck(claim, asked_again(claim, claim.order))
        except handoff.ClaimLost:
            logger.warning("Recheck %s was taken over; this worker stops.", row)


def clear_away() -> None:
    cleared = handoff.clear_away()
    logger.info("%d notices and deliveries were cleared away.", cleared)


def beat() -> None:
    handoff.cluster_beat()
