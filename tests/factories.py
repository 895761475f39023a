"""Rows for tests, made through the same functions that people use."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.lifecycle import Role
from governance.models import Domain, Environment, Observation, Phase, Rehearsal, Release, Run, Spec, Target, Window
from governance.orders import CheckResult, Facts, Moment, Observed, Outcome, Question, Rehearsed, RunKind, RunStatus, TableFacts, Verdict
from governance.policy import ApprovalKind
from governance.specification import Criterion, Specification
from governance.workflow import ScriptFile

FORWARD = "-- Purpose: levels\n-- Impact: one column\nALTER TABLE public.contractors ADD COLUMN level integer;\n"
ROLLBACK = "-- Purpose: undo\n-- Impact: drops it\nALTER TABLE public.contractors DROP COLUMN level;\n"
CHECKS = (
    "-- check: every level is known\n-- question: business_rules\n-- expect: no rows\nSELECT 1 FROM public.contractors WHERE level < 0;\n"
)


@dataclass(frozen=True)
class Cast:
    engineer: User
    reviewer: User
    second_reviewer: User
    stakeholder: User
    operator: User
    auditor: User


def unique() -> str:
    return uuid.uuid4().hex[:12]


def make_user(name: str, *roles: Role) -> User:
    user = User.objects.create_user(name, f"{name}@example.com", "a long password", is_staff=True)
    user.groups.set([Group.objects.get(name=role) for role in roles])
    return user


def make_cast() -> Cast:
    return Cast(
        engineer=make_user("erin", Role.ENGINEER),
        reviewer=make_user("rosa", Role.REVIEWER),
        second_reviewer=make_user("ravi", Role.REVIEWER),
        stakeholder=make_user("stella", Role.STAKEHOLDER),
        operator=make_user("otto", Role.OPERATOR),
        auditor=make_user("ada", Role.AUDITOR),
    )


def make_targets() -> tuple[Target, Target]:
    """One in staging, one in production."""
    audit.append(System.FIXTURES, "test.set_up", "", "Targets for a test.")
    staging = save(System.FIXTURES, Environment(name="staging", rank=10, monitoring_seconds=0))
    production = save(System.FIXTURES, Environment(name="production", rank=20, production=True, monitoring_seconds=0))
    domain = save(System.FIXTURES, Domain(slug="labor", name="Labor marketplace"))
    assert domain.pk
    return (
        save(System.FIXTURES, Target(environment=staging, name="staging_db", connection="STAGING_DB_URL")),
        save(System.FIXTURES, Target(environment=production, name="production_db", connection="PRODUCTION_DB_URL")),
    )


def specification(**given: Any) -> Specification:
    usual: dict[str, Any] = {
        "title": f"Contractor levels {unique()}",
        "purpose": "Levels.",
        "drivers": "Trust.",
        "design": "A column.",
        "risk_assessment": "Low.",
        "mitigation": "Lock timeout.",
        "rollback_procedure": "Drop it.",
        "data_class": "internal",
        "privacy_impact": "None.",
        "domains": ("labor",),
        "criteria": (Criterion("Worst wait", "under 1 s"),),
    }
    return Specification(**{**usual, **given})


def script_files(
    version: str = "20260101_0900", forward: str = FORWARD, rollback: str = ROLLBACK, checks: str = CHECKS
) -> list[ScriptFile]:
    files = {f"V{version}__levels.sql": forward, f"R{version}__rollback_levels.sql": rollback, f"C{version}__checks_levels.sql": checks}
    return [ScriptFile(name, text) for name, text in files.items() if text]


def make_spec(cast: Cast, files: list[ScriptFile] | None = None, **given: Any) -> Spec:
    return workflow.submit(actor=cast.engineer, specification=specification(**given), scripts=files or script_files())


def phase_of(spec: Spec) -> Phase:
    return Phase.objects.select_related("spec__author").get(spec=spec)


def facts(target: str, rows: int = 100) -> Facts:
    table = TableFacts("public", "contractors", "r", rows, 8192 * rows)
    return Facts(target, datetime.now(UTC), 180006, target, 10**6, (table,))


def observe(phase: Phase) -> None:
    """Answer what waits for an observation, as the runner would."""
    for row in Observation.objects.filter(phase=phase, status=RunStatus.QUEUED):
        claim = handoff.claim("observe", row.pk)
        assert claim
        handoff.finish_observation(claim, Observed(facts(row.target.name)))


def rehearse(cast: Cast, phase: Phase, verdict: Verdict = Verdict.PASSED) -> None:
    workflow.request_rehearsal(actor=cast.engineer, phase=phase)
    row = Rehearsal.objects.get(phase=phase, status=RunStatus.QUEUED)
    claim = handoff.claim("rehearse", row.pk)
    assert claim
    handoff.finish_rehearsal(claim, Rehearsed(verdict, (), message="as a test says"))


def outcome(status: RunStatus = RunStatus.SUCCEEDED, **given: Any) -> Outcome:
    checks = tuple(CheckResult(f"check {question}", question, Moment.AFTER, Verdict.PASSED, "0 rows") for question in Question)
    return Outcome(**{"status": status, "checks": checks, "message": "as a test says", **given})


def finish(run: Run, **given: Any) -> Run:
    claim = handoff.claim("run", run.pk)
    assert claim, Run.objects.get(pk=run.pk).message
    handoff.finish_run(claim, outcome(**given))
    return Run.objects.get(pk=run.pk)


def make_window(target: Target, hours: float = 4, starts_in: float = -1) -> Window:
    audit.append(System.FIXTURES, "test.set_up", "", "A window for a test.")
    starts = timezone.now() + timedelta(hours=starts_in)
    return save(System.FIXTURES, Window(environment=target.environment, name="night", starts=starts, ends=starts + timedelta(hours=hours)))


def approve(cast: Cast, phase: Phase, kind: ApprovalKind) -> None:
    person = cast.reviewer if kind is ApprovalKind.TECHNICAL else cast.stakeholder
    workflow.approve(actor=person, phase=phase, kind=kind, digest=workflow.digest_for(phase, kind))


def make_client_release() -> Release:
    return save(System.FIXTURES, Release(kind="client", name="App", version="1.0"))


def bring_to_staging(cast: Cast, spec: Spec) -> Phase:
    """To the stage of staging deployment, technically approved."""
    phase = phase_of(spec)
    observe(phase)
    rehearse(cast, phase)
    approve(cast, phase_of(spec), ApprovalKind.TECHNICAL)
    return phase_of(spec)


def bring_to_window(cast: Cast, spec: Spec) -> Phase:
    """Through staging and the dry run, to the stage of the scheduled window."""
    phase = bring_to_staging(cast, spec)
    for deployment in phase.deployments.filter(target__environment__production=False):
        finish(workflow.start(actor=cast.operator, deployment=deployment))
    for deployment in phase.deployments.filter(target__environment__production=True):
        finish(workflow.start(actor=cast.operator, deployment=deployment, kind=RunKind.DRY_RUN))
    return phase_of(spec)


def bring_to_production(cast: Cast, spec: Spec) -> Phase:
    """Booked, approved by the business, ready to run."""
    phase = bring_to_window(cast, spec)
    for deployment in phase.deployments.filter(target__environment__production=True).select_related("target__environment"):
        workflow.book(actor=cast.operator, phase=phase, target=deployment.target, window=make_window(deployment.target))
    approve(cast, phase_of(spec), ApprovalKind.BUSINESS)
    return phase_of(spec)
