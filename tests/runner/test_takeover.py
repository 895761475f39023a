"""Runs whose worker, portal or target went away: taken over, and settled by what the target says."""

import threading

import psycopg
import pytest
from django.db import OperationalError, connection

from governance import handoff, workflow
from governance.lifecycle import Stage
from governance.models import Rehearsal, Step
from governance.orders import RunStatus, Verdict
from runner import tasks
from runner.engine import session
from tests.runner.scene import LEVELS, applied, fresh, in_background, phase_of, scripts, until

ADD = "ALTER TABLE contractors ADD COLUMN level integer;"
MORE = "CREATE TABLE badges (id int PRIMARY KEY);"
SLOW = "SELECT pg_sleep(0.6);"


def test_silent_run_is_taken_over_and_its_old_worker_stops(scene, staging, settings):
    settings.CLAIM_SILENCE = 60
    run = scene.start(scripts(f"{MORE}\nSELECT pg_sleep(4);"))

    worker = in_background(run)
    until(lambda: Step.objects.filter(run=run, position=2).exists())
    settings.CLAIM_SILENCE = 0
    taken = handoff.reclaim("run", run.pk)
    worker.join()

    assert fresh(run).token == taken.token
    assert fresh(run).status == RunStatus.RUNNING
    assert staging.execute("SELECT to_regclass('badges')").fetchone() == (None,)


def test_reaper_leaves_a_run_alone_whose_backend_still_works(scene, run, settings, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)
    handoff.claim("run", run.pk)
    settings.CLAIM_SILENCE = 0

    with psycopg.connect(scene.staging, application_name=f"lockgate {run.pk}"):
        tasks.reap()
        during = fresh(run).status
    tasks.reap()

    assert during == RunStatus.RUNNING
    assert fresh(run).status == RunStatus.FAILED_CLEAN
    assert phase_of(run).at is Stage.INTEGRATION_TESTING


def test_portal_that_loses_its_database_leaves_a_run_that_the_reaper_settles(scene, staging, settings):
    run = scene.start(scripts(ADD, f"{MORE}\n{SLOW}"))
    refused = []

    def worker() -> None:
        with pytest.raises(OperationalError):
            tasks.run(str(run.pk))
        refused.append(run)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    until(lambda: Step.objects.filter(run=run, position=3).exists())
    with psycopg.connect(scene.staging, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [connection.settings_dict["NAME"]])
    thread.join()
    connection.close()
    settings.CLAIM_SILENCE = 0
    tasks.reap()

    assert refused == [run]
    assert fresh(run).status == RunStatus.FAILED_DIRTY
    assert "Applied: V20260101_0900__part.sql." in fresh(run).message
    assert applied(staging) == ["20260101.0900"]


def test_run_that_nobody_can_judge_is_settled_once_its_target_answers(scene, run, staging, settings, monkeypatch):
    handoff.claim("run", run.pk)
    settings.CLAIM_SILENCE = settings.PROBE_AGAIN = 0

    monkeypatch.setenv("STAGING_DB_URL", "postgresql://127.0.0.1:1/staging")
    tasks.reap()
    unknown = fresh(run)
    monkeypatch.setenv("STAGING_DB_URL", scene.staging)
    tasks.reap()

    assert unknown.status == RunStatus.INDETERMINATE
    assert "cannot be reached" in unknown.message
    assert fresh(run).status == RunStatus.FAILED_CLEAN, fresh(run).message
    assert applied(staging) == []


def test_silent_rehearsal_is_done_again(scene, settings):
    phase = scene.change(LEVELS)
    row = rehearsal_of(scene, phase)
    handoff.claim("rehearse", row.pk)
    settings.CLAIM_SILENCE = 0

    tasks.reap()
    waiting = handoff.due()
    tasks.rehearse(str(row.pk))
    row.refresh_from_db()

    assert ("rehearse", row.pk) in waiting
    assert row.verdict == Verdict.PASSED, row.message


def rehearsal_of(scene, phase) -> Rehearsal:
    workflow.request_rehearsal(actor=scene.cast.engineer, phase=phase)
    return Rehearsal.objects.get(phase=phase, status=RunStatus.QUEUED)
