"""Nothing governed changes without an event, no event and no history is ever rewritten, and the history names the actor."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from governance import audit, workflow
from governance.audit import System
from governance.errors import MissingRole, Refusal
from governance.models import (
    GOVERNED,
    AuditEvent,
    CheckAnswer,
    CheckResult,
    DecisionPoint,
    Deployment,
    Environment,
    Phase,
    Rehearsal,
    Run,
    Sample,
    Spec,
    Step,
)
from governance.monitoring import Period
from governance.orders import RunStatus, Verdict, Wish
from governance.policy import ApprovalKind
from tests import factories
from tests.governance.surroundings import make_everything

TECHNICAL = ApprovalKind.TECHNICAL
REFUSED = "needs an audit event"


@pytest.fixture
def staging(committed) -> Environment:
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "An environment.")
        return audit.save(System.FIXTURES, Environment(name="staging", rank=10))


def touch(table: str, column: str) -> str:
    """Rewrites one row as it is: enough of a change for a trigger."""
    return f"UPDATE {table} SET {column} = {column} WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)"


def refusal_of(statement: str, error: str, event: bool = False) -> bool:
    """Whether the database refused the statement with such words, at the latest at the commit."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if event:
                audit.append(System.FIXTURES, "test.touch", "", statement)
            cursor.execute(statement)
    except DatabaseError as refused:
        return error in str(refused)
    return False


def test_every_governed_table_refuses_a_change_without_an_event_and_truncation(committed):
    make_everything(factories.make_cast())
    tables = {model._meta.db_table: model._meta.pk.column for model in GOVERNED}
    touched = {table: touch(table, column) for table, column in tables.items() if table != "governance_approval"}
    touched["governance_approval"] = touch("governance_approval", "voided_because")

    let_through = [table for table, statement in touched.items() if not refusal_of(statement, REFUSED)]
    refused_with_event = [table for table, statement in touched.items() if refusal_of(statement, "", event=True)]
    truncated = [table for table in tables if not refusal_of(f"TRUNCATE {table} CASCADE", "cannot be truncated", event=True)]

    assert [model for model in GOVERNED if not model._default_manager.exists()] == []
    assert (let_through, refused_with_event, truncated) == ([], [], [])


def test_history_and_events_cannot_be_rewritten_even_with_an_event(committed):
    make_everything(factories.make_cast())
    histories = {model.history.model._meta.db_table: "history_id" for model in GOVERNED} | {"governance_auditevent": "id"}

    changed = [table for table, key in histories.items() if not refusal_of(touch(table, key), "Cannot update or delete", event=True)]
    deleted = [table for table in histories if not refusal_of(f"DELETE FROM {table}", "Cannot update or delete", event=True)]
    truncated = [table for table in histories if not refusal_of(f"TRUNCATE {table} CASCADE", "cannot be truncated", event=True)]

    assert (changed, deleted, truncated) == ([], [], [])


def test_what_was_run_rehearsed_and_found_is_never_deleted_and_measurements_never_changed(committed):
    make_everything(factories.make_cast())
    run = Run.objects.earliest("pk")
    Sample.objects.create(run=run, period=Period.DURING, at=timezone.now())
    CheckAnswer.objects.create(run=run, name="orphans", at=timezone.now(), verdict=Verdict.PASSED)
    evidence = (Deployment, Run, Step, CheckResult, DecisionPoint, Rehearsal, Sample, CheckAnswer)
    tables = [model._meta.db_table for model in evidence]

    deleted = [table for table in tables if not refusal_of(f"DELETE FROM {table}", "delete rows from", event=True)]
    changed = [table for table in tables[-2:] if not refusal_of(touch(table, "id"), "Cannot update", event=True)]
    truncated = [table for table in tables[-2:] if not refusal_of(f"TRUNCATE {table}", "cannot be truncated")]

    assert (deleted, changed, truncated) == ([], [], [])


def by_raw_insert(staging):
    with connection.cursor() as cursor:
        columns = "name, rank, production, monitoring_seconds, after_failed_check, busy_days"
        cursor.execute(f"INSERT INTO governance_environment ({columns}) VALUES ('x', 30, true, 0, 'decide', 'every_day')")


def by_bulk_create(staging):
    Environment.objects.bulk_create([Environment(name="x", rank=30)])


