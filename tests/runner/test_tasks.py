"""What a worker does when it is woken: real targets, a real portal database, no queue between."""

import time

import psycopg
from django.db import connection, transaction
from django_q.models import OrmQ

from governance import audit, workflow
from governance.audit import System
from governance.lifecycle import Stage
from governance.models import MatrixEntry, Run, SchemaSnapshot, Script, Step
from governance.orders import RunKind, RunStatus, StepStatus, Verdict, Wish
from runner import tasks
from runner.engine import flyway, session
from tests import factories
from tests.runner.pooler import pooled
from tests.runner.scene import LEVELS, applied, deployment, events, fresh, in_background, phase_of, scripts, until, untouched, work

ADD = "ALTER TABLE contractors ADD COLUMN level integer;"
MORE = "CREATE TABLE badges (id int PRIMARY KEY);"
SLOW = "SELECT pg_sleep(0.6);"


def test_run_goes_from_the_request_to_everything_that_follows_from_it(run, staging):
    with transaction.atomic():
        audit.append(System.FIXTURES, "test.set_up", "", "A client for a test.")
        factories.make_client_release()

    done = work(run)

    assert done.status == RunStatus.SUCCEEDED, done.message
    assert list(done.steps.values_list("status", "script")) == [("done", "V20260101_0900__levels.sql")]
    assert {check.verdict for check in done.checks.all()} == {Verdict.PASSED}
    assert applied(staging) == ["20260101.0900"]
    assert staging.execute("SELECT run, digest, outcome FROM lockgate.ledger").fetchall() == [(str(run.pk), run.script_digest, "applied")]
    assert (done.deployment.applied, done.deployment.target.version) == (True, "1.1.0")
    assert SchemaSnapshot.objects.get(run=run, valid_to=None).version == "1.1.0"
    assert MatrixEntry.objects.filter(run=run).exists()
    assert phase_of(run).at is Stage.PRODUCTION_DRY_RUN


def test_second_delivery_finds_nothing_to_do(run, staging):
    first = work(run)

    second = work(run)

    assert second.finished_at == first.finished_at
    assert applied(staging) == ["20260101.0900"]
    assert len(events("run.claim")) == 1


def test_two_deliveries_at_once_run_the_scripts_once(scene, staging):
    run = scene.start(scripts("INSERT INTO contractors VALUES (5000, 'new');", SLOW))

    workers = [in_background(run) for _ in range(4)]
    for worker in workers:
        worker.join()

    assert fresh(run).status == RunStatus.SUCCEEDED, fresh(run).message
    assert applied(staging) == ["20260101.0900", "20260101.0901"]
    assert len(events("run.claim")) == 1


def test_steps_are_told_while_they_happen(scene):
    run = scene.start(scripts(f"{SLOW}\n{ADD}\n{SLOW}", SLOW))
    seen = set()

    worker = in_background(run)
    while worker.is_alive():
        seen.add(tuple(Step.objects.filter(run=run).values_list("position", "status")))
        time.sleep(0.02)

    assert ((1, StepStatus.RUNNING),) in seen
    assert tuple((position, StepStatus.RUNNING) for position in (1, 2, 3)) in seen
    assert (*((position, StepStatus.DONE) for position in (1, 2, 3)), (4, StepStatus.RUNNING)) in seen
    assert fresh(run).status == RunStatus.SUCCEEDED


def test_unknown_target_ends_the_run_clean_with_what_to_do(run, staging, monkeypatch):
    monkeypatch.delenv("STAGING_DB_URL")

    refused_clean(run, "Set STAGING_DB_URL to a connection string and restart the runner.")

    assert untouched(staging)


def refused_clean(run: Run, what_to_do: str) -> Run:
    run = work(run)

    assert (run.status, run.deployment.applied) == (RunStatus.FAILED_CLEAN, False)
    assert what_to_do in run.message
    assert any(what_to_do in message for message in events("run.failed_clean"))
    assert phase_of(run).at is Stage.INTEGRATION_TESTING
    return run


