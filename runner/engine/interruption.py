"""A process killed in the middle of a script: what is left of it, and whether the script can go on."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from random import Random

import psycopg
from psycopg import sql

from governance.analysis.nodes import Node
from governance.analysis.statements import parse
from governance.orders import Script, Statement
from governance.schema.diff import compare
from governance.schema.model import Schema
from runner.engine import probes
from runner.engine.probes import Effect
from runner.engine.trial import Trial

PATIENCE = 5.0  # seconds for a killed process to be gone, and for a statement to begin to wait
POLL = 0.01
_THERE = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s"


def leaves_nothing(trial: Trial, script: Script, before: Schema, random: Random) -> str:
    """Kill a transactional script behind some statement; answers what is left of it, which should be nothing."""
    if not script.statements:
        return ""
    # a connection's own context commits, which a killed one may fail at before it knows that it is closed
    with suppress(psycopg.Error), closing(trial.second()) as victim:
        victim.execute("BEGIN")
        for statement in script.statements[: random.randint(1, len(script.statements))]:
            victim.execute(statement.text.encode())
        _kill(trial, victim)
    left = compare(before, trial.schema())
    return "; ".join(entry.in_words() for entry in left)


def killed_and_resumed(trial: Trial, script: Script, random: Random) -> str:
    """Kill a script of single statements at one of them, then go on as the runner would: by what the catalogue says.

    Answers why the runner could not go on by itself. Raises ScriptFailed.
    """
    number = random.randrange(len(script.statements))
    trial.run(replace(script, statements=script.statements[:number]))
    statement, riddle = script.statements[number], ""
    _interrupt(trial, statement)
    trial.reset(autocommit=True)
    effect = probes.probe(trial.connection, statement)
    if effect is Effect.LEFTOVER:
        probes.drop_leftover(trial.connection, statement)
    elif effect is Effect.UNKNOWN:
        riddle = f"{script.name}, line {statement.line}: after a kill here no catalogue tells whether {statement.tag} took effect"
    trial.run(script, first=number + (effect in (Effect.PRESENT, Effect.UNKNOWN)))
    return riddle


def _interrupt(trial: Trial, statement: Statement) -> None:
    """While it runs, if it can be made to wait; otherwise just behind it."""
    held = _tables_to_hold(statement)
    trial.reset(autocommit=True)
    with trial.second() as holder, suppress(psycopg.Error), closing(trial.second()) as victim, ThreadPoolExecutor(max_workers=1) as pool:
        victim.execute("SELECT set_config('statement_timeout', %s, false)", [f"{2 * PATIENCE:.0f}s"])
        holder.execute("BEGIN")
        for table in held:
            holder.execute(sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(table))
        running = pool.submit(victim.execute, statement.text.encode())
        deadline = time.monotonic() + PATIENCE
        while not running.done() and time.monotonic() < deadline:
            if trial.connection.execute(_THERE, [victim.info.backend_pid]).fetchone() == ("Lock",):
                break
            time.sleep(POLL)
        _kill(trial, victim)
        running.result()


def _tables_to_hold(statement: Statement) -> Sequence[sql.Composable]:
    """CREATE INDEX CONCURRENTLY makes its index, then waits for every transaction that may write into the table."""
    if statement.tag != "CREATE INDEX CONCURRENTLY":
        return ()
    [node] = parse(statement.text)
    relation: Node = node.relation
    return (sql.Identifier(*filter(None, (relation.schemaname, relation.relname))),)


def _kill(trial: Trial, victim: psycopg.Connection) -> None:
    pid = victim.info.backend_pid
    trial.reset(autocommit=True)
    trial.connection.execute("SELECT pg_terminate_backend(%s)", [pid])
    deadline = time.monotonic() + PATIENCE
    while trial.connection.execute(_THERE, [pid]).fetchone() and time.monotonic() < deadline:
        time.sleep(POLL)
