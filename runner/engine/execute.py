"""Executes an order on its target: preflight, scripts, checks; and an outcome that says what the target holds now."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random

import psycopg

from governance import groups
from governance.errors import Refusal
from governance.orders import Moment, Order, Outcome, RunKind, RunStatus, Script, Wish
from runner.engine import ledger, recovery, retry, verify
from runner.engine.company import Company, in_company
from runner.engine.conclude import FINISHED, conclude
from runner.engine.dry_run import dry_run
from runner.engine.monitor import watch
from runner.engine.preflight import Readiness, preflight
from runner.engine.reconcile import reconcile, resolve
from runner.engine.scripts import run_unit
from runner.engine.session import Session, helping_session, open_session
from runner.engine.steps import Executor, Progress, Steps, Stopped
from runner.engine.work import Paused, Reports, ScriptFailed, Work

__all__ = ["execute", "reconcile"]

WAL_POSITION = "SELECT pg_current_wal_insert_lsn()::text"
WAL_SINCE = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)::bigint"


def execute(order: Order, conninfo: str, progress: Progress, random: Random | None = None) -> Outcome:
    """Execute the order, telling `progress` of each step as it starts and ends; it answers what a person wants.

    Once anything may have been executed there is an outcome, whatever happens to the target. An order executed again goes on
    where the target's ledger says that it stands.

    Raises:
        Refusal: the order cannot be executed; the target is as it was.
    """
    began, random = time.monotonic(), random or Random(order.run)
    for attempt in count(1):
        try:
            outcome, again = _attempt(order, conninfo, progress, random)
        except Refusal as refusal:
            if attempt == 1:
                raise
            outcome, again = replace(outcome, message=f"{outcome.message} {refusal.message}"), False
        if not again or attempt > order.manifest.limits.restarts:
            return replace(outcome, seconds=time.monotonic() - began)
        time.sleep(retry.pause(attempt, order.manifest.limits, random))
    raise AssertionError


def _attempt(order: Order, conninfo: str, progress: Progress, random: Random) -> tuple[Outcome, bool]:
    """One session's outcome; and whether another session may go on, because an administrator ended this one and the ledger knows all."""
    with open_session(order, conninfo) as session:
        ready = preflight(session)
        steps, again = Steps(ready.scripts, progress), False
        try:
            outcome = _execute(session, conninfo, ready, steps, random)
        except psycopg.Error as error:
            if not session.connection.closed:
                raise
            outcome = _resolved(order, conninfo, steps)
            again = retry.go_on(error.sqlstate, outcome.status) and steps.undisturbed
    return replace(outcome, steps=steps.all()), again


def _execute(session: Session, conninfo: str, ready: Readiness, steps: Steps, random: Random) -> Outcome:
    with watch(session, conninfo) as monitor, ThreadPoolExecutor(max_workers=1) as pool:
        executor, helper = Executor(session.connection, monitor, steps, pool), partial(helping_session, session, conninfo)
        with Company(steps, helper) as company:
            work = Work(in_company(session, company), executor, steps, random, _reports(ready), helper)
            position = session.connection.execute(WAL_POSITION).fetchone()
            outcome = dry_run(work, ready) if session.order.kind is RunKind.DRY_RUN else _change(work, ready)
        written = session.connection.execute(WAL_SINCE, position).fetchone()
    return replace(outcome, longest_lock=work.longest_lock, wal_bytes=written[0] if written else 0)


def _reports(ready: Readiness) -> Reports:
    return {(report.script, report.line, report.statement): report for report in (*ready.analysis.statements, *ready.analysis.undoing)}


def _change(work: Work, ready: Readiness) -> Outcome:
    """A deployment or a rollback."""
    session = work.session
    ledger.create(session)
    if session.order.recoverable:
        recovery.keep(session)
    try:
        before = verify.keep_baseline(session)
        results = () if ready.done else verify.verify(session, verify.at(Moment.BEFORE, session.order), before)
    except (Stopped, Paused) as early:
        return conclude(session, str(early), paused=isinstance(early, Paused))
    wrong = verify.first_wrong(results)
    if wrong:
        message = f"Nothing was executed: before it, the check “{wrong.name}” did not pass ({wrong.evidence})."
        return Outcome(RunStatus.FAILED_CLEAN, checks=results, message=message)
    ended = _run_scripts(work, ready, before)
    outcome = conclude(session, str(ended or ""), paused=isinstance(ended, Paused))
    return replace(outcome, checks=(*results, *work.checks, *outcome.checks))


def _run_scripts(work: Work, ready: Readiness, before: verify.Baseline) -> Exception | None:
    """What ended the run before its last script, if anything did."""
    last = next((script for script in reversed(ready.remaining) if script.transactional), None)
    try:
        for unit in groups.units(ready.scripts, groups.names_of(work.session.order.manifest.scripts)):
            for script in unit:
                if script.name in ready.done:
                    work.steps.skip(script, "already applied")
            left = tuple(script for script in unit if script.name not in ready.done)
            if not left:
                continue
            _heed(work.steps, left[0], ready)
            # Only behind the last script is everything there that a check may ask for.
            checks = verify.at(Moment.IN_TRANSACTION, work.session.order) if last in left else ()
            run_unit(work, left, checks, before)
    except (ScriptFailed, Stopped, Paused) as ended:
        return ended
    return None


def _heed(steps: Steps, script: Script, ready: Readiness) -> None:
    """At the boundary before the script."""
    steps.heed()
    if steps.wish is Wish.PAUSE and script is not ready.remaining[0]:
        raise Paused(f"Paused before {script.name}.")


def _resolved(order: Order, conninfo: str, steps: Steps) -> Outcome:
    """The outcome after the connection was lost, and what that says about the steps that were under way."""
    outcome = resolve(order, conninfo)
    for script in order.manifest.scripts:
        if outcome.status in FINISHED or (order.kind is RunKind.DEPLOY and script.version in outcome.applied):
            steps.finish(script)
        elif outcome.status is not RunStatus.INDETERMINATE:
            steps.fail(script, "the connection was lost")
    return outcome
