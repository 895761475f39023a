"""A statement that no catalogue can judge, from its interruption to the run's end: a person looks at the target and says what is there."""

import threading

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from governance import audit, workflow
from governance.audit import System
from governance.errors import MissingRole, NeedsReason, NotReady, OwnWork
from governance.handoff import course_of
from governance.models import DecisionPoint, Notice, Run, SpecEditor
from governance.orders import RunKind, RunStatus
from runner import tasks
from tests.runner.scene import applied, events, fresh, phase_of, scripts, until, work

PREPARED = "CREATE INDEX contractors_name ON contractors (name)"
REINDEX = "VACUUM contractors;\nREINDEX INDEX CONCURRENTLY contractors_name;"


@pytest.fixture
def left(scene, staging, settings) -> Run:
    """A run whose connection was cut while PostgreSQL built an index anew."""
    settings.CLAIM_SILENCE = settings.PROBE_AGAIN = 0
    staging.execute(PREPARED)
    run = scene.start(scripts(REINDEX))
    with psycopg.connect(scene.staging) as writer:
        writer.execute("UPDATE contractors SET name = name WHERE id = 1")
        worker = threading.Thread(target=_work, args=[run])
        worker.start()
        waits = "application_name = %s AND query LIKE 'REINDEX%%' AND wait_event = 'virtualxid'"
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waits}"
        until(lambda: staging.execute(cut, [f"lockgate {run.pk}"]).fetchone())
    worker.join()
    return fresh(run)


def _work(run: Run) -> None:
    tasks.run(str(run.pk))
    connection.close()


def states(run: Run) -> list[str]:
    return list(run.steps.order_by("position").values_list("status", flat=True))


def say(scene, run: Run, applied: bool, **given) -> Run:
    usual = {"actor": scene.cast.operator, "run": run, "position": 2, "applied": applied, "reason": "pg_stat_user_indexes"}
    return workflow.judge_statement(**{**usual, **given})


def test_interrupted_statement_is_unknown_and_somebody_is_asked(scene, left):
    point = DecisionPoint.objects.get(run=left)

    assert left.status == RunStatus.INDETERMINATE
    assert "No catalogue tells whether line 4 of V20260101_0900__part.sql took effect." in left.message
    assert states(left) == ["done", "unknown"]
    assert point.text.endswith("took effect: REINDEX INDEX CONCURRENTLY contractors_name")
    assert Notice.objects.filter(person=scene.cast.operator, text__startswith="No catalogue tells").exists()


def test_asked_again_it_is_the_same_question(left):
    tasks.reap()

    assert fresh(left).status == RunStatus.INDETERMINATE
    assert DecisionPoint.objects.filter(run=left).count() == 1
    assert states(left) == ["done", "unknown"]


def test_applied_completes_the_run(scene, left, staging):
    say(scene, left, applied=True)
    tasks.reap()

    done = fresh(left)
    assert (done.status, done.deployment.applied) == (RunStatus.SUCCEEDED, True), done.message
    assert states(left) == ["done", "done"]
    assert left.steps.get(position=2).note == "otto says that it is applied: pg_stat_user_indexes"
    assert applied(staging) == ["20260101.0900"]
    assert staging.execute("SELECT status, told FROM lockgate.journal WHERE position = 2").fetchall() == [
        ("done", "otto says that it is applied: pg_stat_user_indexes")
    ]
    assert "otto says that line 4 of V20260101_0900__part.sql is applied on staging_db: pg_stat_user_indexes" in events("run.judge")


def test_not_applied_lets_the_next_run_execute_it_again(scene, left, staging):
    say(scene, left, applied=False)
    tasks.reap()
    half = fresh(left)
    again = work(scene.again(left))

    assert half.status == RunStatus.FAILED_DIRTY, half.message
    assert states(left) == ["done", "failed"]
    assert again.status == RunStatus.SUCCEEDED, again.message
    assert states(again) == ["skipped", "done"]
    assert staging.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'contractors_name'::regclass").fetchone() == (True,)


def test_run_that_was_to_be_rolled_back_is_as_soon_as_it_is_said(scene, left):
    workflow.roll_back_run(actor=scene.cast.operator, run=left, reason="bids fail")
    say(scene, left, applied=False)
    tasks.reap()

    rollback = Run.objects.get(kind=RunKind.ROLLBACK)
    assert (rollback.reason, rollback.status) == ("bids fail", RunStatus.QUEUED)


def test_only_an_operator_who_did_not_write_it_says_so_with_a_reason(scene, left):
    with pytest.raises(MissingRole, match="it takes the role operator"):
        say(scene, left, applied=True, actor=scene.cast.engineer)
    with pytest.raises(NeedsReason):
        say(scene, left, applied=True, reason=" ")
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "An editor for a test.")
        audit.save(System.FIXTURES, SpecEditor(spec=phase_of(left).spec, person=scene.cast.operator))
    with pytest.raises(OwnWork, match="cannot say what is applied of it"):
        say(scene, left, applied=True)
    with pytest.raises(DatabaseError, match="Whoever wrote a change cannot say what of it is applied"), transaction.atomic():
        DecisionPoint.objects.filter(run=left).update(decided_by=scene.cast.operator)

    assert DecisionPoint.objects.get(run=left).decided_at is None


def test_what_the_target_tells_nobody_may_say(scene, left):
    with pytest.raises(NotReady, match=r"Nobody has to say whether statement 1 .* To be said: 2"):
        say(scene, left, applied=True, position=1)
    say(scene, left, applied=True)
    with pytest.raises(NotReady, match="To be said: none now"):
        say(scene, left, applied=False)
    tasks.reap()
    with pytest.raises(NotReady, match="is succeeded: its target has said what it holds"):
        say(scene, left, applied=False)


def test_target_that_cannot_be_reached_leaves_nothing_to_say(scene, settings, monkeypatch):
    settings.CLAIM_SILENCE = 0
    run = scene.start(scripts(REINDEX))
    workflow_claim = tasks.handoff.claim("run", run.pk)
    monkeypatch.setenv("STAGING_DB_URL", "postgresql://127.0.0.1:1/staging")
    tasks.reap()

    assert workflow_claim
    assert fresh(run).status == RunStatus.INDETERMINATE
    with pytest.raises(NotReady, match="To be said: none now"):
        say(scene, run, applied=True, position=1)


def test_terminal_shows_the_question_and_takes_the_answer(scene, left):
    shown = course_of(left.pk)
    given = (str(left.pk), "--steer", "applied", "--statement", "2", "--as", "otto")
    with pytest.raises(CommandError, match="write down why"):
        call_command("watch", *given)

    call_command("watch", *given, "--reason", "seen")

    assert shown.undecided[0].startswith("No catalogue tells")
    assert shown.share == 0.5
    assert DecisionPoint.objects.get(run=left).choice == "applied"
