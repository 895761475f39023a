"""What was tried and found before a decision: passed, failed or unknown, each with its number and its evidence."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from governance.analysis.substitution import stands_for
from governance.case import Case
from governance.lifecycle import Stage
from governance.models import Run, Script
from governance.orders import RunKind, RunStatus, StepStatus, Verdict
from governance.pages.highlight import highlighted
from governance.pages.values import address_of
from governance.pages.verdicts import Link, current
from governance.policy import ApprovalKind
from governance.wording import counted

LOOKS = {"blocking": "bad", "warning": "warn"}
KINDS = ("forward", "rollback", "check")


@dataclass(frozen=True, slots=True)
class Proof:
    text: str
    state: str  # what _partials/glyph.html draws
    count: str
    evidence: Link | None = None


def proofs(case: Case, kind: ApprovalKind) -> list[Proof]:
    found = [*_rehearsed(case), _tested(case), _checked(case), _judged(case)]
    return found if not kind.released else [*found, _dry_run(case)]


def _rehearsed(case: Case) -> list[Proof]:
    run, same = "Rehearsed forward, back, again", "Schema after the rollback"
    rehearsal = case.latest_rehearsal
    if rehearsal is None or rehearsal.digest != case.content or not rehearsal.verdict:
        way_out = Link("rehearse", f"{address_of(case.phase)}&tab=rehearsal")
        return [Proof(run, "unknown", "not of this version" if rehearsal else "not yet", way_out), Proof(same, "unknown", "unknown")]
    done = sum(step["status"] == StepStatus.DONE for step in rehearsal.steps)
    link = Link("evidence", address_of(rehearsal))
    outcome = "identical" if not rehearsal.difference else "but for order" if rehearsal.cosmetic else "differs"
    state = {"identical": "passed", "but for order": "passed", "differs": "failed"}[outcome]
    judged = rehearsal.verdict == Verdict.PASSED or outcome == "differs"
    return [
        Proof(run, rehearsal.verdict, f"{done} of {len(rehearsal.steps)}", link),
        Proof(same, state if judged else "unknown", outcome if judged else "unknown"),
    ]


def _tested(case: Case) -> Proof:
    """The latest result of each suite, for these scripts."""
    latest = case.current_tests()
    failed = sum(not test["passed"] for test in latest)
    if latest:
        return Proof("Integration tests", "failed" if failed else "passed", f"{len(latest) - failed} of {len(latest)}")
    asked_for = case.phase.at <= Stage.INTEGRATION_TESTING or case.phase.tests
    return Proof("Integration tests", "unknown", "unknown") if asked_for else Proof("Integration tests", "", "none asked for")


def _checked(case: Case) -> Proof:
    """The checks of the last run below production."""
    run = next((each for each in case.runs if _deployed_below_production(each) and each.script_digest == case.digests[0]), None)
    if run is None:
        return Proof("Checks below production", "unknown", "not run yet", Link("runs", f"{address_of(case.phase)}&tab=runs"))
    verdicts = [answer["verdict"] for answer in run.answers]
    passed, failed, unknown = (verdicts.count(verdict) for verdict in Verdict)
    count = f"{passed} of {passed + failed + unknown}"
    if failed or unknown:
        count += ", " + ", ".join(f"{number} {word}" for number, word in ((failed, "failed"), (unknown, "unknown")) if number)
    state = "failed" if failed or run.status != RunStatus.SUCCEEDED else "unknown" if unknown or not passed else "passed"
    return Proof(f"Checks on {run.target}", state, count, Link("evidence", address_of(run)))


def _deployed_below_production(run: Run) -> bool:
    return run.kind == RunKind.DEPLOY and not run.target.environment.production and bool(run.finished_at)


def _judged(case: Case) -> Proof:
    if not current(case):
        return Proof("Rules", "unknown", "not analysed", Link("analyse", f"{address_of(case.phase)}&tab=impact"))
    levels = [finding["level"] for finding in findings(case)]
    blocking, warnings = levels.count("blocking"), levels.count("warning")
    state = "failed" if blocking else "warning" if warnings else "passed"
    count = ", ".join(filter(None, (f"{blocking} blocking" if blocking else "", counted(warnings, "warning") if warnings else "")))
    return Proof("Rules for safe changes", state, count or "no finding")


def _dry_run(case: Case) -> Proof:
    runs = [run for run in case.runs if run.kind == RunKind.DRY_RUN and run.finished_at]
    ours = next((run for run in runs if run.script_digest == case.digests[0]), None)
    if ours is None:
        return Proof("Dry run in production", "unknown", "not of this version" if runs else "not yet")
    word = "passed" if ours.status == RunStatus.SUCCEEDED else "failed"
    return Proof("Dry run in production", word, "rolled back" if word == "passed" else "failed", Link("evidence", address_of(ours)))


def findings(case: Case) -> list[dict[str, Any]]:
    """Of all targets, each once."""
    found = {(each["script"], each["line"], each["code"]): each for analysis in current(case) for each in analysis.report["findings"]}
    return list(found.values())


def scripts(
    case: Case, found: list[dict[str, Any]], said: Callable[[Script, int], dict[str, Any]] = lambda script, line: {}
) -> list[dict[str, Any]]:
    """Every script with its findings at their lines; `said`: what else stands at a line."""
    at: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for finding in found:
        replaces = stands_for(finding["code"], finding["safe_form"], finding["statement"])
        at[finding["script"], finding["line"]].append({**finding, "replaces": replaces})
    rows = sorted(case.scripts, key=lambda script: (script.version, KINDS.index(script.kind)))
    return [
        {
            "pk": row.pk,
            "kind": row.kind,
            "name": row.name,
            "checksum": row.checksum,
            "repository": row.repository,
            "commit": row.commit,
            "request": row.request,
            "url": reverse("admin:governance_script_change", args=[row.pk]),
            "warnings": sum(each["level"] == "warning" and each["script"] == row.name for each in found),
            "blockers": sum(each["level"] == "blocking" and each["script"] == row.name for each in found),
            "lines": [
                {"number": number, "text": text, "findings": at[row.name, number], "hit": _hit(at[row.name, number]), **said(row, number)}
                for number, text in enumerate(highlighted(row.text), 1)
            ],
        }
        for row in rows
    ]


def _hit(found: list[dict[str, Any]]) -> str:
    looks = {LOOKS.get(each["level"], "") for each in found}
    return "bad" if "bad" in looks else "warn" if "warn" in looks else ""
