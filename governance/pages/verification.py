"""The six questions that every run answers, each with its checks; and the checks that a change has, with those that were taken out."""

from collections.abc import Collection, Iterable
from typing import Any

from governance.acts import ACTS
from governance.case import Case
from governance.lifecycle import PhaseStatus, Role
from governance.models import CheckResult
from governance.orders import Question, Severity, Verdict
from governance.validation.choosing import Listed, Origin
from governance.wording import counted
from governance.workflow.checking import checks_of

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


def questions(results: Iterable[CheckResult]) -> list[dict[str, Any]]:
    """None before anything was asked; then all six, those without an answer too."""
    rows = list(results)
    return [_question(question, [row for row in rows if row.question == question]) for question in Question] if rows else []


def _question(question: Question, rows: list[CheckResult]) -> dict[str, Any]:
    deciding = [row for row in rows if row.severity == Severity.BLOCKING or row.verdict == Verdict.PASSED]
    verdict = max(map(_counts, deciding), key=WORST.index, default=Verdict.UNKNOWN)
    warned = sum(row.severity == Severity.WARNING and row.verdict != Verdict.PASSED for row in rows)
    passed = sum(row.verdict == Verdict.PASSED for row in rows)
    said = f"{passed} of {counted(len(rows), 'check')} passed" if rows else "nothing was asked: add a check that answers it"
    return {
        "title": TITLES[question],
        "asks": ASKS[question],
        "verdict": verdict,
        "said": f"{said}, {counted(warned, 'warning')}" if warned else said,
        "open": verdict is not Verdict.PASSED or bool(warned),
        "checks": [_result(row) for row in rows],
    }


def _counts(row: CheckResult) -> Verdict:
    """What holds: what was found, or what somebody said of it with a reason."""
    superseded = getattr(row, "superseded", None)
    return Verdict(superseded.verdict if superseded else row.verdict)


def _result(row: CheckResult) -> dict[str, Any]:
    warned = row.severity == Severity.WARNING and row.verdict == Verdict.FAILED
    return {
        "pk": row.pk,
        "name": row.name,
        "superseded": getattr(row, "superseded", None),
        "state": "warning" if warned else row.verdict,
        "word": "warning" if warned else row.verdict,
        "moment": MOMENTS[row.moment],
        "evidence": row.evidence,
        "strength": row.strength,
        "sample": row.sample,
        "seconds": row.seconds,
        "sql": row.sql,
    }


def checks_tab(case: Case, roles: Collection[Role]) -> dict[str, Any]:
    """What will be asked, and why; what people took out stays, with the reason."""
    phase, rule = case.phase, ACTS["choose_checks"]
    editable = phase.status == PhaseStatus.OPEN and rule.first <= phase.at <= rule.last and bool(set(roles) & rule.roles)
    everything = checks_of(case)
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
