"""What a change's runs in production left, as the values that criteria and reviews compare."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from governance.case import Case
from governance.criteria import Actual, Figure
from governance.models import CheckResult, Observation, Run, Sample, Step, what_holds
from governance.monitoring import ABOUT, Measurement, Metric, Period, baseline
from governance.orders import RunKind, RunStatus, Verdict

WORST = (Verdict.PASSED, Verdict.UNKNOWN, Verdict.FAILED)


def runs_that_count(case: Case) -> list[Any]:
    """The one that brought the change to each production target, with its steps and checks, and the facts the forecast was made on."""
    done = [run for run in case.runs if run.kind == RunKind.DEPLOY and run.status == RunStatus.SUCCEEDED]
    latest = {run.deployment_id: run.pk for run in reversed(done)}
    keys = [latest[each.pk] for each in case.on(production=True) if each.pk in latest]
    if not keys:
        return []
    steps = Step.objects.filter(run=OuterRef("pk")).values(row=JSONObject(rows="rows", attempts="attempts", seconds="seconds"))
    names = {name: name for name in ("name", "question", "moment", "verdict", "evidence")}
    checks = CheckResult.objects.filter(run=OuterRef("pk")).order_by("pk").values(row=JSONObject(**names, holds=what_holds()))
    samples = Sample.objects.filter(run=OuterRef("pk")).order_by("pk").values(row=JSONObject(period="period", values="values", at="at"))
    facts = Observation.objects.filter(phase=case.phase, target=OuterRef("target")).exclude(facts=None).order_by("-requested_at")
    rows = Run.objects.filter(pk__in=keys).order_by("pk")
    rows = rows.annotate(steps_=ArraySubquery(steps), checks_=ArraySubquery(checks), samples_=ArraySubquery(samples))
    return list(rows.annotate(facts_=Subquery(facts.values("facts")[:1])))


def actual_of(case: Case) -> Actual:
    return actual_in(runs_that_count(case))


def actual_in(runs: list[Any]) -> Actual:
    steps = [step for run in runs for step in run.steps_]
    checks = [(check, Verdict(check["holds"])) for run in runs for check in run.checks_]
    return Actual(
        figures={
            Figure.DURATION: _sum(run.seconds for run in runs),
            Figure.LONGEST_LOCK: max((run.longest_lock for run in runs if run.longest_lock is not None), default=None),
            Figure.ROWS: _sum(step["rows"] for step in steps),
            Figure.RETRIES: float(sum(step["attempts"] - 1 for step in steps)) if steps else None,
            Figure.WAL_BYTES: _sum(run.wal_bytes for run in runs),
            **worst_of(runs),
        },
        checks=_worst((check["name"], verdict) for check, verdict in checks),
        questions=_worst((check["question"], verdict) for check, verdict in checks),
    )


def statements_took(runs: list[Any]) -> float | None:
    """Seconds of the statements alone, which is what a forecast is of: a run watches its target before, and asks its checks."""
    return _sum(step["seconds"] for run in runs for step in run.steps_)


def usual_in(runs: list[Any], period: Period) -> dict[str, float]:
    """The median of what was measured in the period, by metric."""
    return baseline(_measurements(runs, period))


def worst_of(runs: list[Any]) -> dict[str, float]:
    """Since the runs began, by metric."""
    found: dict[str, list[float]] = {}
    for each in (*_measurements(runs, Period.DURING), *_measurements(runs, Period.AFTER)):
        for metric, value in each.values.items():
            found.setdefault(metric, []).append(value)
    return {metric: (min if ABOUT[Metric(metric)].less_is_worse else max)(values) for metric, values in found.items()}


def _measurements(runs: list[Any], period: Period) -> list[Measurement]:
    rows = (row for run in runs for row in run.samples_ if row["period"] == period)
    return [Measurement(datetime.fromisoformat(row["at"]), row["values"]) for row in rows]


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(sum(known)) if known else None


def _worst(found: Iterable[tuple[str, Verdict]]) -> dict[str, Verdict]:
    worst: dict[str, Verdict] = {}
    for name, verdict in found:
        worst[name] = max(worst.get(name, Verdict.PASSED), verdict, key=WORST.index)
    return worst
