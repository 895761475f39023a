"""Rows for tests, made through the same functions that people use. `bring_to_…` does what is left to do on the way there."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.utils import timezone

from governance import audit, handoff, lifecycle, migrations, workflow
from governance.audit import System, save
from governance.dossier import gather
from governance.facts import Facts, TableFacts
from governance.lifecycle import Dossier, Evidence, Role, Stage
from governance.models import (
    Availability,
    Booking,
    Delegation,
    Deployment,
    Domain,
    Environment,
    Observation,
    Phase,
    PolicyVersion,
    Rehearsal,
    Release,
    Resource,
    Review,
    Run,
    Script,
    Spec,
    Target,
    Window,
)
from governance.orders import (
    CheckResult,
    Moment,
    Observed,
    Outcome,
    Question,
    Rehearsed,
    RunKind,
    RunStatus,
    SchemaReading,
    ScriptKind,
    Verdict,
)
from governance.policy import ApprovalKind
from governance.signing import Method, Signing
from governance.specification import Criterion, Specification
from governance.workflow import Result, ScriptFile

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


CAST = ("erin", "rosa", "ravi", "stella", "otto", "ada")
SIGNED = Signing(Method.PASSWORD, "a session", "192.0.2.7")


def find_cast() -> Cast:
    """The people of a portal that has them already."""
    people = {user.username: user for user in User.objects.all()}
    return Cast(*(people[name] for name in CAST))


def unique() -> str:
    return uuid.uuid4().hex[:12]


@cache
def password() -> str:
    """Hashed once for everybody: hashing is slow on purpose."""
    return make_password("a long password")


def make_user(name: str, *roles: Role) -> User:
    user = _user(name)
    user.save()
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def _user(name: str) -> User:
    return User(username=name, email=f"{name}@example.com", password=password(), is_staff=True)


def make_cast() -> Cast:
    roles = (Role.ENGINEER, Role.REVIEWER, Role.REVIEWER, Role.STAKEHOLDER, Role.OPERATOR, Role.AUDITOR)
    groups = {group.name: group for group in Group.objects.all()}
    people = User.objects.bulk_create(_user(name) for name in CAST)
    joins = User.groups.through
    joins.objects.bulk_create(joins(user=person, group=groups[role]) for person, role in zip(people, roles, strict=True))
    return Cast(*people)


@transaction.atomic
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


def dossier(phase: Phase) -> Dossier:
    return gather(phase)


def lacking(phase: Phase) -> tuple[Evidence, ...]:
    """What is missing to go on."""
    return lifecycle.missing(phase.at, gather(phase))


def facts(target: str, rows: int = 100) -> Facts:
    table = TableFacts("public", "contractors", "r", rows, 8192 * rows)
    return Facts(target, datetime.now(UTC), 180006, target, 10**6, (table,))


def observe(phase: Phase, rows: int = 100) -> None:
    """Answer what waits for an observation, as the runner would."""
    for row in Observation.objects.filter(phase=phase, status=RunStatus.QUEUED):
        claim = handoff.claim("observe", row.pk)
        assert claim
        handoff.finish_observation(claim, Observed(facts(row.target.name, rows)))


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


@transaction.atomic
def make_window(target: Target, /, hours: float = 4, starts_in: float = -1, **given: Any) -> Window:
    audit.append(System.FIXTURES, "test.set_up", "", "A window for a test.")
    starts = timezone.now() + timedelta(hours=starts_in)
    usual = {"environment": target.environment, "name": "night", "starts": starts, "ends": starts + timedelta(hours=hours)}
    return save(System.FIXTURES, Window(**{**usual, **given}))


@transaction.atomic
def make_blackout(target: Target, /, hours: float = 1, starts_in: float = -0.5, **given: Any) -> Window:
    audit.append(System.FIXTURES, "test.set_up", "", "A blackout for a test.")
    starts = timezone.now() + timedelta(hours=starts_in)
    usual = {"environment": target.environment, "kind": "blackout", "name": "sale"}
    return save(System.FIXTURES, Window(**{**usual, "starts": starts, "ends": starts + timedelta(hours=hours), **given}))


@transaction.atomic
def make_resource(*targets: Target, capacity: int = 1, kind: str = "server") -> Resource:
    audit.append(System.FIXTURES, "test.set_up", "", "A resource for a test.")
    resource = save(System.FIXTURES, Resource(name=f"pg-{unique()}", kind=kind, capacity=capacity))
    resource.targets.set(targets)
    return resource


@transaction.atomic
def make_availability(person: User, starts_in: float = -48, hours: float = 96) -> Availability:
    audit.append(System.FIXTURES, "test.set_up", "", "Somebody's time for a test.")
    starts = timezone.now() + timedelta(hours=starts_in)
    return save(System.FIXTURES, Availability(person=person, starts=starts, ends=starts + timedelta(hours=hours)))


@transaction.atomic
def make_target(environment: Environment, name: str) -> Target:
    audit.append(System.FIXTURES, "test.set_up", "", "A target for a test.")
    return save(System.FIXTURES, Target(environment=environment, name=name, connection=f"{name.upper()}_URL"))


@transaction.atomic
def make_domain(slug: str) -> Domain:
    audit.append(System.FIXTURES, "test.set_up", "", "A domain for a test.")
    return save(System.FIXTURES, Domain(slug=slug, name=slug.capitalize()))


@transaction.atomic
def add_deployment(phase: Phase, target: Target) -> Deployment:
    audit.append(System.FIXTURES, "test.set_up", "", "One target more for a change.")
    return save(System.FIXTURES, Deployment(phase=phase, target=target))


def approve(cast: Cast, phase: Phase, kind: ApprovalKind) -> None:
    person = cast.reviewer if kind is ApprovalKind.TECHNICAL else cast.stakeholder
    workflow.approve(actor=person, phase=phase, kind=kind, digest=workflow.digest_for(phase, kind), signing=SIGNED)


def installed_rules() -> list[dict[str, Any]]:
    """Those that the portal comes with."""
    return import_module(f"governance.migrations.{next(Path(migrations.__file__).parent.glob('*_policy.py')).stem}").RULES


def make_client_release() -> Release:
    return save(System.FIXTURES, Release(kind="client", name="App", version="1.0"))


def on(phase: Phase, *, production: bool) -> Deployment:
    """The phase's deployment to the target in production, or to the one in staging."""
    deployments = phase.deployments.select_related("phase__spec__author", "target__environment")
    return deployments.get(target__environment__production=production)


