"""The five answers that whoever decides needs first, in plain words. What is not known says so, and names what resolves it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from governance.case import Case
from governance.facts import Facts, facts_from_json
from governance.forecast import Interval
from governance.matrix import WORST_FIRST, Cell, Compatibility
from governance.models import Analysis, Observation, Rehearsal, Release, ReleaseKind
from governance.orders import Limits, ScriptKind, Verdict
from governance.pages.values import address_of
from governance.prediction import UNKNOWN, Prediction, predict, statements_of
from governance.versions import PREFIXES
from governance.wording import counted, some, span

NOTICED = 1.0  # seconds; people take a shorter pause for the network's
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Percent of the booked time."""

    likely: float
    p90: float
    label: str


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    word: str
    state: str = ""  # what _partials/glyph.html draws
    text: str = ""
    reasons: tuple[str, ...] = ()
    way_out: Link | None = None
    bar: Bar | None = None
    risk: Mapping[str, str] | None = None  # what _partials/risk.html draws


def answers(case: Case) -> list[Answer]:
    prediction = prediction_of(case)
    return [_risk(case), _downtime(case, prediction.wait), _duration(case, prediction.duration), _affected(case), _undo(case)]


def current(case: Case) -> list[Analysis]:
    """The analyses of exactly these scripts, riskiest first."""
    found = [analysis for target, analysis in case.analyses.items() if target and analysis.digest == case.content]
    return sorted(found, key=lambda analysis: -analysis.report["risk"]["total"])


def prediction_of(case: Case, known_facts: Mapping[int, Facts] | None = None) -> Prediction:
    """On the production target where it takes longest; on the slowest of all where there is none in production.

    `known_facts`: by target; looked up unless they are given.
    """
    together = {script.name for script in case.manifest.scripts if script.transactional}
    facts = known_facts if known_facts is not None else {row.target_id: facts_from_json(row.facts) for row in _observed(case) if row.facts}
    known = {each.target_id: predict(statements_of(each.report), facts.get(each.target_id or 0), together) for each in current(case)}
    found = [known.get(each.target_id, UNKNOWN) for each in case.on(production=True) or case.deployments]
    return max(found, key=lambda each: (each.duration.p90, each.wait.p90), default=UNKNOWN)


def _observed(case: Case) -> QuerySet[Observation]:
    """The latest of each target with facts."""
    rows = Observation.objects.filter(phase=case.phase).exclude(facts=None)
    return rows.order_by("target_id", "-requested_at").distinct("target_id")


def _risk(case: Case) -> Answer:
    found = current(case)
    if not found:
        return Answer("Risk", "Unknown", "unknown", "These scripts have not been analysed.", way_out=_on_change(case, "Analyse them"))
    points = sorted(found[0].report["risk"]["points"], key=lambda point: -point["points"])
    reasons = tuple(point["reason"] for point in points[:MOST_REASONS])
    return Answer("Risk", found[0].get_risk_display(), risk={"level": found[0].risk}, reasons=reasons)


def _downtime(case: Case, wait: Interval) -> Answer:
    if math.isinf(wait.p90):
        return Answer("Downtime", "Unknown", "unknown", _sentence(wait.reasons), way_out=_on_change(case, "Analyse it on fresh facts"))
    limit = f"It gives up a lock that takes longer than {Limits().lock_timeout:g} s."
    if not wait.p90:
        return Answer("Downtime", "None", "ok", f"It stops no reads and no writes. {limit}")
    longest = f"Longest wait for others {span(wait.p90)}. {limit}"
    if wait.p90 < NOTICED:
        return Answer("Downtime", "None", "ok", longest)
    return Answer("Downtime", f"Up to {span(wait.p90)}", "warn", longest)


def _duration(case: Case, duration: Interval) -> Answer:
    if math.isinf(duration.p90):
        return Answer("Duration", "Unknown", "unknown", _sentence(duration.reasons), way_out=_on_change(case, "Analyse it on fresh facts"))
    word = " to ".join(dict.fromkeys((span(duration.likely), span(duration.p90))))
    word = word[:1].upper() + word[1:]
    booked = [(booking.ends - booking.starts).total_seconds() for booking in case.booked_in_production]
    if not booked:
        none = "Whether it fits is unknown: no window is booked."
        return Answer("Duration", word, text=none, way_out=_on_change(case, "Schedule", "schedule"))
    window = min(booked)
    label = f"Likely {span(duration.likely)}, {span(duration.p90)} in nine of ten runs, window {span(window)}"
    bar = Bar(_percent(duration.likely, window), _percent(duration.p90, window), label)
    if duration.p90 <= window:
        return Answer("Duration", word, text=f"Fits the {span(window)} window, {span(window - duration.p90)} spare", bar=bar)
    over = f"Does not fit the {span(window)} window: {span(duration.p90 - window)} too long"
    return Answer("Duration", word, "bad", over, way_out=_on_change(case, "Schedule", "schedule"), bar=bar)


