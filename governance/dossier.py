"""What `lifecycle` judges, from a case: everything that is known about a phase, for its scripts as they are now."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from governance import policy
from governance.analysis.rule import Level
from governance.case import Case, load
from governance.lifecycle import ApprovalEvidence, Dossier, Stage, State, TargetEvidence
from governance.models import Analysis, Decision, Deployment, Phase, Run
from governance.orders import Question, RunKind, RunStatus, ScriptKind, Severity, Verdict
from governance.policy import ApprovalKind
from governance.specification import SECTIONS

FACTS_KEEP = timedelta(hours=24)
NOT_ANALYSED = "these scripts have not been analysed"
SEVERITY = (Verdict.PASSED, Verdict.UNKNOWN, Verdict.FAILED)


def gather(phase: Phase) -> Dossier:
    """Of the rows as they are now."""
    return dossier_of(load(phase.pk), timezone.now())


def dossier_of(case: Case, now: datetime) -> Dossier:
    spec, scripts = case.phase.spec, case.manifest.scripts
    kinds = [script.kind for script in scripts]
    tests, tests_detail = _tests(case)
    rehearsal, rehearsal_detail = _rehearsal(case)
    consistency, consistency_detail = _consistency(case)
    review = getattr(case.phase, "review", None)
    return Dossier(
        written=frozenset(name for name in (*SECTIONS, "data_class", "privacy_impact", "pattern") if getattr(spec, name)),
        domains=_domains(case),
        unanswered=tuple(case.phase.unanswered),
        forward=kinds.count(ScriptKind.FORWARD),
        unpaired=() if spec.irreversible else _unpaired(scripts),
        checks=kinds.count(ScriptKind.CHECK),
        rehearsal=rehearsal,
        rehearsal_detail=rehearsal_detail,
        tests=tests,
        tests_detail=tests_detail,
        targets=tuple(_evidence_on(deployment, case, now) for deployment in case.deployments),
        technical=approvals(case, production=False),
        business=approvals(case, production=True),
        can_deploy=case.can_deploy(),
        undeployed=case.undeployed(production=True),
        reviewed_by=review.reviewer.get_username() if review else "",
        author=spec.author.get_username(),
        skipped=case.skipped,
        sent_back=_sent_back(case),
        unreviewed=tuple(str(each) for each in case.emergencies if not each.reviewed),
        consistency=consistency,
        consistency_detail=consistency_detail,
    )


def _sent_back(case: Case) -> dict[int, tuple[str, ...]]:
    waiting = [row for row in case.phase.sent_back_ if not row["settled_at"]]
    return {stage: tuple(row["reason"] for row in waiting if row["stage"] == stage) for stage in {row["stage"] for row in waiting}}


def _before(case: Case, stage: Stage) -> datetime | None:
    """Evidence of a stage that is older than this was sent back with it."""
    moments = [datetime.fromisoformat(row["at"]) for row in case.phase.sent_back_ if row["stage"] <= stage]
    return max(moments, default=None)


def _is_old(case: Case, stage: Stage, at: datetime | None) -> bool:
    before = _before(case, stage)
    return before is not None and at is not None and at < before


def _domains(case: Case) -> tuple[str, ...]:
    return tuple(domain["slug"] for domain in case.phase.domains)


def _unpaired(scripts: tuple) -> tuple[str, ...]:
    undone = {script.version for script in scripts if script.kind is ScriptKind.ROLLBACK}
    return tuple(script.name for script in scripts if script.kind is ScriptKind.FORWARD and script.version not in undone)


def _rehearsal(case: Case) -> tuple[State, str]:
    latest = case.latest_rehearsal
    if latest is None:
        return State.MISSING, ""
    if latest.digest != case.content:
        return State.STALE, "the scripts changed since"
    if _is_old(case, Stage.LOCAL_TESTING, latest.requested_at):
        return State.STALE, "it was sent back since"
    if not latest.verdict:
        return State.MISSING, latest.status
    passed = latest.verdict == Verdict.PASSED
    return (State.DONE if passed else State.MISSING), latest.verdict if passed else latest.message


def _consistency(case: Case) -> tuple[State, str]:
    """They run with the rehearsal; what made-up rows cannot tell, a test suite has to."""
    wanted, latest = case.phase.state_of_checks, case.latest_rehearsal
    if not wanted:
        return State.DONE, "no domain has any"
    if latest is None or latest.digest != case.content or not latest.verdict:
        return State.MISSING, "they run with a rehearsal of these scripts"
    if latest.report.get("consistency_of") != wanted:
        return State.STALE, "the checks changed since: rehearse again"
    results = latest.report.get("consistency", ())
    wrong = {verdict: [each for each in results if each["verdict"] == verdict] for verdict in (Verdict.FAILED, Verdict.UNKNOWN)}
    if failed := wrong[Verdict.FAILED]:
        return State.MISSING, "; ".join(f"{each['name']}: {each['evidence']}" for each in failed)
    passed = f"{len(results) - len(wrong[Verdict.UNKNOWN])} of {len(results)} hold on made-up rows of all domains"
    if not wrong[Verdict.UNKNOWN]:
        return State.DONE, passed
    unknown = ", ".join(each["name"] for each in wrong[Verdict.UNKNOWN])
    answered = bool(case.current_tests())
    return (State.DONE if answered else State.MISSING), f"{passed}; a test suite has to answer the rest: {unknown}"


def _tests(case: Case) -> tuple[State, str]:
    current = [test for test in case.current_tests() if not _is_old(case, Stage.INTEGRATION_TESTING, datetime.fromisoformat(test["at"]))]
    failed = [f"{test['suite']} of {test['service']}: failed" for test in current if not test["passed"]]
    if failed:
        return State.MISSING, "; ".join(failed)
    if current or not policy.needs_integration_tests(_domains(case)):
        return State.DONE, f"{len(current)} passed" if current else "one domain, none asked for"
    return (State.STALE if case.phase.tests else State.MISSING), "send the result of a suite that spans the domains"


def approvals(case: Case, *, production: bool) -> ApprovalEvidence:
    """What has to be agreed before it runs in production, or below. The numbers are those of business, and of everybody else."""
    kinds = [kind for kind in ApprovalKind if kind.released is production]
    rejections = [each for each in case.accord.counting if each.decision == Decision.REJECTED]
    standings = case.accord.standings(production=production)
    most = {kind: max((each.demand.people for each in standings if each.demand.kind is kind), default=0) for kind in kinds}
    return ApprovalEvidence(
        needed=sum(most.values()),
        given=sum(case.given(kind) for kind in kinds),
        rejected_by=", ".join(each.person.get_username() for each in rejections if production or each.kind in kinds),
        stale=any(each.kind in kinds and each.digest != case.digest_of(ApprovalKind(each.kind)) for each in case.approvals),
        unmet=tuple(str(standing) for standing in standings if standing.lacking),
    )


def _evidence_on(deployment: Any, case: Case, now: datetime) -> TargetEvidence:
    """`deployment`: one of the case's."""
    target, analysis = deployment.target, case.analyses.get(deployment.target_id)
    runs = [run for run in case.runs if run.deployment_id == deployment.pk]
    done = next((run for run in runs if run.kind == RunKind.DEPLOY and run.status == RunStatus.SUCCEEDED), None)
    return TargetEvidence(
        name=target.name,
        production=target.environment.production,
        analysis=_fresh(analysis, case.content, now, _before(case, Stage.IMPACT_ANALYSIS)),
        blocking=_blocking(analysis, case.content),
        deployed=_deployed(deployment, done, case.digests[0]),
        dry_run=_dry(runs, case.digests[0], _before(case, Stage.PRODUCTION_DRY_RUN)),
        booked=f"{deployment.starts:%d %b %H:%M} UTC" if deployment.starts else "",
        conflict=deployment.conflict,
        monitoring_left=_monitoring_left(deployment, done, now),
        undecided=tuple(done.undecided) if done else (),
        answers=_answers(done.answers) if done else {},
    )


