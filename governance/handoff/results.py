"""What the runner tells: steps while it works, and what came of it. Every write is fenced by the claim's token."""

from dataclasses import asdict, astuple
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance import announcing, assessment, audit, compatibility
from governance.analysis.classify import Bump
from governance.audit import System, save
from governance.facts import facts_as_json
from governance.gates import closed_now, stage_before
from governance.handoff.building import report_on
from governance.handoff.claims import Claim, held, silence
from governance.handoff.deciding import settle
from governance.handoff.drifting import keep_observed, keep_snapshot
from governance.handoff.steps import end_steps, keep_step
from governance.lifecycle import FAILED, stage_after_edit
from governance.manifest import content_digest
from governance.models import (
    CheckResult,
    Deployment,
    Observation,
    Phase,
    Rehearsal,
    Run,
    RunActivity,
    RunProgress,
    TableVersion,
    Target,
)
from governance.orders import (
    CHECKING,
    Moment,
    Observed,
    Outcome,
    RehearsalOrder,
    Rehearsed,
    RunKind,
    RunStatus,
    SchemaReading,
    Severity,
    Verdict,
    Wish,
)
from governance.orders import CheckResult as CheckFound
from governance.orders import Step as StepValue
from governance.versions import DatabaseVersion
from governance.workflow.acts import carry_on, lock_even_closed, move, void_approvals
from governance.workflow.fitting import suspend_after_failure

REPORTED = frozenset({"pairs", "data_lost", "locks", "checks", "consistency", "clients", "missing", "notes"})  # of a rehearsal


def progress(claim: Claim, step: StepValue) -> Wish:
    """Keep a step as it is now, and say what people want of the run. Raises ClaimLost."""
    with transaction.atomic():
        run = _run(claim)
        known = run.steps.filter(position=step.position, status=step.status, attempts=step.attempts)
        if not (_keep_live(run, step) and (step.position == CHECKING or known.exists())):
            keep_step(run, step)
        return _heeded(run)


def _keep_live(run: Run, step: StepValue) -> bool:
    """What changes by the second has no history; says whether there was any."""
    models: tuple[tuple[type[RunProgress | RunActivity], Any], ...] = ((RunProgress, step.progress), (RunActivity, step.activity))
    for model, value in models:
        if value:
            model._default_manager.update_or_create(run=run, defaults={"position": step.position, "at": timezone.now(), **asdict(value)})
    return bool(step.progress or step.activity)


def wish(claim: Claim) -> Wish:
    with transaction.atomic():
        return _heeded(_run(claim))


def _heeded(run: Run) -> Wish:
    """What people want of the run; or else the calendar, once its window is over, a blackout has begun or its booking is withdrawn."""
    if run.wish in (Wish.NONE, Wish.SLOW) and (why := closed_now(run)):
        run.wish, run.message = Wish.PAUSE, why
        save(System.RUNNER, run)
        subject = run.deployment.phase.spec.number
        audit.append(System.RUNNER, "run.pause", subject, f"{run} pauses at its next boundary: {why}", run=str(run.pk))
    return Wish(run.wish)


def _run(claim: Claim) -> Run:
    row = held(claim.kind, claim.token)
    if not isinstance(row, Run):
        raise TypeError(f"{row} is not a run")
    return row


def finish_run(claim: Claim, outcome: Outcome) -> None:
    with transaction.atomic():
        run = _run(claim)
        phase = lock_even_closed(run.deployment.phase)
        _end(run, outcome.status, _said(run, outcome))
        run.longest_lock, run.wal_bytes = outcome.longest_lock, outcome.wal_bytes
        if outcome.recovery:
            run.lsn, run.restore_point, run.unrecoverable = astuple(outcome.recovery)
        save(System.RUNNER, run)
        end_steps(run, outcome)
        for check in outcome.checks:
            save(System.RUNNER, CheckResult(run=run, **asdict(check)))
        audit.append(
            System.RUNNER,
            f"run.{outcome.status}",
            phase.spec.number,
            f"{run}: {outcome.status.replace('_', ' ')}. {outcome.message}",
            run=str(run.pk),
            applied=list(outcome.applied),
            script_digest=run.script_digest,
        )
        announcing.ended(run)
        _follow(run, phase, outcome)
        settle(run, (check.name for check in outcome.checks if _blocks(check)))


def _blocks(check: CheckFound) -> bool:
    """Behind the run, where only a decision can answer for it."""
    return check.moment in (Moment.AFTER, Moment.MONITORING) and check.verdict is Verdict.FAILED and check.severity is Severity.BLOCKING


def _said(run: Run, outcome: Outcome) -> str:
    """With the reason, where the calendar wanted a pause."""
    why = closed_now(run) if outcome.status is RunStatus.PAUSED else ""
    return f"{outcome.message} {why}".strip()


def _end(row: Run | Rehearsal | Observation, status: RunStatus, message: str) -> None:
    row.status, row.message = status, message
    if status is not RunStatus.PAUSED:
        row.finished_at = timezone.now()
    silence(row)


