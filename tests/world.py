"""A portal in the middle of its work: changes at every stage, runs of every kind, and a row of everything that has a page."""

from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.models import (
    ApiVersion,
    Cause,
    CheckResult,
    Choice,
    CommentKind,
    Consideration,
    DecisionPoint,
    Domain,
    DomainTable,
    Drift,
    Environment,
    MatrixEntry,
    Phase,
    Presence,
    Release,
    Run,
    SchemaSnapshot,
    Script,
    Spec,
    Target,
    Threshold,
)
from governance.monitoring import Action, Metric
from governance.orders import RunStatus, SchemaReading, Step, StepStatus, Verdict
from governance.policy import ApprovalKind
from governance.schema.fingerprint import fingerprint
from governance.schema.model import Schema, SchemaObject
from governance.workflow import Debt, Result
from tests import factories
from tests.factories import Cast
from tests.governance.exceptional import make_exceptions, supersede
from tests.governance.pages.scenes import reference, snapshot, table, thing

BLOCKING = "-- Purpose: find messages of a sender\n-- Impact: one index\nCREATE INDEX messages_sender ON public.messages (sender);\n"
UNBLOCKED = "-- Purpose: undo\n-- Impact: drops it\nDROP INDEX public.messages_sender;\n"
STATEMENT = "ALTER TABLE public.contractors ADD COLUMN level integer"


def make_world() -> Cast:
    """Titles say where each change stands: “Closed”, “Blocked”, “Asked about”, …"""
    cast = factories.make_cast()
    User.objects.create_superuser("root", "root@example.com", "a long password")
    factories.make_user("nora")
    factories.make_targets()
    _set_up()
    _past(cast)
    _under_way(cast)
    _clients(cast)
    make_exceptions(cast, factories.phase_of(submit(cast, "Sent back", 20)))
    supersede(cast, CheckResult.objects.filter(run__target__environment__production=False)[0], Verdict.UNKNOWN)
    workflow.make_webhook(actor=cast.operator, name="Chat", address="https://chat.example.com/T/B", form="slack")
    workflow.drop_policy(actor=cast.reviewer, version=factories.make_draft_policy(cast.operator), reason="We are too few.")
    factories.make_delegation(cast.stakeholder, cast.second_reviewer, starts_in=24 * 30)
    factories.make_draft_policy(cast.operator)
    workflow.make_token(actor=cast.engineer, name="CI of bids-api", scopes=["read", "submit"], days=90)
    return cast


@transaction.atomic
def _set_up() -> None:
    audit.append(System.FIXTURES, "test.set_up", "", "Tables and snapshots for a test.")
    domain = Domain.objects.get()
    save(System.FIXTURES, DomainTable(domain=domain, name="public.contractors"))
    save(System.FIXTURES, Consideration(domain=domain, question="Who reads it?"))
    for target in Target.objects.all():
        snapshot(target, _schema(), days_ago=3)
    factories.make_blackout(target, hours=30, starts_in=24 * 5)
    factories.make_window(target, starts_in=24 * 3, rule="FREQ=WEEKLY", zone="Europe/Berlin")
    factories.make_resource(target, capacity=20)
    factories.make_availability(User.objects.get(username="otto"), hours=24 * 365)
    save(System.FIXTURES, Threshold(environment=target.environment, metric=Metric.LATENCY, action=Action.WARN, limit=0.25))


@transaction.atomic
def _clients(cast: Cast) -> None:
    """Of whom it is known what they get on with; one about whom nothing is known keeps changes out of production."""
    audit.append(System.FIXTURES, "test.set_up", "", "Releases for a test.")
    clients = [save(System.FIXTURES, Release(kind="client", name="App", version=f"{major}.0")) for major in (1, 2)]
    backend = Release.objects.get(kind="backend", name="production_db")
    for client, verdict in zip(clients, ("partial", "full"), strict=True):
        save(System.FIXTURES, MatrixEntry(client=client, backend=backend, verdict=verdict, reason="It was tried."))
    save(System.FIXTURES, ApiVersion(number="1.0"))
    before = SchemaSnapshot.objects.get(target__name="staging_db", valid_to=None)
    save(System.FIXTURES, Drift(target=before.target, before=before, found_at=timezone.now(), entries=[]))
    save(System.FIXTURES, Presence(release=clients[0], environment=before.target.environment, since=before.valid_from))
    expires = timezone.now() + timedelta(days=9)
    workflow.override(actor=cast.operator, client=clients[0], backend=backend, verdict="full", reason="All agreed.", expires_at=expires)
    phase, environment = factories.phase_of(Spec.objects.get(title="Booked")), Environment.objects.get(production=True)
    workflow.acknowledge_nobody(actor=cast.operator, phase=phase, environment=environment, reason="It was never read.")


def _schema() -> list[SchemaObject]:
    tables = table("public.contractors", "id", "name", comment="Who gives bids.") + table("public.bids", "id", "contractor_id", "total")
    index = thing("index", "public.bids.by_contractor", "public.bids", definition="CREATE INDEX by_contractor ON bids (contractor_id)")
    return [*tables, reference("public.bids", "contractor_id", "public.contractors"), index]


