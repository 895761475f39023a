"""What a change meets on its way: other changes, domains with questions, clients, and all the rest that is governed."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from governance import audit, workflow
from governance.audit import System, save
from governance.models import (
    Acknowledgement,
    ApiToken,
    ApiVersion,
    Binding,
    Booking,
    CalendarFeed,
    Cause,
    CheckChoice,
    CheckResult,
    Choice,
    Collision,
    Comment,
    Consideration,
    DecisionPoint,
    Dependency,
    Domain,
    DomainTable,
    Drift,
    Environment,
    MatrixEntry,
    Override,
    Presence,
    Recheck,
    Release,
    Reservation,
    Run,
    Shield,
    Spec,
    Target,
    Threshold,
)
from governance.orders import SchemaReading, Step, StepStatus, Verdict
from governance.workflow import Debt
from tests.factories import (
    Cast,
    bring_to_production,
    finish,
    make_availability,
    make_client_release,
    make_delegation,
    make_draft_policy,
    make_resource,
    make_spec,
    make_targets,
    on,
    phase_of,
    review,
    script_files,
)
from tests.governance.exceptional import make_exceptions, supersede


@transaction.atomic
def make_surroundings(cast: Cast, first: Spec) -> None:
    """What a change meets on its way: owned tables, questions, clients, and what people and programs say."""
    audit.append(System.FIXTURES, "test.set_up", "", "What a change meets on its way.")
    labor = Domain.objects.get(slug="labor")
    save(System.FIXTURES, DomainTable(domain=labor, name="public.contractors"))
    save(System.FIXTURES, Consideration(domain=labor, question="Who sees the level?"))
    save(System.FIXTURES, Comment(phase=phase_of(first), person=cast.auditor, text="Why?"))
    save(System.FIXTURES, CheckChoice(phase=phase_of(first), name="triggers stay enabled", reason="It has none.", by=cast.engineer))
    expiry = timezone.now() + timedelta(days=90)
    save(System.FIXTURES, ApiToken(person=cast.engineer, name="CI", hash="0" * 64, scopes=["read"], expires_at=expiry))
    backend = save(System.FIXTURES, Release(kind="backend", name="production_db", version="1.0.0"))
    client = make_client_release()
    save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict="full", reason="as tested"))
    _make_clients_known(cast, first, client, backend)


def _make_clients_known(cast: Cast, first: Spec, client: Release, backend: Release) -> None:
    """Where a client is, what it uses, what keeps its contract, and what people say of it."""
    production, expiry = Environment.objects.get(production=True), timezone.now() + timedelta(days=9)
    version = save(System.FIXTURES, ApiVersion(number="1.0"))
    save(System.FIXTURES, Shield(api_version=version, spec=first))
    save(System.FIXTURES, Presence(release=client, environment=production, since=timezone.now()))
    save(System.FIXTURES, Binding(client=client, by="GET /contractors", object="public.contractors.name"))
    said = {"client": client, "backend": backend, "verdict": "full", "reason": "All agreed."}
    save(System.FIXTURES, Override(**said, expires_at=expiry, asked_by=cast.operator))
    acknowledged = {"phase": phase_of(first), "environment": production, "digest": "0" * 64}
    save(System.FIXTURES, Acknowledgement(**acknowledged, person=cast.operator, reason="It was never read."))


@transaction.atomic
def require(spec: Spec, other: Spec) -> None:
    audit.append(System.FIXTURES, "test.set_up", spec.number, f"{spec} requires {other}.")
    save(System.FIXTURES, Dependency(spec=spec, other=other))


@transaction.atomic
def make_drift(target: Target) -> None:
    audit.append(System.FIXTURES, "test.set_up", target.name, "Somebody changed the target past the portal.")
    before = target.snapshots.get(valid_to=None)
    save(System.FIXTURES, Drift(target=target, before=before, found_at=timezone.now(), entries=[]))


@transaction.atomic
def make_watched(run: Run) -> None:
    """A threshold of its environment, a decision about it that was taken, and one of its checks that is asked again."""
    audit.append(System.FIXTURES, "test.set_up", run.target.name, "What a run is measured against.")
    save(System.FIXTURES, Threshold(environment=run.target.environment, metric="latency", action="warn", limit=1))
    decided = {"choice": Choice.KEEP, "decided_at": timezone.now()}
    save(System.FIXTURES, DecisionPoint(run=run, cause=Cause.TRIGGER, at=timezone.now(), text="Latency rose.", **decided))
    save(System.FIXTURES, Recheck(result=run.checks.all()[0]))


@transaction.atomic
def make_times(cast: Cast, spec: Spec, other: Booking) -> None:
    """A booking with all that one can have."""
    server, _ = make_resource(other.target), make_availability(cast.operator)
    audit.append(System.FIXTURES, "test.set_up", spec.number, "A booking with all that one can have.")
    times = {"starts": other.ends, "ends": other.ends + timedelta(hours=1)}
    given = {"phase": phase_of(spec), "target": other.target, "window": other.window, "booked_by": cast.operator}
    booking = save(System.FIXTURES, Booking(**given, **times))
    save(System.FIXTURES, Reservation(booking=booking, phase=booking.phase, duty="capacity", resource=server, **times))
    save(System.FIXTURES, Collision(booking=booking, other=other, score=0.4, why="both are on one target"))
    save(System.FIXTURES, CalendarFeed(owner=cast.auditor, kind="target", target=other.target, hash="0" * 64))


def make_everything(cast: Cast) -> Spec:
    """A closed change; it and its surroundings have a row in every governed table."""
    make_targets()
    first = make_spec(cast, script_files("20250101_0900", forward="ALTER TABLE public.contractors ADD COLUMN first integer;"))  # no header
    make_surroundings(cast, first)
    spec = make_spec(cast, answers={"Who sees the level?": "Everybody."})
    require(first, spec)
    workflow.add_evidence(actor=cast.engineer, phase=phase_of(spec), suite="end-to-end", service="bids", passed=True)
    phase = bring_to_production(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=on(phase, production=True))
    steps = (Step(1, "V20260101_0900__levels.sql", 3, "ALTER TABLE", StepStatus.DONE, timezone.now()),)
    finish(run, steps=steps, schema=SchemaReading("f" * 64, {"tables": []}))
    make_watched(run)
    make_drift(run.target)
    make_times(cast, first, run.booking)
    make_delegation(cast.reviewer, cast.auditor)
    make_draft_policy(cast.operator)
    make_exceptions(cast, phase_of(first))
    supersede(cast, CheckResult.objects.filter(run__target__environment__production=False)[0], Verdict.UNKNOWN)
    workflow.make_webhook(actor=cast.operator, name="Chat", address="https://chat.example.com/", form="full")
    review(cast, phase_of(spec), follow_ups=[Debt("Drop the old column", cast.engineer, timezone.now().date())])
    return spec