def by_bulk_update(staging):
    staging.rank = 30
    Environment.objects.bulk_update([staging], ["rank"])


def by_queryset_update(staging):
    Environment.objects.update(rank=30)


def by_save(staging):
    staging.rank = 30
    staging.save()


def by_delete(staging):
    Environment.objects.get(pk=staging.pk).delete()


def by_queryset_delete(staging):
    Environment.objects.all().delete()


@pytest.mark.parametrize("way", [by_raw_insert, by_bulk_create, by_bulk_update, by_queryset_update, by_save, by_delete, by_queryset_delete])
def test_no_way_of_writing_escapes_the_event(staging, way):
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        way(staging)

    assert list(Environment.objects.values_list("name", "rank")) == [("staging", 10)]

    with transaction.atomic():
        way(staging)
        audit.append(System.FIXTURES, "test.change", "", "With an event, and after the change, it passes.")

    assert list(Environment.objects.values_list("name", "rank")) != [("staging", 10)]


def test_event_of_an_earlier_transaction_does_not_help(staging):
    audit.append(System.FIXTURES, "test.change", "", "Committed by itself.")

    with pytest.raises(IntegrityError, match=REFUSED):
        Environment.objects.update(rank=30)


def events_of(kind: str, spec: Spec) -> list[str]:
    return list(AuditEvent.objects.filter(kind=kind, subject=spec.number).values_list("actor", flat=True))


@pytest.mark.at("closure")
def test_every_act_of_the_way_leaves_exactly_one_event(cast, spec):
    phase = factories.bring_to_closure(cast, spec)
    factories.review(cast, phase)

    people = {
        "spec.submit": ["erin"],
        "rehearsal.request": ["erin"],
        "approval.approved": ["rosa", "stella"],
        "run.dry_run": ["otto"],
        "booking.book": ["otto"],
        "run.deploy": ["otto", "otto"],
        "review.done": ["rosa"],
        "phase.closed": ["rosa"],
    }
    runner = {"observe.claim": 2, "observation.done": 2, "rehearse.claim": 1, "rehearsal.done": 1, "run.claim": 3, "run.succeeded": 3}
    assert {kind: sorted(events_of(kind, spec)) for kind in people} == people
    assert {kind: events_of(kind, spec) for kind in runner} == {kind: ["system:runner"] * count for kind, count in runner.items()}
    assert not AuditEvent.objects.filter(kind__startswith="refused.").exists()


ACTS_OF_PEOPLE = {
    "script.edit": lambda cast, phase: factories.edit(cast.engineer, phase),
    "spec.edit": lambda cast, phase: workflow.edit_specification(actor=cast.engineer, spec=phase.spec, changes={"purpose": "Other."}),
    "analysis.request": lambda cast, phase: workflow.request_analysis(actor=cast.reviewer, phase=phase),
    "evidence.add": lambda cast, phase: workflow.add_evidence(actor=cast.engineer, phase=phase, suite="s", service="b", passed=True),
    "approval.rejected": lambda cast, phase: workflow.reject(
        actor=cast.second_reviewer, phase=phase, kind=TECHNICAL, digest=workflow.digest_for(phase, TECHNICAL), reason="wrong type"
    ),
    "phase.cancel": lambda cast, phase: workflow.cancel(actor=cast.engineer, phase=phase, reason="not wanted any more"),
}


@pytest.mark.parametrize("kind", ACTS_OF_PEOPLE)
@pytest.mark.at("staging")
def test_every_other_act_leaves_exactly_one_event(cast, spec, kind):
    phase = factories.bring_to_staging(cast, spec)

    ACTS_OF_PEOPLE[kind](cast, phase)

    assert len(events_of(kind, spec)) == 1


@pytest.mark.at("staging")
def test_steering_a_run_leaves_exactly_one_event_per_act(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
    workflow.control(actor=cast.operator, run=run, wish=Wish.PAUSE)
    factories.finish(run, status=RunStatus.PAUSED)
    workflow.resume(actor=cast.operator, run=run)
    factories.finish(run)
    workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=False), reason="a report broke")

    assert {kind: events_of(kind, spec) for kind in ("run.pause", "run.resume", "run.rollback")} == {
        "run.pause": ["otto"], "run.resume": ["otto"], "run.rollback": ["otto"]
    }  # fmt: skip