def test_unreachable_target_ends_the_run_clean_with_what_to_do(run, monkeypatch):
    monkeypatch.setenv("STAGING_DB_URL", "postgresql://runner:secret@127.0.0.1:1/staging")

    run = refused_clean(run, "Check the server, the network and the runner's role, then try again.")

    assert "secret" not in run.message


def test_read_only_target_ends_the_run_clean_with_what_to_do(run, staging):
    staging.execute(f"ALTER DATABASE {staging.info.dbname} SET default_transaction_read_only = on")

    refused_clean(run, "Point the connection at the primary.")

    assert untouched(staging)


def test_pooled_target_ends_the_run_clean_with_what_to_do(scene, run, staging, monkeypatch):
    with pooled(scene.staging) as url:
        monkeypatch.setenv("STAGING_DB_URL", url)

        refused_clean(run, "Point the connection at the server itself.")

    assert untouched(staging)


def test_change_goes_on_after_a_clean_failure(scene, run, staging, monkeypatch):
    monkeypatch.setenv("STAGING_DB_URL", "postgresql://127.0.0.1:1/staging")
    failed = work(run)
    monkeypatch.setenv("STAGING_DB_URL", scene.staging)

    again = work(scene.again(failed))

    assert again.status == RunStatus.SUCCEEDED, again.message
    assert applied(staging) == ["20260101.0900"]


def test_busy_target_gives_the_run_back_to_the_queue(scene, run, staging, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)

    with psycopg.connect(scene.staging, application_name="Flyway by Redgate") as flyways:
        flyways.execute("SELECT pg_advisory_xact_lock(%s)", [flyway.lock_key("public")])
        busy = work(run)
    OrmQ.objects.all().delete()
    tasks.dispatch()
    rung = [task.func() for task in OrmQ.objects.all()]
    done = work(run)

    assert (busy.status, busy.started_at) == (RunStatus.QUEUED, None)
    assert "busy with Flyway by Redgate" in busy.message
    assert "runner.tasks.run" in rung
    assert done.status == RunStatus.SUCCEEDED, done.message


def test_script_that_was_altered_after_its_approval_never_reaches_the_target(run, staging):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_script DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_script SET text = text || %s WHERE kind = 'forward'", [MORE])

    refused = work(run)

    assert refused.status == RunStatus.FAILED_CLEAN
    assert "is not what was approved" in refused.message
    assert untouched(staging)
    assert events("refused.run") == [refused.message]


def test_script_that_was_edited_while_the_run_waited_never_reaches_the_target(scene, run, staging):
    script = Script.objects.get(phase=phase_of(run), kind="forward")
    workflow.edit_script(actor=scene.cast.engineer, script=script, text=f"{script.text}{MORE}\n")

    refused = work(run)

    assert refused.status == RunStatus.FAILED_CLEAN
    assert untouched(staging)


def test_failing_script_leaves_a_clean_target_and_the_stage_before(scene, staging):
    run = work(scene.start(scripts(f"{MORE}\nSELECT 1 / (id - id) FROM contractors;")))

    assert run.status == RunStatus.FAILED_CLEAN
    assert "division by zero" in run.message
    assert list(run.steps.values_list("status", flat=True)) == [StepStatus.UNDONE, StepStatus.FAILED]
    assert staging.execute("SELECT to_regclass('badges')").fetchone() == (None,)
    assert phase_of(run).at is Stage.INTEGRATION_TESTING


def test_failing_second_script_is_dirty_and_the_next_run_goes_on_behind_the_first(scene, staging):
    run = work(scene.start(scripts(ADD, "SELECT 1 / count(*) FROM contractors WHERE name = 'nobody';")))
    staging.execute("INSERT INTO contractors VALUES (5000, 'nobody')")

    again = work(scene.again(run))

    assert run.status == RunStatus.FAILED_DIRTY
    assert "Applied: V20260101_0900__part.sql. Not applied: V20260101_0901__part.sql." in run.message
    assert again.status == RunStatus.SUCCEEDED, again.message
    assert list(again.steps.values_list("status", "note")) == [("skipped", "already applied"), ("done", "")]
    assert applied(staging) == ["20260101.0900", "20260101.0901"]


