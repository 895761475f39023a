"""A portal with changes on their way, and people who are signed in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from governance import workflow
from governance.audit import System, save
from governance.lifecycle import PhaseStatus, Role
from governance.models import (
    ApiVersion,
    Cause,
    CheckResult,
    Choice,
    Consideration,
    DecisionPoint,
    Domain,
    DomainTable,
    Drift,
    MatrixEntry,
    Phase,
    Presence,
    Release,
    ReleaseKind,
    Run,
    SchemaSnapshot,
    Spec,
    Step,
    Target,
    Threshold,
)
from governance.monitoring import Action, Metric
from governance.orders import Verdict
from governance.workflow import Debt, Result
from tests import factories
from tests.factories import Cast
from tests.governance.conftest import STAGES, Scene, wanted_of
from tests.governance.exceptional import make_exceptions, supersede

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Nobody here signs in with one."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sign_in() -> SignIn:
    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@transaction.atomic
def everything(cast: Cast) -> None:
    """A change that went through all thirteen stages, and a row of everything."""
    factories.make_targets()
    domain = Domain.objects.get()
    save(System.FIXTURES, DomainTable(domain=domain, name="public.contractors"))
    question = save(System.FIXTURES, Consideration(domain=domain, question="Who reads it?"))
    required = factories.make_spec(cast, factories.script_files("20250101_0900"))
    spec = factories.make_spec(cast, answers={question.question: "Everybody."})
    workflow.add_evidence(actor=cast.engineer, phase=factories.phase_of(spec), suite="end to end", service="bids", passed=True)
    phase = factories.bring_to_production(cast, spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=phase.deployments.get(target__environment__production=True)))
    factories.make_spec(cast, factories.script_files("20270101_0900"), requires=(required.title,))
    factories.make_resource(Target.objects.get(name="production_db"))
    factories.make_availability(cast.operator)
    supersede(cast, CheckResult.objects.filter(run__target__environment__production=False)[0], Verdict.UNKNOWN)
    make_exceptions(cast, factories.phase_of(factories.make_spec(cast, factories.script_files("20280101_0900"))))
    factories.make_delegation(cast.stakeholder, cast.second_reviewer)
    close(cast, spec)


def close(cast: Cast, spec: Spec) -> None:
    workflow.review(
        actor=cast.reviewer,
        phase=factories.phase_of(spec),
        performance_impact="None felt.",
        lessons="None.",
        results={"Worst wait": Result("0.1 s", True)},
        follow_ups=[Debt("Drop the old column", cast.engineer, Phase.objects.get(spec=spec).spec.created_at.date())],
    )
    client = factories.make_client_release()
    backend = save(System.FIXTURES, Release(kind=ReleaseKind.BACKEND, name="Backend", version="1.0"))
    save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict="partial", reason="served before the first change"))
    save(System.FIXTURES, ApiVersion(number="1.0"))
    workflow.override(
        actor=cast.operator,
        client=client,
        backend=backend,
        verdict="full",
        reason="Its users agreed.",
        expires_at=spec.created_at + timedelta(days=9),
    )
    phase = Phase.objects.filter(status="open").first()
    production = Target.objects.get(name="production_db").environment
    save(System.FIXTURES, Presence(release=client, environment=production, since=spec.created_at))
    save(System.FIXTURES, Threshold(environment=production, metric=Metric.LATENCY, action=Action.WARN, limit=0.25))
    workflow.acknowledge_nobody(actor=cast.operator, phase=phase, environment=production, reason="It was never read.")
    run = Run.objects.filter(kind="deploy").first()
    save(System.FIXTURES, DecisionPoint(run=run, cause=Cause.CHECK, at=spec.created_at, text="It failed.", **_kept(cast, spec)))
    save(
        System.FIXTURES, Step(run=run, position=1, script="V1.sql", line=3, statement="SELECT 1", status="done", started_at=spec.created_at)
    )
    content = {"format": 1, "objects": [{"kind": "table", "name": "public.contractors", "parent": "public", "attributes": {"owner": "o"}}]}
    target = Target.objects.get(name="staging_db")
    before = save(
        System.FIXTURES,
        SchemaSnapshot(target=target, version="1.1.0", fingerprint="0" * 64, content=content, valid_from=spec.created_at),
    )
    save(System.FIXTURES, Drift(target=target, before=before, found_at=spec.created_at, entries=[]))


def _kept(cast: Cast, spec: Spec) -> dict[str, Any]:
    return {"choice": Choice.KEEP, "decided_by": cast.operator, "decided_at": spec.created_at, "reason": "It failed before, too."}


@pytest.fixture
def beginning(request: pytest.FixtureRequest, beginning: Scene | None) -> Scene | None:
    """A mark says it, or what the test asks for."""
    return beginning or wanted_of(request, {"closed": everything, "staged": STAGES["approval"], "spec": STAGES["submission"]})


@pytest.fixture
def staged(spec: Spec) -> Phase:
    """Rehearsed, and waiting for the technical approval."""
    return factories.phase_of(spec)


@pytest.fixture
def closed(cast: Cast) -> Spec:
    return Spec.objects.get(phases__status=PhaseStatus.CLOSED)


@pytest.fixture
def everybody(cast: Cast, superuser: User) -> dict[str, User]:
    return {
        Role.ENGINEER: cast.engineer,
        Role.REVIEWER: cast.reviewer,
        Role.STAKEHOLDER: cast.stakeholder,
        Role.OPERATOR: cast.operator,
        Role.AUDITOR: cast.auditor,
        "superuser": superuser,
        "nobody": factories.make_user("nora"),
    }
