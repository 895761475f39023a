"""What the latest observation of a target knows, and how long a change would take by it."""

from collections.abc import Iterable, Mapping
from typing import Any

from governance.analysis import StatementReport
from governance.analysis.classify import Category, ChangeClass
from governance.analysis.locks import Lock, LockMode
from governance.assessment import facts_from_json
from governance.facts import Facts
from governance.forecast import Interval, forecast_statement
from governance.models import Observation


def latest_facts(targets: Iterable[int]) -> dict[int, Facts]:
    """By the id of the target; a target that was never observed is absent."""
    seen = Observation.objects.filter(target__in=set(targets), facts__isnull=False)
    latest = seen.order_by("target_id", "-requested_at").distinct("target_id")
    return {row.target_id: facts_from_json(row.facts) for row in latest if row.facts}


def forecast(report: Mapping[str, Any], facts: Facts | None) -> Interval:
    """Of an analysis' report: the sum over its statements."""
    parts = [forecast_statement(_statement(each), facts) for each in report["statements"]]
    reasons = tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))
    return Interval(sum(part.likely for part in parts), sum(part.p90 for part in parts), reasons)


def _statement(given: Mapping[str, Any]) -> StatementReport:
    values = {
        **given,
        "change_class": ChangeClass(given["change_class"]),
        "category": Category(given["category"]),
        "locks": tuple(_lock(lock) for lock in given["locks"]),
        "tables": tuple(given["tables"]),
    }
    return StatementReport(**values)


def _lock(given: Mapping[str, Any]) -> Lock:
    return Lock(given["relation"], LockMode(given["mode"]), given["rewrite"], given["scan"], given["fresh"])
