"""The six questions that every run answers, each with its checks; and the checks that a change has, with those that were taken out."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from governance.acts import ACTS
from governance.case import Case
from governance.expectation import latest_facts
from governance.facts import Facts, facts_from_json
from governance.lifecycle import PhaseStatus, Role
from governance.models import CheckAnswer, CheckResult, Observation, Run, Supersession
from governance.orders import Moment, Question, Severity, Verdict
from governance.pages.rechecks import Unknown, unknown_of
from governance.validation.choosing import Listed, Origin
from governance.wording import counted
from governance.workflow.checking import analysis_of, checks_on

SHOWN = ("id", "name", "question", "moment", "verdict", "evidence", "severity", "strength", "sample", "seconds", "sql")
ANSWERED = ("name", "at", "verdict", "evidence", "strength", "sample")
SAID = ("reason", "at", "person__username", "person__first_name", "person__last_name")
ASKS = {
    Question.COMPLETENESS: "Is everything still there, and nothing twice?",
    Question.ACCURACY: "Is every value what it has to be?",
    Question.REFERENTIAL_INTEGRITY: "Does every reference lead somewhere?",
    Question.BUSINESS_RULES: "Do the rules of the business hold?",
    Question.PERFORMANCE: "Is nothing slower than before?",
    Question.SECURITY: "Can exactly the same people do exactly the same?",
}
TITLES = {question: question.replace("_", " ").capitalize() for question in Question}
WORST = (Verdict.PASSED, Verdict.UNKNOWN, Verdict.FAILED)
ORIGINS = {Origin.FILE: "", Origin.PROPOSED: "Proposed: ", Origin.ADDED: "Added: "}
MOMENTS = {"before": "before", "in_transaction": "inside the transaction", "after": "after", "monitoring": "while it is watched"}


@dataclass(frozen=True, slots=True)
class Again:
    """What a check came to when it was asked again, by a person or in the monitoring period."""

    verdict: str  # the latest one
    evidence: str
    strength: str
    sample: list[str]
    at: datetime
    since: datetime  # it has been this verdict
    times: int


NOTHING: Mapping[str, Again] = {}
NONE_UNKNOWN = Unknown({}, {})


def asked_again(answers: Iterable[CheckAnswer]) -> dict[str, Again]:
    """By the name of the check. `answers`: oldest first."""
    found: dict[str, Again] = {}
    for answer in answers:
        before = found.get(answer.name)
        since = before.since if before and before.verdict == answer.verdict else answer.at
        said = (answer.verdict, answer.evidence, answer.strength, answer.sample)
        found[answer.name] = Again(*said, answer.at, since, before.times + 1 if before else 1)
    return found


def questions_of(
    run: Run, results: list[CheckResult], answers: Iterable[CheckAnswer], roles: Collection[Role]
) -> tuple[list[dict[str, Any]], Unknown]:
    """With what was found since, and what can be done about what is unknown. `answers` are looked at where there can be any."""
    asked = any(check.moment == Moment.MONITORING or check.verdict == Verdict.UNKNOWN for check in results)
    unknown = unknown_of(run, results, roles)
    return questions(results, asked_again(answers) if asked else NOTHING, unknown), unknown


def questions(
    results: Iterable[CheckResult], again: Mapping[str, Again] = NOTHING, unknown: Unknown = NONE_UNKNOWN
) -> list[dict[str, Any]]:
    """None before anything was asked; then all six, those without an answer too."""
    rows = [(row, again.get(row.name)) for row in results]
    if not rows:
        return []
    return [_question(question, [each for each in rows if each[0].question == question], unknown) for question in Question]


def _question(question: Question, rows: list[tuple[CheckResult, Again | None]], unknown: Unknown) -> dict[str, Any]:
    deciding = [_counts(*each) for each in rows if each[0].severity == Severity.BLOCKING or each[0].verdict == Verdict.PASSED]
    verdict = max(deciding, key=WORST.index, default=Verdict.UNKNOWN)
    warned = sum(row.severity == Severity.WARNING and row.verdict != Verdict.PASSED for row, _ in rows)
    passed = sum((again or row).verdict == Verdict.PASSED for row, again in rows)
    said = f"{passed} of {counted(len(rows), 'check')} passed" if rows else "nothing was asked: add a check that answers it"
    return {
        "title": TITLES[question],
        "asks": ASKS[question],
        "verdict": verdict,
        "said": f"{said}, {counted(warned, 'warning')}" if warned else said,
        "open": verdict is not Verdict.PASSED or bool(warned),
        "checks": [_result(*each, unknown) for each in rows],
    }


def _counts(row: CheckResult, again: Again | None) -> Verdict:
    """What holds: what was found at last, or what somebody said of it with a reason."""
    superseded = getattr(row, "superseded", None)
    if again and again.verdict != row.verdict and not (superseded and superseded.at > again.at):
        return Verdict(again.verdict)
    return Verdict(superseded.verdict if superseded else row.verdict)


def _result(row: CheckResult, again: Again | None, unknown: Unknown) -> dict[str, Any]:
    verdict = (again or row).verdict
    warned = row.severity == Severity.WARNING and verdict == Verdict.FAILED
    return {
        "pk": row.pk,
        "name": row.name,
        "superseded": getattr(row, "superseded", None),
        "state": "warning" if warned else verdict,
        "word": "warning" if warned else verdict,
        "again": again,
        "asking": unknown.asked.get(row.pk),
        "act": unknown.buttons.get(row.pk) if verdict == Verdict.UNKNOWN and not getattr(row, "superseded", None) else None,
        "moment": MOMENTS[row.moment],
        "evidence": row.evidence,
        "strength": row.strength,
        "sample": row.sample,
        "seconds": row.seconds,
        "sql": row.sql,
    }


def answered(case: Case) -> tuple[list[CheckResult], list[CheckAnswer], Facts | None]:
    """What the checks of the run that ended last came to, then and since; and what the target says of itself. One look-up for all."""
    analysis = analysis_of(case)
    target = analysis.target_id if analysis else None
    last: Any = max((run for run in case.runs if run.answers), key=lambda run: run.finished_at or run.requested_at, default=None)
    if last is None:
        return [], [], latest_facts([target]).get(target) if target else None
    last.deployment = next(each for each in case.deployments if each.pk == last.deployment_id)
    last.deployment.phase = case.phase
    facts = Observation.objects.filter(target=target, facts__isnull=False).order_by("-requested_at").values("facts")[:1]
    rows = CheckResult.objects.filter(run=OuterRef("pk")).order_by("pk")
    said = {name: f"superseded__{name}" for name in SAID}
    values = JSONObject(**{name: name for name in SHOWN}, **said, verdict_said="superseded__verdict")
    answers = CheckAnswer.objects.filter(run=OuterRef("pk")).order_by("pk").values(row=JSONObject(**{name: name for name in ANSWERED}))
    looked = Run.objects.annotate(results=ArraySubquery(rows.values(row=values)), answers=ArraySubquery(answers), known=Subquery(facts))
    found: Any = looked.get(pk=last.pk)
    since = [CheckAnswer(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in found.answers]
    return [_row(last, each) for each in found.results], since, facts_from_json(found.known) if found.known else None


def _row(run: Run, values: dict[str, Any]) -> CheckResult:
    """With what somebody said of it since, if anybody did."""
    row = CheckResult(run=run, **{name: values[name] for name in SHOWN})
    names = {name.removeprefix("person__"): values[name] for name in SAID if name.startswith("person__")}
    said = None
    if values["reason"]:
        at = datetime.fromisoformat(values["at"])
        said = Supersession(verdict=values["verdict_said"], reason=values["reason"], person=User(**names), at=at)
    row._state.fields_cache["superseded"] = said
    return row


def checks_tab(case: Case, facts: Facts | None, roles: Collection[Role]) -> dict[str, Any]:
    """What will be asked, and why; what people took out stays, with the reason."""
    phase, rule = case.phase, ACTS["choose_checks"]
    editable = phase.status == PhaseStatus.OPEN and rule.first <= phase.at <= rule.last and bool(set(roles) & rule.roles)
    everything = checks_on(case, facts)
    return {
        "asked": [_listed(each) for each in everything if not each.taken_out],
        "out": [_listed(each) for each in everything if each.taken_out],
        "editable": editable,
    }


def _listed(each: Listed) -> dict[str, Any]:
    check = each.check
    return {
        "name": check.name,
        "question": TITLES[check.question],
        "moment": MOMENTS[check.moment],
        "warns": check.severity is Severity.WARNING,
        "expect": check.expect,
        "why": f"{ORIGINS[each.origin]}{each.why}",
        "taken_out": each.taken_out,
        "removable": each.origin is not Origin.FILE,
        "sql": check.sql,
    }
