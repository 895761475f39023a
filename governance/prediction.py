"""How long a change takes on a target and how long it makes others wait: the forecasts of its statements, as the runner executes them."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import dropwhile, groupby
from typing import Any

from governance.analysis import StatementReport
from governance.analysis.classify import Category, ChangeClass
from governance.analysis.locks import Lock, LockMode
from governance.facts import Facts
from governance.forecast import Interval, forecast_lock, forecast_statement
from governance.wording import span


@dataclass(frozen=True, slots=True)
class Prediction:
    duration: Interval
    wait: Interval  # the longest time for which one of its transactions keeps others from reading or writing


NOTHING = Interval(0.0, 0.0, ())
UNKNOWN = Prediction(*2 * (Interval(0.0, math.inf, ("these scripts have not been analysed on the target",)),))


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether something fits into a time. `holds` is None where it is likely but not certain, or where nobody can know."""

    holds: bool | None
    reason: str


def fit(found: Interval, seconds: float) -> Fit:
    """A window is wide enough for what takes longest of ten times."""
    if math.isinf(found.p90):
        return Fit(None, f"Whether it fits {span(seconds)} is not known: {'; '.join(found.reasons)}.")
    if found.p90 <= seconds:
        return Fit(True, f"It fits {span(seconds)}: nine times of ten it takes at most {span(found.p90)}.")
    if found.likely <= seconds:
        return Fit(None, f"It may not fit {span(seconds)}: likely {span(found.likely)}, once in ten times more than {span(found.p90)}.")
    return Fit(False, f"It does not fit {span(seconds)}: likely {span(found.likely)}.")


def predict(statements: Iterable[StatementReport], facts: Facts | None, transactional: Collection[str]) -> Prediction:
    """`transactional`: names of the scripts that run in one transaction each, and so keep their locks to their end."""
    scripts = [(name, list(reports)) for name, reports in groupby(statements, lambda report: report.script)]
    duration = predict_duration((report for _, reports in scripts for report in reports), facts)
    waits = [_wait(reports, facts, name in transactional) for name, reports in scripts]
    return Prediction(duration, max(waits, key=lambda wait: (wait.p90, wait.likely), default=NOTHING))


def predict_duration(statements: Iterable[StatementReport], facts: Facts | None) -> Interval:
    return _sum(forecast_statement(report, facts) for report in statements)


def _wait(reports: list[StatementReport], facts: Facts | None, together: bool) -> Interval:
    alone = [forecast_lock(report, facts) for report in reports]
    if not together:
        return max(alone, key=lambda wait: (wait.p90, wait.likely), default=NOTHING)
    held = dropwhile(lambda pair: not pair[1].p90, zip(reports, alone, strict=True))
    return _sum(forecast_statement(report, facts) for report, _ in held)


def _sum(parts: Iterable[Interval]) -> Interval:
    parts = tuple(parts)
    reasons = tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))
    return Interval(sum(part.likely for part in parts), sum(part.p90 for part in parts), reasons)


def statements_of(report: Mapping[str, Any]) -> tuple[StatementReport, ...]:
    """The statements of an analysis as it is kept: `Analysis.as_json()`."""
    return tuple(_statement(row) for row in report["statements"])


def undoing_of(report: Mapping[str, Any]) -> tuple[StatementReport, ...]:
    """The statements of its rollback scripts."""
    return tuple(_statement(row) for row in report.get("undoing", ()))


def _statement(row: Mapping[str, Any]) -> StatementReport:
    return StatementReport(
        **{
            **row,
            "change_class": ChangeClass(row["change_class"]),
            "category": Category(row["category"]),
            "locks": tuple(_lock(lock) for lock in row["locks"]),
            "tables": tuple(row["tables"]),
        }
    )


def _lock(row: Mapping[str, Any]) -> Lock:
    return Lock(**{**{name: value for name, value in row.items() if name != "blocks"}, "mode": LockMode(row["mode"])})
