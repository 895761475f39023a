"""What a change does on its most affected target: statement by statement, how long, and whom its locks stop meanwhile."""

from typing import Any

from governance.analysis import StatementReport
from governance.analysis.locks import Lock
from governance.expectation import latest_facts
from governance.facts import Facts
from governance.forecast import Interval, forecast_statement
from governance.models import Analysis
from governance.pages.values import lock_name
from governance.prediction import statements_of, undoing_of

WIDTH, THINNEST = 100.0, 0.75  # of the time line; even a moment is a stroke
LOOKS = {"nothing": "", "writes": "warn", "reads and writes": "bad"}


def impact(analysis: Analysis | None) -> dict[str, Any]:
    """With one look-up, of the facts."""
    if analysis is None:
        return {"steps": [], "tables": [], "facts": None}
    facts = latest_facts([analysis.target_id]).get(analysis.target_id) if analysis.target_id else None
    reports = statements_of(analysis.report)
    return {
        "target": analysis.target,
        "facts": facts,
        "steps": _steps(reports, facts),
        "undoing": _steps(undoing_of(analysis.report), facts),
        "tables": _tables(reports, facts),
    }


def _steps(reports: tuple[StatementReport, ...], facts: Facts | None) -> list[dict[str, Any]]:
    """Each with where it lies on a time line of likely durations."""
    durations = [forecast_statement(report, facts) for report in reports]
    whole = sum(each.likely for each in durations) or 1.0
    steps, begin = [], 0.0
    for report, duration in zip(reports, durations, strict=True):
        steps.append(_step(report, duration, WIDTH * begin / whole, WIDTH * duration.likely / whole))
        begin += duration.likely
    return steps


def _step(report: StatementReport, duration: Interval, x: float, width: float) -> dict[str, Any]:
    worst = max(report.locks, key=lambda lock: (lock.blocks_writes, lock.blocks_reads, lock.mode.strength), default=None)
    blocks = worst.blocks if worst else "nothing"
    return {
        "script": report.script,
        "line": report.line,
        "tag": report.tag,
        "duration": duration,
        "known": duration.p90 != float("inf"),
        "x": round(min(x, WIDTH - THINNEST), 2),
        "width": round(max(width, THINNEST), 2),
        "look": LOOKS[blocks],
        "blocks": blocks,
        "locks": [_lock(lock) for lock in report.locks],
        "does": [word for word, holds in {"rewrites": report.rewrite, "reads all rows": report.scan}.items() if holds],
    }


def _lock(lock: Lock) -> dict[str, str]:
    return {"relation": lock.relation.removeprefix("public."), "mode": lock_name(lock.mode), "blocks": lock.blocks}


def _tables(reports: tuple[StatementReport, ...], facts: Facts | None) -> list[dict[str, Any]]:
    """The strongest lock of each, and how large it is."""
    locks = [lock for report in reports for lock in report.locks]
    weakest_first = sorted(locks, key=lambda lock: (lock.blocks_writes, lock.blocks_reads, lock.mode.strength))
    return [
        {**_lock(lock), "look": LOOKS[lock.blocks], "fresh": lock.fresh, "size": facts.table(relation) if facts else None}
        for relation, lock in {lock.relation: lock for lock in weakest_first}.items()
    ]
