"""The consistency checks of all domains on a scratch database that has rows for all of them: before a change, and after it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import psycopg

from governance.orders import CheckResult, RehearsalOrder, ScriptKind, Verdict
from runner.engine import verify
from runner.engine.filling import Filling
from runner.engine.scratch import scratch_database
from runner.engine.session import connect
from runner.engine.synthesis.shapes import UNKNOWN, read_shapes
from runner.engine.trial import NAME, ScriptFailed, Trial

_TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
BROKEN = "made-up rows do not answer it"


def asked(order: RehearsalOrder, source: psycopg.Connection, scratch_server: str, binaries: Path) -> tuple[CheckResult, ...]:
    """Nothing when no domain has a check. A forward script that fails leaves every check unknown: the rehearsal says why."""
    if not order.consistency:
        return ()
    with scratch_database(source, scratch_server, binaries) as scratch, connect("scratch database", scratch, NAME) as connection:
        trial = Trial(scratch, connection, order.manifest.limits.statement_timeout)
        forward = [script for script in order.manifest.scripts if script.kind is ScriptKind.FORWARD]
        try:
            for script in (script for each in order.earlier for script in each.scripts):
                trial.run(script)
            trial.at_leisure()
            shapes = read_shapes(source) if order.statistics else UNKNOWN
            texts = [*(check.sql for check in order.consistency), *(script.text for script in forward)]
            Filling(order.rows, shapes=shapes, tables=named_in(texts, connection)).fill(connection)
            baseline = verify.baseline(trial, order.consistency)
            before = verify.verify(trial, order.consistency, baseline)
            for script in forward:
                trial.run(script)
        except ScriptFailed as failure:
            return tuple(
                CheckResult(each.name, each.question, each.moment, Verdict.UNKNOWN, f"not asked: {failure}") for each in order.consistency
            )
        trial.at_leisure()
        after = verify.verify(trial, order.consistency, baseline)
        return tuple(map(judged, before, after))


def named_in(texts: Iterable[str], connection: psycopg.Connection) -> frozenset[str]:
    """Tables that are there and whose names occur in the texts."""
    words = {word.lower() for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(name for (name,) in connection.execute(_TABLES) if name.lower() in words)


def judged(before: CheckResult, after: CheckResult) -> CheckResult:
    """What held and holds no more, or can be asked no more, the change has broken; what made-up rows never met, they cannot tell."""
    if after.verdict is Verdict.PASSED:
        return after
    if before.verdict is Verdict.PASSED:
        return replace(after, verdict=Verdict.FAILED, evidence=f"{after.evidence}; before the change {before.evidence}")
    return replace(after, verdict=Verdict.UNKNOWN, evidence=f"{BROKEN}: {before.evidence} before the change, {after.evidence} after it")