def _follow(run: Run, phase: Phase, outcome: Outcome) -> None:
    """What a run's end means for the target and for the phase's stage."""
    deployment = (
        Deployment.objects.select_for_update(of=("self",), no_key=True).select_related("target__environment").get(pk=run.deployment_id)
    )
    if outcome.status is RunStatus.SUCCEEDED and run.kind == RunKind.DEPLOY:
        _applied(run, deployment, phase, outcome)
        carry_on(System.RUNNER, phase)
    elif outcome.status is RunStatus.SUCCEEDED:
        carry_on(System.RUNNER, phase)
    elif outcome.status is RunStatus.ROLLED_BACK:
        _undone(run, deployment, outcome)
        used = f"it was used: the change was deployed to {deployment.target} and rolled back there"
        void_approvals(System.RUNNER, phase, (), used, timezone.now())
        suspend_after_failure(System.RUNNER, phase.spec, f"it was rolled back on {deployment.target}")
        move(System.RUNNER, phase, stage_after_edit(phase.at), f"rolled back on {deployment.target}")
    elif outcome.status in FAILED:
        if run.kind == RunKind.DEPLOY:
            suspend_after_failure(System.RUNNER, phase.spec, outcome.message)
        move(System.RUNNER, phase, stage_before(run, phase.at), f"the {run.kind.replace('_', ' ')} on {deployment.target} failed")


def _applied(run: Run, deployment: Deployment, phase: Phase, outcome: Outcome) -> None:
    target = deployment.target
    after = str(DatabaseVersion.parse(target.version).bumped(Bump(phase.bump)))
    deployment.applied, deployment.version_before, deployment.version_after = True, target.version, after
    save(System.RUNNER, deployment)
    _set_version(run, target, after, outcome.schema)
    for table in report_on(phase, target)["tables"]:
        save(System.RUNNER, TableVersion(target=target, table=table, version=after, run=run))
    compatibility.record_release(System.RUNNER, run, after, outcome.schema.fingerprint if outcome.schema else "")


def _undone(run: Run, deployment: Deployment, outcome: Outcome) -> None:
    target = deployment.target
    version = _version_without(deployment)
    deployment.applied = False
    save(System.RUNNER, deployment)
    _set_version(run, target, version, outcome.schema)


def _version_without(deployment: Deployment) -> str:
    """The one before; or, when other changes came since, a new one: without this change but with those the target never was."""
    target = deployment.target
    if not deployment.applied:
        return target.version  # half a change never made a version
    if target.version == deployment.version_after:
        return deployment.version_before
    return str(DatabaseVersion.parse(target.version).bumped(Bump(deployment.phase.bump)))


def _set_version(run: Run, target: Target, version: str, schema: SchemaReading | None) -> None:
    target.version = version
    save(System.RUNNER, target)
    if schema:
        keep_snapshot(target, schema, timezone.now(), run)


def finish_rehearsal(claim: Claim, rehearsed: Rehearsed) -> None:
    with transaction.atomic():
        row = held(claim.kind, claim.token)
        if not isinstance(row, Rehearsal):
            raise TypeError(f"{row} is not a rehearsal")
        _end(row, RunStatus.SUCCEEDED, rehearsed.message)
        row.verdict, row.difference, row.cosmetic = rehearsed.verdict, rehearsed.difference, rehearsed.cosmetic
        row.steps = [{**asdict(step), "started_at": step.started_at.isoformat()} for step in rehearsed.steps]
        row.report = {name: value for name, value in asdict(rehearsed).items() if name in REPORTED}
        if isinstance(claim.order, RehearsalOrder):
            row.report["consistency_of"] = claim.order.consistency_of
        save(System.RUNNER, row)
        phase = lock_even_closed(row.phase)
        audit.append(
            System.RUNNER, "rehearsal.done", phase.spec.number, f"Rehearsal {rehearsed.verdict}. {rehearsed.message}", digest=row.digest
        )
        if rehearsed.verdict is Verdict.PASSED and content_digest(phase) == row.digest:
            assessment.reassess(System.RUNNER, phase)
        if rehearsed.verdict is not Verdict.PASSED and content_digest(phase) == row.digest:
            announcing.rehearsal_failed(row)
        carry_on(System.RUNNER, phase)


def finish_observation(claim: Claim, observed: Observed) -> None:
    with transaction.atomic():
        row = held(claim.kind, claim.token)
        if not isinstance(row, Observation):
            raise TypeError(f"{row} is not an observation")
        _end(row, RunStatus.SUCCEEDED if observed.facts else RunStatus.FAILED_CLEAN, observed.message)
        row.facts = facts_as_json(observed.facts) if observed.facts else None
        save(System.RUNNER, row)
        subject = row.phase.spec.number if row.phase else row.target.name
        kind = "observation.done" if observed.facts else "observation.failed"
        audit.append(System.RUNNER, kind, subject, f"{row}: {observed.message or 'facts read'}.", id=str(row.pk))
        if observed.schema:
            keep_observed(row, observed.schema, timezone.now())
        if row.phase and observed.facts:
            phase = lock_even_closed(row.phase)
            assessment.assess_on(System.RUNNER, phase, row.target, observed.facts)
            carry_on(System.RUNNER, phase)