def test_failing_script_without_transaction_is_dirty_and_the_next_run_goes_on_in_its_middle(scene, staging):
    staging.execute("INSERT INTO contractors VALUES (5000, 'contractor 1')")
    first = "CREATE INDEX CONCURRENTLY contractors_length ON contractors (length(name));"
    run = work(scene.start(scripts(f"{first}\nCREATE UNIQUE INDEX CONCURRENTLY contractors_name ON contractors (name);")))
    staging.execute("DELETE FROM contractors WHERE id = 5000")

    again = work(scene.again(run))

    assert run.status == RunStatus.FAILED_DIRTY, run.message
    assert "Partly applied: V20260101_0900__part.sql." in run.message
    assert again.status == RunStatus.SUCCEEDED, again.message
    assert again.steps.get(position=1).note == "took effect in an earlier attempt"
    assert staging.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'contractors_name'::regclass").fetchone() == (True,)


def test_rollback_takes_the_change_back(scene, run, staging):
    run = work(run)
    back = workflow.roll_back(actor=scene.cast.operator, deployment=run.deployment, reason="Too early.")

    done = work(back)

    assert done.status == RunStatus.ROLLED_BACK, done.message
    assert (done.deployment.applied, done.deployment.target.version) == (False, "1.0.0")
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'contractors'"
    assert staging.execute(columns).fetchone() == (2,)
    assert phase_of(run).at is Stage.SCRIPT_DEVELOPMENT


def test_paused_run_rests_between_two_scripts_and_resumes_there(scene, staging):
    run = scene.start(scripts(f"{ADD}\n{SLOW}", MORE))

    worker = in_background(run)
    until(lambda: Step.objects.filter(run=run, position=2).exists())
    workflow.control(actor=scene.cast.operator, run=run, wish=Wish.PAUSE)
    worker.join()
    paused, between = fresh(run), applied(staging)
    workflow.resume(actor=scene.cast.operator, run=run)
    done = work(run)

    assert (paused.status, between) == (RunStatus.PAUSED, ["20260101.0900"])
    assert done.status == RunStatus.SUCCEEDED, done.message
    assert applied(staging) == ["20260101.0900", "20260101.0901"]


def test_stop_ends_a_long_statement(scene, staging):
    run = scene.start(scripts(f"{MORE}\nSELECT pg_sleep(30);"))
    began = time.monotonic()

    worker = in_background(run)
    until(lambda: Step.objects.filter(run=run, position=2).exists())
    workflow.control(actor=scene.cast.operator, run=run, wish=Wish.STOP)
    worker.join()

    assert time.monotonic() - began < 8
    assert fresh(run).status == RunStatus.FAILED_CLEAN
    assert "Stopped on request." in fresh(run).message
    assert staging.execute("SELECT to_regclass('badges')").fetchone() == (None,)


def test_dry_run_leaves_nothing_in_production(scene, run):
    phase = phase_of(work(run))

    run = work(scene.ask(phase, RunKind.DRY_RUN))

    assert run.status == RunStatus.SUCCEEDED, run.message
    with psycopg.connect(scene.production) as production:
        assert untouched(production)
        assert production.execute("SELECT count(*) FROM information_schema.columns WHERE table_name = 'contractors'").fetchone() == (2,)
    assert phase_of(run).at is Stage.SCHEDULED_WINDOW


def test_change_reaches_production(scene):
    phase = scene.in_production(LEVELS)

    run = work(workflow.start(actor=scene.cast.operator, deployment=deployment(phase, production=True)))

    assert run.status == RunStatus.SUCCEEDED, run.message
    with psycopg.connect(scene.production) as production:
        assert applied(production) == ["20260101.0900"]