REFUSALS = {
    "submit": lambda who, phase: workflow.submit(actor=who, specification=factories.specification(), scripts=[]),
    "edit_script": factories.edit,
    "edit_specification": lambda who, phase: workflow.edit_specification(actor=who, spec=phase.spec, changes={"purpose": "x"}),
    "add_check": lambda who, phase: workflow.add_check(actor=who, phase=phase, text="-- use: rows of public.bids", reason="r"),
    "take_out_check": lambda who, phase: workflow.take_out_check(actor=who, phase=phase, name="n", reason="r"),
    "request_analysis": lambda who, phase: workflow.request_analysis(actor=who, phase=phase),
    "request_rehearsal": lambda who, phase: workflow.request_rehearsal(actor=who, phase=phase),
    "add_evidence": lambda who, phase: workflow.add_evidence(actor=who, phase=phase, suite="s", service="b", passed=True),
    "approve": lambda who, phase: workflow.approve(actor=who, phase=phase, kind=TECHNICAL, digest=""),
    "reject": lambda who, phase: workflow.reject(actor=who, phase=phase, kind=TECHNICAL, digest="", reason="r"),
    "start": lambda who, phase: workflow.start(actor=who, deployment=phase.deployments.first()),
    "roll_back": lambda who, phase: workflow.roll_back(actor=who, deployment=phase.deployments.first(), reason="r"),
    "book": lambda who, phase: workflow.book(actor=who, phase=phase, target=phase.deployments.first().target, window=None),
    "advance": lambda who, phase: workflow.advance(actor=who, phase=phase),
    "review": lambda who, phase: workflow.review(actor=who, phase=phase, performance_impact="", lessons="", results={}),
    "cancel": lambda who, phase: workflow.cancel(actor=who, phase=phase, reason="r"),
    "control": lambda who, phase: workflow.control(actor=who, run=Run(deployment=phase.deployments.first()), wish=Wish.STOP),
    "resume": lambda who, phase: workflow.resume(actor=who, run=Run(deployment=phase.deployments.first())),
    "save_record": lambda who, phase: workflow.save_record(actor=who, record=Environment(name="x", rank=1)),
    "delete_record": lambda who, phase: workflow.delete_record(actor=who, record=Environment.objects.first()),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.at("submission")
def test_every_refusal_leaves_exactly_one_event_and_nothing_else(cast, spec, name):
    phase = factories.phase_of(spec)
    before = {model: model._default_manager.count() for model in GOVERNED}
    events = AuditEvent.objects.count()

    with pytest.raises(MissingRole):
        REFUSALS[name](cast.auditor, phase)

    event = AuditEvent.objects.first()
    subject = "" if name in ("submit", "save_record", "delete_record") else spec.number
    assert AuditEvent.objects.count() == events + 1
    assert (event.actor, event.kind, event.subject, event.data) == ("ada", f"refused.{name}", subject, {"code": "MissingRole"})
    assert event.refused
    assert {model: model._default_manager.count() for model in GOVERNED} == before


def test_refusal_survives_the_rollback_of_what_it_refused(committed):
    cast = factories.make_cast()
    factories.make_targets()
    files = factories.script_files(rollback="")

    with pytest.raises(Refusal):
        factories.make_spec(cast, files)

    event = AuditEvent.objects.get(kind="refused.submit")
    assert (event.actor, event.data["code"]) == ("erin", "MissingRollback")
    assert "R20260101_0900__rollback_levels.sql" in event.text
    assert not Spec.objects.exists()


@pytest.mark.at("staging")
def test_history_names_the_person_or_the_system(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    factories.finish(workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False)))

    signed = {model: set(model.history.values_list("history_user__username", "history_change_reason")) for model in GOVERNED}

    unsigned = [model.__name__ for model, signatures in signed.items() if any(not user and not reason for user, reason in signatures)]
    assert unsigned == []
    assert signed[Spec] == {("erin", "")}
    assert (None, "system:runner") in signed[Run]
    assert ("rosa", "") in signed[Phase] or ("erin", "") in signed[Phase]


def test_time_of_an_event_is_the_databases(cast, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: timezone.datetime(1999, 1, 1, tzinfo=timezone.UTC))

    event = AuditEvent.objects.get(pk=audit.append(cast.auditor, "test", "", "At what time?").pk)

    monkeypatch.undo()
    assert abs(event.at - timezone.now()) < timedelta(minutes=1)