def _percent(part: float, whole: float) -> float:
    return round(min(max(100 * part / whole, 1.0), 100.0), 1)


def _affected(case: Case) -> Answer:
    question = "Who is affected"
    cells = _clients(case)
    by_verdict = {verdict: [client for client, cell in cells.items() if cell.verdict is verdict] for verdict in Compatibility}
    if not cells:
        return Answer(question, "Unknown", "unknown", "No client is known here.", way_out=_matrix("Say who uses the database"))
    fine, unknown = by_verdict[Compatibility.FULL], by_verdict[Compatibility.UNKNOWN]
    way_out = _matrix(f"{len(unknown)} unknown: {some(unknown)}") if unknown else None
    rest = f"{len(fine)} fully fine." if fine else ""
    for verdict, state, ends in ((Compatibility.NO, "no", "cannot go on"), (Compatibility.PARTIAL, "partial", "in part")):
        if hit := by_verdict[verdict]:
            why = cells[hit[0]].reason.removeprefix(f"{case.phase.spec.number}: ").rstrip(".")
            return Answer(question, f"{counted(len(hit), 'client')} {ends}", state, f"{some(hit)}: {why}. {rest}".strip(), way_out=way_out)
    if unknown:
        return Answer(question, counted(len(unknown), "client") + " unknown", "unknown", rest, way_out=way_out)
    return Answer(question, "Nobody", "ok", f"Fully fine: {some(fine, 3)}.")


def _clients(case: Case) -> dict[str, Cell]:
    """Every live client with the worst of its cells over the production targets that are still to come."""
    if cells := case.cells():
        return dict(sorted(cells, key=lambda cell: -WORST_FIRST.index(cell[1].verdict)))
    if any(not each.applied for each in case.on(production=True)):
        return {}
    live = Release.objects.filter(kind=ReleaseKind.CLIENT, live=True)
    return {str(client): Cell(Compatibility.FULL, "nothing is left to deploy") for client in live}


def _undo(case: Case) -> Answer:
    question, spec, rehearsal = "Can it be undone?", case.phase.spec, case.latest_rehearsal
    if spec.irreversible:
        return Answer(question, "No", "no", f"Only by restoring: {spec.restore_plan}")
    if rehearsal is None or rehearsal.digest != case.content or not rehearsal.verdict:
        why = "is being rehearsed" if rehearsal and not rehearsal.finished_at else "has not been rehearsed"
        return Answer(question, "Unknown", "unknown", f"This version {why}.", way_out=_on_change(case, "Rehearse it", "rehearsal"))
    if rehearsal.verdict != Verdict.PASSED:
        return Answer(question, "Not proved", "no", rehearsal.message, way_out=Link("The rehearsal", address_of(rehearsal)))
    back = "the same but for column order" if rehearsal.difference and rehearsal.cosmetic else "the same"
    when = f"{localtime(rehearsal.finished_at or rehearsal.requested_at):%a %-d %b}"
    took = span(sum(step["seconds"] for step in _steps_back(rehearsal)))
    return Answer(question, "Yes", "ok", f"Rehearsed {when} on an empty copy: back in {took}, schema {back}.")


def _steps_back(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    return [step for step in rehearsal.steps if step["script"].startswith(PREFIXES[ScriptKind.ROLLBACK])]


def _sentence(reasons: tuple[str, ...]) -> str:
    text = next(iter(reasons), "nothing is known about it")
    return f"{text[:1].upper()}{text[1:]}."


def _on_change(case: Case, text: str, tab: str = "impact") -> Link:
    return Link(text, f"{address_of(case.phase)}&tab={tab}")


def _matrix(text: str) -> Link:
    return Link(text, reverse("admin:governance_matrixentry_changelist"))
