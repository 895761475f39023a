"""What became of a run whose runner, server or connection died in the middle."""

import time

import psycopg

from governance.errors import TargetBusy, TargetRefused
from governance.orders import Order, Outcome, RunKind, RunStatus
from runner.engine.conclude import conclude
from runner.engine.preflight import refuse_company
from runner.engine.session import open_session

PATIENCE = 30.0  # seconds to wait for a server to come back, or for an orphaned backend to end
POLL = 0.5


def reconcile(order: Order, conninfo: str) -> Outcome:
    """Executes nothing of the order; asks the target, and answers with a final status.

    Raises:
        TargetBusy: the run's backend still works there, so nothing is final yet.
        TargetRefused: the target cannot be asked.
    """
    with open_session(order, conninfo) as session:
        refuse_company(session)
        if order.kind is RunKind.DRY_RUN:
            return Outcome(RunStatus.FAILED_CLEAN, message="The dry run was interrupted; it leaves nothing behind.")
        return conclude(session, "The run was interrupted.")


def resolve(order: Order, conninfo: str) -> Outcome:
    """As `reconcile`, for a run that lost its connection: waits for the target, and says so when it does not come back."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return reconcile(order, conninfo)
        except (TargetBusy, TargetRefused, psycopg.OperationalError) as error:
            why = str(error)
        if time.monotonic() > deadline:
            return Outcome(RunStatus.INDETERMINATE, message=f"The connection was lost, and what was applied cannot be known yet. {why}")
        time.sleep(POLL)