def submit(cast: Cast, title: str, day: int, **given: str) -> Spec:
    files = factories.script_files(f"202601{day:02}_0900", **given)
    return factories.make_spec(cast, files, title=title, answers={"Who reads it?": "All."})


def _past(cast: Cast) -> None:
    closed = submit(cast, "Closed", 1)
    workflow.add_evidence(actor=cast.engineer, phase=factories.phase_of(closed), suite="end to end", service="bids", passed=True)
    phase = factories.bring_to_production(cast, closed)
    after = Schema.of(_schema())
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))
    factories.finish(run, schema=SchemaReading(fingerprint(after), after.as_json()))
    phase = factories.phase_of(closed)
    debt = Debt("Drop the old column", cast.engineer, date(2026, 3, 1))
    factories.review(cast, phase, results={"Worst wait": Result("0.1 s", True)}, follow_ups=[debt])
    _end_window(phase)
    failed = factories.bring_to_staging(cast, submit(cast, "Failed", 2))
    run = workflow.start(actor=cast.operator, deployment=factories.on(failed, production=False))
    factories.finish(run, status=RunStatus.FAILED_CLEAN, message="The lock was not given within 60 attempts. Nothing was changed.")
    _decided(cast, run)
    undone = factories.bring_to_window(cast, submit(cast, "Rolled back", 3))
    factories.roll_back_staging(cast, undone)
    refused = factories.bring_to_approval(cast, submit(cast, "Refused", 4))
    digest = workflow.digest_for(refused, ApprovalKind.TECHNICAL)
    workflow.reject(actor=cast.reviewer, phase=refused, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No index.")
    workflow.cancel(actor=cast.engineer, phase=factories.phase_of(submit(cast, "Cancelled", 5)), reason="Not needed.")
    audit.append(cast.engineer, "refused.approve", closed.number, "erin cannot approve what erin wrote.", code="OwnWork")


@transaction.atomic
def _decided(cast: Cast, run: Run) -> None:
    audit.append(System.FIXTURES, "test.set_up", "", "What an operator had to decide.")
    point = DecisionPoint(run=run, cause=Cause.CHECK, at=timezone.now(), text="A check failed behind the run.", choice=Choice.KEEP)
    point.decided_by, point.decided_at, point.reason = cast.operator, timezone.now(), "It failed before, too."
    save(System.FIXTURES, point)


@transaction.atomic
def _end_window(phase: Phase) -> None:
    """So that the target can be booked for now."""
    audit.append(System.FIXTURES, "test.set_up", "", "A window that is over.")
    booking = phase.bookings.get()
    booking.ends = timezone.now()
    save(System.FIXTURES, booking)


def _under_way(cast: Cast) -> None:
    blocked = submit(cast, "Blocked", 6, forward=BLOCKING, rollback=UNBLOCKED)
    factories.observe(factories.phase_of(blocked))
    factories.make_spec(cast, factories.script_files("20260101_1000"), title="Requiring", requires=(blocked.title,))
    asked = factories.bring_to_approval(cast, submit(cast, "Asked about", 7))
    script = Script.objects.get(phase=asked, kind="forward")
    question = workflow.comment(actor=cast.reviewer, phase=asked, text="Why no default?", kind=CommentKind.QUESTION, script=script, line=3)
    workflow.comment(actor=cast.engineer, phase=asked, text="Unknown is not zero.", answers=question)
    workflow.comment(actor=cast.second_reviewer, phase=asked, text="Name the level's range.", kind=CommentKind.CHANGES)
    factories.bring_to_approval(cast, submit(cast, "To be approved", 8))
    factories.bring_to_window(cast, submit(cast, "Tried", 12))
    book(cast, factories.bring_to_window(cast, submit(cast, "Booked", 9)), starts_in=24)
    _paused(cast)
    _running(cast)


def book(cast: Cast, phase: Phase, starts_in: float) -> None:
    target = factories.on(phase, production=True).target
    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target, starts_in=starts_in))


def _paused(cast: Cast) -> None:
    """In staging, after its first statement."""
    phase = factories.bring_to_staging(cast, submit(cast, "Paused", 10))
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
    claim = handoff.claim("run", run.pk)
    assert claim
    step = Step(1, claim.order.manifest.scripts[0].name, 3, STATEMENT, StepStatus.DONE, timezone.now(), 0.2)
    handoff.finish_run(claim, factories.outcome(RunStatus.PAUSED, steps=(step,), checks=(), message="Paused at a boundary."))


def _running(cast: Cast) -> None:
    """On another target, because the first one is taken by the run that rests."""
    second = factories.make_target(Environment.objects.get(name="staging"), "staging_eu")
    phase = factories.bring_to_staging(cast, submit(cast, "Running", 11))
    run = workflow.start(actor=cast.operator, deployment=phase.deployments.get(target=second))
    claim = handoff.claim("run", run.pk)
    assert claim
    began = timezone.now() - timedelta(seconds=2)
    handoff.progress(claim, Step(1, claim.order.manifest.scripts[0].name, 3, STATEMENT, StepStatus.RUNNING, began, attempts=2))
