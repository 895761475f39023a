"""Gathers from the rows what `lifecycle` judges: everything that is known about a phase, for its scripts as they are now."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from governance import compatibility, policy
from governance.analysis.risk import RiskLevel
from governance.analysis.rule import Level
from governance.digest import release_digest, script_digest
from governance.lifecycle import ApprovalEvidence, Dossier, State, TargetEvidence
from governance.manifest import content_digest, manifest_of, release_of
from governance.models import (
    Analysis,
    Approval,
    Booking,
    CheckResult,
    Consideration,
    Decision,
    Deployment,
    Phase,
    Rehearsal,
    Run,
    Spec,
    TestEvidence,
    Window,
)
from governance.orders import Question, RunKind, RunStatus, ScriptKind, Verdict
from governance.policy import ApprovalKind
from governance.specification import SECTIONS
from governance.windows import WindowKind

FACTS_KEEP = timedelta(hours=24)
NOT_ANALYSED = "these scripts have not been analysed"
SEVERITY = (Verdict.PASSED, Verdict.UNKNOWN, Verdict.FAILED)


def gather(phase: Phase, now: datetime | None = None) -> Dossier:
    moment = now or timezone.now()
    spec = phase.spec
    digest = content_digest(phase)
    manifest = manifest_of(phase)
    approved_digest = script_digest(manifest)
    release = release_of(phase, approved_digest)
    kinds = [script.kind for script in manifest.scripts]
    tests, tests_detail = _tests(phase, digest)
    rehearsal, rehearsal_detail = _rehearsal(phase, digest)
    review = getattr(phase, "review", None)
    return Dossier(
        written=frozenset(name for name in (*SECTIONS, "data_class", "privacy_impact", "pattern") if getattr(spec, name)),
        domains=tuple(domain.slug for domain in spec.domains.all()),
        unanswered=unanswered(spec),
        forward=kinds.count(ScriptKind.FORWARD),
        unpaired=() if spec.irreversible else _unpaired(manifest.scripts),
        checks=kinds.count(ScriptKind.CHECK),
        rehearsal=rehearsal,
        rehearsal_detail=rehearsal_detail,
        tests=tests,
        tests_detail=tests_detail,
        targets=_targets(phase, digest, approved_digest, moment),
        technical=approvals(phase, ApprovalKind.TECHNICAL, approved_digest),
        business=approvals(phase, ApprovalKind.BUSINESS, release_digest(release) if release else ""),
        can_deploy=compatibility.can_deploy(phase),
        undeployed=undeployed(spec, production=True),
        reviewed_by=review.reviewer.get_username() if review else "",
        author=spec.author.get_username(),
    )


def unanswered(spec: Spec) -> tuple[str, ...]:
    answered = spec.answers.exclude(text="").values_list("consideration_id", flat=True)
    return tuple(Consideration.objects.filter(domain__specs=spec).exclude(pk__in=answered).values_list("question", flat=True))


def _unpaired(scripts: tuple) -> tuple[str, ...]:
    undone = {script.version for script in scripts if script.kind is ScriptKind.ROLLBACK}
    return tuple(script.name for script in scripts if script.kind is ScriptKind.FORWARD and script.version not in undone)


def _rehearsal(phase: Phase, digest: str) -> tuple[State, str]:
    latest = Rehearsal.objects.filter(phase=phase).order_by("-requested_at").first()
    if not latest:
        return State.MISSING, ""
    if latest.digest != digest:
        return State.STALE, "the scripts changed since"
    if not latest.verdict:
        return State.MISSING, latest.status
    passed = latest.verdict == Verdict.PASSED
    return (State.DONE if passed else State.MISSING), latest.verdict if passed else latest.message


def _tests(phase: Phase, digest: str) -> tuple[State, str]:
    results = list(TestEvidence.objects.filter(phase=phase))
    current = {(test.suite, test.service): test for test in reversed(results) if test.digest == digest}
    failed = [str(test) for test in current.values() if not test.passed]
    if failed:
        return State.MISSING, "; ".join(failed)
    domains = tuple(domain.slug for domain in phase.spec.domains.all())
    if current or not policy.needs_integration_tests(domains):
        return State.DONE, f"{len(current)} passed" if current else "one domain, none asked for"
    return (State.STALE if results else State.MISSING), "send the result of a suite that spans the domains"


def approvals(phase: Phase, kind: ApprovalKind, digest: str) -> ApprovalEvidence:
    """Counts distinct people whose decision on this digest holds: active, and still in the role."""
    given = list(
        Approval.objects.filter(phase=phase, kind=kind, voided_at=None, person__is_active=True, person__groups__name=policy.ROLE_OF[kind])
        .exclude(person_id=phase.spec.author_id)
        .exclude(person__in=phase.spec.editors.values("person"))
        .select_related("person")
    )
    current = [approval for approval in given if approval.digest == digest]
    rejections = [approval.person.get_username() for approval in current if approval.decision == Decision.REJECTED]
    return ApprovalEvidence(
        needed=policy.people_needed(kind, RiskLevel(phase.risk or RiskLevel.CRITICAL), phase.spec.irreversible),
        given=len({approval.person_id for approval in current if approval.decision == Decision.APPROVED}),
        rejected_by=", ".join(rejections),
        stale=Approval.objects.filter(phase=phase, kind=kind).exclude(digest=digest).exists(),
    )


def undeployed(spec: Spec, *, production: bool) -> tuple[str, ...]:
    """Required changes that are not on every target of the kind yet."""
    waiting = Deployment.objects.filter(
        phase__spec__dependants__spec=spec,
        phase__spec__dependants__kind="requires",
        target__environment__production=production,
        applied=False,
    )
    return tuple(sorted({f"CHG-{deployment.phase.spec_id}" for deployment in waiting.select_related("phase")}))


@dataclass(frozen=True)
class Records:
    """A phase's rows, looked up once for all its targets."""

    digest: str  # of the scripts as they are now
    approved: str  # the same with the rehearsal's verdict: what approvals and runs are bound to
    now: datetime
    analyses: Mapping[int, Analysis]  # the latest, by target
    blocking: Mapping[int, tuple[str, ...]]  # codes of blocking findings, by target
    runs: Mapping[int, list[Run]]  # newest first, by deployment
    answers: Mapping[object, dict[Question, Verdict]]  # by run
    bookings: Mapping[int, Booking]  # by target

    def evidence_on(self, deployment: Deployment) -> TargetEvidence:
        target, runs = deployment.target, self.runs.get(deployment.pk, [])
        done = next((run for run in runs if run.kind == RunKind.DEPLOY and run.status == RunStatus.SUCCEEDED), None)
        booking = self.bookings.get(target.pk)
        return TargetEvidence(
            name=target.name,
            production=target.environment.production,
            analysis=_fresh(self.analyses.get(target.pk), self.digest, self.now),
            blocking=self.blocking.get(target.pk, (NOT_ANALYSED,)),
            deployed=_deployed(deployment, done, self.approved),
            dry_run=_dry(runs, self.approved),
            booked=f"{booking.starts:%d %b %H:%M} UTC" if booking else "",
            conflict=_conflict(booking) if booking else "",
            monitoring_left=_monitoring_left(deployment, done, self.now),
            answers=self.answers.get(done.pk, {}) if done else {},
        )


