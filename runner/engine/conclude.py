"""From what the target holds to the run's outcome, after a run as after a crash."""

from collections.abc import Iterable, Sequence

from governance.orders import Check, CheckResult, Judged, Moment, Outcome, RunStatus, Script, StepStatus, Verdict
from runner.engine import recovery, snapshot, verify
from runner.engine.probes import Effect
from runner.engine.session import Session
from runner.engine.settle import Begun, concerned, settle
from runner.engine.steps import Stopped
from runner.engine.work import Paused

STOPPED = "a person stopped it before it was done; its question is open until it is asked again, or superseded with a reason"
FINISHED = frozenset({RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK})
ENDS = {Effect.PRESENT: StepStatus.DONE, Effect.UNKNOWN: StepStatus.UNKNOWN}  # of a statement whose end nobody wrote down
NOTES = {
    Effect.PRESENT: "interrupted; the catalogue says that it took effect",
    Effect.UNKNOWN: "interrupted; no catalogue tells whether it took effect",
    Effect.ABSENT: "interrupted; the catalogue says that it has no effect",
    Effect.LEFTOVER: "interrupted; it left an invalid index",
}


def conclude(session: Session, note: str = "", paused: bool = False) -> Outcome:
    """`note` says what ended the run before its time."""
    limits = session.order.manifest.limits
    session.prepare(limits.statement_timeout, limits.statement_timeout)  # reading makes nobody wait
    settled = settle(session)
    checks = verify.at(Moment.AFTER, session.order) + verify.at(Moment.MONITORING, session.order) if settled.status in FINISHED else ()
    try:
        results = _verified(session, checks)
    except Paused as rest:
        results, note, paused = (), f"{note} {rest}".strip(), True
    clean = "The target is as it was." if settled.status is RunStatus.FAILED_CLEAN else ""
    return Outcome(
        RunStatus.PAUSED if paused else settled.status,
        checks=results,
        applied=settled.applied,
        message=" ".join(filter(None, (note, settled.message, clean))),
        recovery=recovery.kept(session),
        schema=None if settled.status is RunStatus.FAILED_CLEAN else snapshot.read(session.connection),
        judged=_judged(settled.begun, concerned(session)),
    )


def _verified(session: Session, checks: Sequence[Check]) -> tuple[CheckResult, ...]:
    """
    Raises:
        Paused
    """
    before = verify.kept_baseline(session) if checks else {}
    found: list[CheckResult] = []
    for check in checks:
        try:
            found += verify.verify(session, [check], before)
        except Stopped:
            found.append(CheckResult(check.name, check.question, check.moment, Verdict.UNKNOWN, STOPPED, check.severity))
    return tuple(found)


def _judged(begun: Iterable[Begun], scripts: Iterable[Script]) -> tuple[Judged, ...]:
    """Batches are not: their own rows say how far they are."""
    first, position = dict[str, int](), 1
    for script in scripts:
        first[script.name] = position
        position += len(script.statements)
    return tuple(_as_step(each, first[each.script.name] + each.number - 1) for each in begun if each.effect in NOTES)


def _as_step(begun: Begun, position: int) -> Judged:
    statement = begun.script.statements[begun.number - 1]
    status, note = ENDS.get(begun.effect, StepStatus.FAILED), str(begun.told or NOTES[begun.effect])
    return Judged(position, begun.script.name, statement.line, statement.text, status, note)
