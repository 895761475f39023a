"""A batched statement: passes through the table until one finds nothing left to do, resting whenever others would suffer."""

import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, pairwise
from random import Random
from threading import Event

import psycopg

from governance.backfill import backfill_of
from governance.orders import Progress, Script, Wish
from runner.engine import batches, images, journal, retry
from runner.engine.batches import Lane
from runner.engine.journal import Entry
from runner.engine.keys import NoKey, column_types, find_keys, quoted
from runner.engine.sweep import NotGuarded, Sweep, Task
from runner.engine.throttle import Throttle
from runner.engine.verify.batched import Altered, untouched
from runner.engine.work import Paused, ScriptFailed, Work, explain, failed, leave_others_alone

TICK = 0.1  # seconds between two looks at the lanes
TELL = 0.5  # between two words to the portal, and two looks at the others
PASSES = 20
LOOKED = 5.0  # seconds that one look at the whole table may take; of a larger one another pass tells what is left
ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)"


class Restless(Exception):
    """Others write what is still to do as fast as it is done."""


def run_backfill(work: Work, script: Script, number: int) -> None:
    """
    Raises:
        ScriptFailed, Stopped, Paused: between two batches.
        psycopg.OperationalError: the session is lost.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    work.steps.start(work.steps.new(script, number))
    work.steps.heed()
    journal.start(work.session, script, number)
    try:
        rows = _Passes(work, script, number).run()
    except psycopg.Error as error:
        raise _failed(work, script, number, explain(work, error), began) from error
    except (NoKey, NotGuarded, Altered, Restless) as error:
        raise _failed(work, script, number, str(error), began) from error
    journal.finish(work.session, script, number, Entry.DONE)
    work.steps.executed(time.monotonic() - clock, rows)
    work.steps.finish(script)


def _failed(work: Work, script: Script, number: int, why: str, began: datetime) -> ScriptFailed:
    journal.finish(work.session, script, number, Entry.FAILED)
    return failed(work, script, why, began)


class _Passes:
    def __init__(self, work: Work, script: Script, number: int) -> None:
        backfill = backfill_of(script.name, script.statements[number - 1])
        assert backfill
        self._work, self._session, self._script, self._workers = work, work.session, script, backfill.options.workers
        connection, self._began = work.session.connection, time.monotonic()
        self._table, self._step = quoted(*backfill.table), work.steps.current or work.steps.new(script, number)
        self._keys = find_keys(connection, backfill)
        self._job = batches.open_job(work.session, script, number)
        self._total = max(0, (connection.execute(ESTIMATE, [self._table]).fetchone() or (0,))[0])
        beside = None if backfill.inserts else untouched(self._session, self._keys, backfill.table)
        self._task = Task(backfill, self._keys, column_types(connection, backfill), self._job, beside)
        if backfill.options.before_images:
            connection.execute(images.TABLE)

    def run(self) -> int:
        """The number of rows that were written, by earlier attempts too."""
        lanes = () if self._job.finished else batches.lanes(self._session, self._job) or self._planned(1)
        while lanes:
            self._sweep(lanes)
            number = lanes[0].pass_
            if not batches.rows(self._session, self._job, number)[1] or not self._left():
                break
            if number == PASSES:
                raise Restless(f"after {PASSES} passes there are still rows to do: others write the old form as fast as it is changed")
            lanes = self._planned(number + 1)
        batches.finish(self._session, self._job)
        return batches.rows(self._session, self._job, 0)[0]

    def _left(self) -> bool:
        """Whether a row is still to do, or that cannot be told by a look at the table."""
        if self._task.backfill.inserts or self._task.backfill.joined:
            return True
        self._session.prepare(self._session.order.manifest.limits.lock_timeout, LOOKED)
        query = f"SELECT EXISTS (SELECT FROM {self._keys.table} WHERE {self._task.guard})"
        try:
            return self._session.connection.execute(query.encode()).fetchone() != (False,)
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            return True

    def _planned(self, number: int) -> tuple[Lane, ...]:
        for attempt in count(1):
            try:
                return self._plan(number)
            except psycopg.Error as error:
                why = explain(self._work, error)
                if not retry.again(error.sqlstate, attempt, self._session.order.manifest.limits):
                    raise
            leave_others_alone(self._work, self._script, attempt, why)
            self._work.steps.start(self._step)
        raise AssertionError

    def _plan(self, number: int) -> tuple[Lane, ...]:
        """Of a new pass, which ends at the last key that is there now. None in an empty table."""
        connection, limits = self._session.connection, self._session.order.manifest.limits
        self._session.prepare(limits.lock_timeout, limits.online_timeout)
        last, share = self._keys.last(connection), self._total // self._workers
        if last is None:
            return ()
        inner = [self._keys.nth(connection, share * place, None, None) for place in range(1, self._workers)] if share else []
        bounds = [None, *(bound for bound in inner if bound and bound != last), last]
        planned = tuple(Lane(number, lane, low, high) for lane, (low, high) in enumerate(pairwise(bounds), 1) if high)
        batches.plan(self._session, self._job, planned)
        return planned

    def _sweep(self, lanes: tuple[Lane, ...]) -> None:
        with ExitStack() as stack:
            sessions = [self._session, *(stack.enter_context(self._work.helper()) for _ in lanes[1:])]
            throttle = Throttle(stack.enter_context(self._work.helper()), self._keys, self._table)
            task = replace(self._task, go=Event(), halt=Event())
            seeds = Random(self._work.random.random())
            sweeps = [Sweep(session, task, lane, Random(seeds.random())) for session, lane in zip(sessions, lanes, strict=True)]
            pool = stack.enter_context(ThreadPoolExecutor(len(sweeps)))
            before = batches.rows(self._session, self._job, 0)[0]
            heed(task, throttle.why())
            futures = [pool.submit(sweep.run) for sweep in sweeps]
            try:
                self._watch(futures, sweeps, task, throttle, before)
            finally:
                task.halt.set()
            for future in futures:
                future.result()

    def _watch(self, futures: "list[Future[None]]", sweeps: list[Sweep], task: Task, throttle: Throttle, before: int) -> None:
        seen, told = 0, time.monotonic() - TELL
        while wait(futures, TICK, FIRST_EXCEPTION).not_done and not task.halt.is_set():
            now = time.monotonic()
            if now < told + TELL:
                continue
            why = heed(task, throttle.why())
            found = sum(sweep.seen for sweep in sweeps)
            self._tell(sweeps, now - self._began, (found - seen) / (now - told), before, why)
            told, seen = now, found

    def _tell(self, sweeps: list[Sweep], seconds: float, rate: float, before: int, why: str) -> None:
        """Of a pass; the answer says what people want of the run."""
        rows, steps = before + sum(sweep.rows for sweep in sweeps), self._work.steps
        seen, size = sum(sweep.seen for sweep in sweeps), max(sweep.size for sweep in sweeps)
        progress = Progress(rows, seen, self._total or None, rate, size, sweeps[0].lane.pass_, why)
        steps.start(replace(self._step, rows=rows, seconds=seconds, note=f"rests: {why}" if why else "", progress=progress))
        steps.heed()
        if steps.wish is Wish.PAUSE:
            raise Paused(f"Paused between two batches of {self._table}, after {rows:,} rows.")
        (self._task.slow.set if steps.wish is Wish.SLOW else self._task.slow.clear)()


def heed(task: Task, why: str) -> str:
    (task.go.clear if why else task.go.set)()
    return why
