"""A script that no transaction protects, statement by statement, each one journalled before and after."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import psycopg

from governance.batched import is_batched
from governance.orders import Script, StepStatus
from runner.engine import journal, ledger, probes, retry
from runner.engine.backfill import run_backfill
from runner.engine.courtesy import stand_back
from runner.engine.journal import Entry
from runner.engine.probes import Effect
from runner.engine.work import ScriptFailed, Work, explain, failed, leave_others_alone, where


def run_online(work: Work, script: Script) -> None:
    """An interrupted script is never a riddle: its journal and the catalogue say what took effect."""
    began = datetime.now(UTC)
    journal.plan(work.session, script)
    entries = journal.read(work.session, script)
    for number in range(1, len(script.statements) + 1):
        if _is_done(work, script, number, entries.get(number)):
            work.steps.report(replace(work.steps.new(script, number), status=StepStatus.SKIPPED, note="took effect in an earlier attempt"))
        elif is_batched(script.statements[number - 1].text):
            run_backfill(work, script, number)
        else:
            _online(work, script, number)
    with work.session.connection.transaction():
        ledger.record(work.session, script, began, (datetime.now(UTC) - began).total_seconds())


def _online(work: Work, script: Script, number: int) -> None:
    statement = script.statements[number - 1]
    online = statement.tag.endswith("CONCURRENTLY")
    stand_back(work, script, () if online else (statement,))
    for attempt in count(1):
        began = datetime.now(UTC)
        try:
            # A lock timeout would also end the waiting that is a part of every concurrent statement, which blocks nobody.
            work.session.prepare(work.limits.online_timeout if online else work.limits.lock_timeout, work.limits.online_timeout)
            return _journalled(work, script, number, attempt)
        except psycopg.Error as error:
            why = explain(work, error)
            effect = probes.probe(work.session.connection, statement)
            if effect is not Effect.UNKNOWN or not online:
                journal.finish(work.session, script, number, Entry.FAILED)
            if not retry.again(error.sqlstate, attempt, work.limits) or effect is Effect.UNKNOWN:
                raise failed(work, script, why, began) from error
        leave_others_alone(work, script, attempt, why)


def _journalled(work: Work, script: Script, number: int, attempt: int) -> None:
    statement, connection = script.statements[number - 1], work.session.connection
    work.steps.start(work.steps.new(script, number, attempt))
    work.steps.heed()
    if statement.tag == "CREATE INDEX CONCURRENTLY":
        probes.drop_leftover(connection, statement)
    journal.start(work.session, script, number)
    work.executor.execute(statement)
    if probes.probe(connection, statement) is Effect.LEFTOVER:
        raise ScriptFailed(f"{where(script, statement)}: the index is there but invalid, and another session is building it.")
    journal.finish(work.session, script, number, Entry.DONE)
    work.steps.finish(script)


def _is_done(work: Work, script: Script, number: int, entry: Entry | None) -> bool:
    if entry is not Entry.STARTED:
        return entry is Entry.DONE
    statement = script.statements[number - 1]
    if is_batched(statement.text):
        return False  # it goes on where its batches ended
    effect = probes.probe(work.session.connection, statement)
    if effect is Effect.UNKNOWN:
        raise ScriptFailed(f"{where(script, statement)}: an earlier attempt started it, and no catalogue tells whether it took effect.")
    if effect is Effect.PRESENT:
        journal.finish(work.session, script, number, Entry.DONE)
    return effect is Effect.PRESENT
