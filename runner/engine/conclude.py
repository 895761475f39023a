"""From what the target holds to the run's outcome, after a run as after a crash."""

from governance.orders import Moment, Outcome, RunStatus
from runner.engine import recovery, snapshot, verify
from runner.engine.session import Session
from runner.engine.settle import settle

FINISHED = frozenset({RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK})


def conclude(session: Session, note: str = "", paused: bool = False) -> Outcome:
    """`note` says what ended the run before its time."""
    limits = session.order.manifest.limits
    session.prepare(limits.statement_timeout, limits.statement_timeout)  # reading makes nobody wait
    settled = settle(session)
    checks = verify.at(Moment.AFTER, session.order) + verify.at(Moment.MONITORING, session.order) if settled.status in FINISHED else ()
    results = verify.verify(session, checks, verify.kept_baseline(session)) if checks else ()
    clean = "The target is as it was." if settled.status is RunStatus.FAILED_CLEAN else ""
    return Outcome(
        RunStatus.PAUSED if paused else settled.status,
        checks=results,
        applied=settled.applied,
        message=" ".join(filter(None, (note, settled.message, clean))),
        recovery=recovery.kept(session),
        schema=None if settled.status is RunStatus.FAILED_CLEAN else snapshot.read(session.connection),
    )
