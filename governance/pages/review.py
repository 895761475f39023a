"""The look back at a change: what was expected beside what came, and what the review says of it."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.models import User

from governance.actuals import actual_in, runs_that_count, statements_took, usual_in, worst_of
from governance.case import Case
from governance.criteria import Actual, Figure, measured
from governance.facts import facts_from_json
from governance.forecast import Interval
from governance.monitoring import ABOUT, Metric, Period, in_words
from governance.pages.values import person_name
from governance.pages.verdicts import prediction_of
from governance.wording import span

TOLD_APART = 0.1  # seconds; what is shorter reads alike


def review_page(case: Case, criteria: list[dict[str, Any]], debts: list[dict[str, Any]]) -> dict[str, Any]:
    """`debts`: of the review, as the database's JSON has them."""
    row, runs = getattr(case.phase, "review", None), runs_that_count(case)
    actual = actual_in(runs)
    return {
        "reviewed": row,
        "by": person_name(row.reviewer) if row else "",
        "criteria": [_criterion(each, actual) for each in criteria],
        "compared": _compared(case, runs, actual.figures) if runs else [],
        "performance": _performance(runs),
        "debts": [_debt(each) for each in debts],
    }


def _criterion(each: dict[str, Any], actual: Actual) -> dict[str, Any]:
    """As the review judged it; before it, as it was measured."""
    found = measured(each["measure"], actual)
    result, met = (each["result"], each["met"]) if each["met"] is not None else (found.result, found.met) if found else ("", None)
    state = {True: "passed", False: "failed", None: "unknown"}[met]
    word = {True: "Met", False: "Not met", None: "The reviewer judges"}[met]
    return {**each, "result": result, "state": state, "word": word}


def _compared(case: Case, runs: list[Any], figures: Mapping[str, float | None]) -> list[dict[str, str]]:
    """Forecast and actual, in words. Of the whole run there is no forecast."""
    prediction = prediction_of(case, {run.target_id: facts_from_json(run.facts_) for run in runs if run.facts_})
    whole = {"name": "Whole run, watching and checks included", "forecast": "", "actual": _seconds(figures.get(Figure.DURATION))}
    return [
        _row("Statements", prediction.duration, statements_took(runs)),
        _row("Longest lock", prediction.wait, figures.get(Figure.LONGEST_LOCK)),
        whole,
    ]


def _seconds(value: float | None) -> str:
    return "not measured" if value is None else span(value)


def _row(name: str, forecast: Interval, value: float | None) -> dict[str, str]:
    known = not math.isinf(forecast.p90)
    said = f"{span(forecast.likely)}, at most {span(forecast.p90)} in nine of ten" if known else "unknown"
    if value is None:
        return {"name": name, "forecast": said, "actual": _seconds(value), "state": "unknown", "word": "Unknown"}
    if not known:
        return {"name": name, "forecast": said, "actual": _seconds(value), "state": "unknown", "word": "No forecast"}
    inside = value <= max(forecast.p90, TOLD_APART)
    state, word = ("passed", "As forecast") if inside else ("warning", "Longer than forecast")
    return {"name": name, "forecast": said, "actual": _seconds(value), "state": state, "word": word}


def _performance(runs: list[Any]) -> list[dict[str, str]]:
    """Usual before, worst since, usual after: of each metric that was measured."""
    before, worst, after = usual_in(runs, Period.BEFORE), worst_of(runs), usual_in(runs, Period.AFTER)
    known = [metric for metric in Metric if metric in before or metric in worst]
    return [{"name": ABOUT[each].title, **{side: _figure(each, found) for side, found in _sides(before, worst, after)}} for each in known]


def _sides(*found: dict[str, float]) -> list[tuple[str, dict[str, float]]]:
    return list(zip(("before", "worst", "after"), found, strict=True))


def _figure(metric: Metric, found: dict[str, float]) -> str:
    return in_words(metric, found[metric]) if metric in found else "not measured"


def _debt(row: dict[str, Any]) -> dict[str, Any]:
    state, word = ("wait", "Open") if row["done_at"] is None else ("skipped", "Waived") if row["waived_because"] else ("done", "Done")
    return {**row, "due": date.fromisoformat(row["due"]), "owner": person_name(User(**row["owner"])), "state": state, "word": word}