def _fresh(analysis: Analysis | None, content: str, now: datetime, before: datetime | None) -> State:
    if analysis is None or analysis.facts_at is None:
        return State.MISSING
    if before and analysis.at < before:
        return State.STALE
    return State.DONE if analysis.digest == content and now - analysis.facts_at < FACTS_KEEP else State.STALE


def _blocking(analysis: Analysis | None, content: str) -> tuple[str, ...]:
    """Codes of the findings that block."""
    if analysis is None or analysis.digest != content:
        return (NOT_ANALYSED,)
    return tuple(sorted({finding["code"] for finding in analysis.report["findings"] if finding["level"] == Level.BLOCKING}))


def _deployed(deployment: Deployment, done: Run | None, digest: str) -> State:
    if not done or not deployment.applied:
        return State.MISSING
    return State.DONE if done.script_digest == digest else State.STALE


def _dry(runs: list[Any], digest: str, before: datetime | None) -> State:
    done = [run for run in runs if run.kind == RunKind.DRY_RUN and run.status == RunStatus.SUCCEEDED]
    if not done:
        return State.MISSING
    old = before is not None and done[0].requested_at < before
    return State.DONE if done[0].script_digest == digest and not old else State.STALE


def _monitoring_left(deployment: Deployment, done: Run | None, now: datetime) -> float | None:
    if not done or not done.finished_at or not deployment.applied:
        return None
    return deployment.target.environment.monitoring_seconds - (now - done.finished_at).total_seconds()


def _answers(checks: Iterable[Mapping[str, str]]) -> dict[Question, Verdict]:
    """The worst verdict that the checks of each question came to. What only warns answers nothing when it does."""
    found: dict[Question, Verdict] = {}
    for check in checks:
        if check["severity"] == Severity.WARNING and check["verdict"] != Verdict.PASSED:
            continue
        question = Question(check["question"])
        found[question] = max(found.get(question, Verdict.PASSED), Verdict(check["verdict"]), key=SEVERITY.index)
    return found