def _targets(phase: Phase, digest: str, approved: str, now: datetime) -> tuple[TargetEvidence, ...]:
    deployments = phase.deployments.select_related("target__environment").order_by("target__environment__rank", "target__name")
    runs = _runs(phase)
    records = Records(
        digest,
        approved,
        now,
        analyses=_latest_analyses(phase),
        blocking=_blocking(phase, digest),
        runs=runs,
        answers=answers_of([run.pk for found in runs.values() for run in found]),
        bookings={booking.target_id: booking for booking in Booking.objects.filter(phase=phase, cancelled_at=None)},
    )
    return tuple(records.evidence_on(deployment) for deployment in deployments)


def _latest_analyses(phase: Phase) -> dict[int, Analysis]:
    rows = Analysis.objects.filter(phase=phase, target__isnull=False).order_by("pk")
    return {analysis.target_id: analysis for analysis in rows if analysis.target_id}


def _blocking(phase: Phase, digest: str) -> dict[int, tuple[str, ...]]:
    """Empty where an analysis of these scripts found none; without an entry where there is no such analysis."""
    latest = {target: analysis for target, analysis in _latest_analyses(phase).items() if analysis.digest == digest}
    found: dict[int, set[str]] = {target: set() for target in latest}
    keys = [analysis.pk for analysis in latest.values()]
    rows = Analysis.objects.filter(pk__in=keys, findings__level=Level.BLOCKING).values_list("target_id", "findings__code")
    for target, code in rows:
        found[target].add(code)
    return {target: tuple(sorted(codes)) for target, codes in found.items()}


def _fresh(analysis: Analysis | None, digest: str, now: datetime) -> State:
    if analysis is None or analysis.facts_at is None:
        return State.MISSING
    return State.DONE if analysis.digest == digest and now - analysis.facts_at < FACTS_KEEP else State.STALE


def _runs(phase: Phase) -> dict[int, list[Run]]:
    """Newest first, by deployment."""
    found: dict[int, list[Run]] = defaultdict(list)
    for run in Run.objects.filter(deployment__phase=phase).order_by("-requested_at"):
        found[run.deployment_id].append(run)
    return found


def _deployed(deployment: Deployment, done: Run | None, digest: str) -> State:
    if not done or not deployment.applied:
        return State.MISSING
    return State.DONE if done.script_digest == digest else State.STALE


def _dry(runs: list[Run], digest: str) -> State:
    done = [run for run in runs if run.kind == RunKind.DRY_RUN and run.status == RunStatus.SUCCEEDED]
    if not done:
        return State.MISSING
    return State.DONE if done[0].script_digest == digest else State.STALE


def _conflict(booking: Booking) -> str:
    blackouts = Window.objects.of(booking.target).filter(kind=WindowKind.BLACKOUT)
    hit = next((window for window in blackouts if window.interval.overlaps(booking.starts, booking.ends)), None)
    return f"blackout “{hit}” on {booking.target}" if hit else ""


def _monitoring_left(deployment: Deployment, done: Run | None, now: datetime) -> float | None:
    if not done or not done.finished_at or not deployment.applied:
        return None
    return deployment.target.environment.monitoring_seconds - (now - done.finished_at).total_seconds()


def answers_of(runs: list) -> dict[object, dict[Question, Verdict]]:
    """Per run, the worst verdict that the checks of each question came to."""
    found: dict[object, dict[Question, Verdict]] = defaultdict(dict)
    for run, question, verdict in CheckResult.objects.filter(run__in=runs).values_list("run", "question", "verdict"):
        before = found[run].get(Question(question), Verdict.PASSED)
        found[run][Question(question)] = max(before, Verdict(verdict), key=SEVERITY.index)
    return found