def bring_to_approval(cast: Cast, spec: Spec) -> Phase:
    """To the stage of staging deployment, waiting for technical approval."""
    phase = phase_of(spec)
    if phase.at < Stage.STAGING_DEPLOYMENT:
        observe(phase)
        rehearse(cast, phase)
    return phase_of(spec)


def bring_to_staging(cast: Cast, spec: Spec) -> Phase:
    """To the stage of staging deployment, technically approved."""
    phase = bring_to_approval(cast, spec)
    if not phase.approvals.filter(voided_at=None).exists():
        approve(cast, phase, ApprovalKind.TECHNICAL)
    return phase_of(spec)


def bring_to_window(cast: Cast, spec: Spec) -> Phase:
    """Through staging and the dry run, to the stage of the scheduled window."""
    phase = bring_to_staging(cast, spec)
    if phase.at >= Stage.SCHEDULED_WINDOW:
        return phase
    for deployment in phase.deployments.filter(target__environment__production=False):
        finish(workflow.start(actor=cast.operator, deployment=deployment))
    for deployment in phase.deployments.filter(target__environment__production=True):
        finish(workflow.start(actor=cast.operator, deployment=deployment, kind=RunKind.DRY_RUN))
    return phase_of(spec)


def roll_back_staging(cast: Cast, phase: Phase) -> Phase:
    run = workflow.roll_back(actor=cast.operator, deployment=on(phase, production=False), reason="as a test says")
    finish(run, status=RunStatus.ROLLED_BACK)
    return phase_of(phase.spec)


def bring_to_production(cast: Cast, spec: Spec) -> Phase:
    """Booked, approved by the business, ready to run."""
    phase = bring_to_window(cast, spec)
    if phase.at >= Stage.PRODUCTION_DEPLOYMENT:
        return phase
    for deployment in phase.deployments.filter(target__environment__production=True).select_related("target__environment"):
        workflow.book(actor=cast.operator, phase=phase, target=deployment.target, window=make_window(deployment.target))
    approve(cast, phase_of(spec), ApprovalKind.BUSINESS)
    return phase_of(spec)


def bring_to_closure(cast: Cast, spec: Spec) -> Phase:
    """Run in production, waiting for its review."""
    phase = bring_to_production(cast, spec)
    if phase.at >= Stage.CLOSURE:
        return phase
    finish(workflow.start(actor=cast.operator, deployment=on(phase, production=True)), schema=SchemaReading("f" * 64, {"tables": []}))
    return phase_of(spec)


def review(cast: Cast, phase: Phase, **given: Any) -> Review:
    usual: dict[str, Any] = {"performance_impact": "None felt.", "lessons": "None.", "results": {"Worst wait": Result("0.1 s", True)}}
    return workflow.review(**{"actor": cast.reviewer, "phase": phase, **usual, **given})


def edit(person: User, phase: Phase, text: str = FORWARD + "-- one more thought\n") -> Script:
    return workflow.edit_script(actor=person, script=phase.scripts.get(kind=ScriptKind.FORWARD), text=text)


@transaction.atomic
def at_once(sql: str, params: Sequence[object] = ()) -> None:
    """Raw SQL behind the portal's back, by somebody who knows that the triggers want an event."""
    audit.append(System.FIXTURES, "test.raw", "", sql)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def make_delegation(person: User, delegate: User, starts_in: float = -1, days: float = 7) -> Delegation:
    starts = timezone.now() + timedelta(hours=starts_in)
    return workflow.delegate(actor=person, to=delegate, starts=starts, ends=starts + timedelta(days=days), reason="holidays")


def make_draft_policy(person: User) -> PolicyVersion:
    rules = [*installed_rules(), {"kind": "dba", "people": 1, "why": "a DBA reads it", "when": {"risks": ["critical"]}}]
    return workflow.draft_policy(actor=person, rules=rules, reason="DBAs want to know.")


def book(cast: Cast, phase: Phase, target: Target, **window: Any) -> Booking:
    return workflow.book(actor=cast.operator, phase=phase, target=target, window=make_window(target, **window))
