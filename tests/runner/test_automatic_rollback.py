"""What begins to roll back by itself, on real targets, from what pulls it to a target that is as it was."""

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from governance import audit, handoff, workflow
from governance.audit import System, save
from governance.models import AfterFailedCheck, CheckAnswer, Choice, DecisionPoint, Environment, Notice, Run, Threshold
from governance.monitoring import Action, Metric
from governance.orders import RunKind, RunStatus, Verdict
from governance.pages.run import run_page, shown_runs
from runner import tasks
from tests import factories
from tests.runner.scene import Scene, deployment, fresh, in_background, until, work
from tests.runner.test_cluster import cluster, ended, supervised

VERSION = "20260101_0900"
CHECK = "-- check: levels\n-- question: business_rules\n-- moment: {}\n-- expect: {}\nSELECT id FROM public.contractors WHERE level = 9;\n"
SLOW = "-- Purpose: waits\n-- Impact: none\nSELECT pg_sleep(3);\n"
COLUMNS = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'contractors'::regclass AND attnum > 0 AND NOT attisdropped"


def levels(moment: str, expect: str) -> dict[str, str]:
    """A column, and a check of it."""
    return {
        f"V{VERSION}__levels.sql": factories.FORWARD,
        f"R{VERSION}__rollback_levels.sql": factories.ROLLBACK,
        f"C{VERSION}__checks_levels.sql": CHECK.format(moment, expect),
    }


@transaction.atomic
def let_it_roll_back(scene: Scene) -> None:
    """By itself, when a check fails in production; and be watched for an hour."""
    audit.append(System.FIXTURES, "test.set_up", "", "An environment for a test.")
    environment = Environment.objects.get(production=True)
    environment.after_failed_check, environment.monitoring_seconds = AfterFailedCheck.ROLL_BACK, 3600
    save(System.FIXTURES, environment)


@transaction.atomic
def pull_at_once(run: Run) -> None:
    audit.append(System.FIXTURES, "test.set_up", "", "A threshold for a test.")
    environment = run.target.environment
    save(System.FIXTURES, Threshold(environment=environment, metric=Metric.LATENCY, action=Action.ROLL_BACK, limit=0.0, times=1))


def in_production(scene: Scene, files: dict[str, str]) -> Run:
    phase = scene.in_production(files)
    return workflow.start(actor=scene.cast.operator, deployment=deployment(phase, production=True))


def rollback_of(run: Run) -> Run:
    return Run.objects.get(deployment=run.deployment, kind=RunKind.ROLLBACK)


@pytest.fixture
def production(scene):
    with psycopg.connect(scene.production, autocommit=True) as connection:
        yield connection


def told(scene: Scene, words: str) -> bool:
    return Notice.objects.filter(person=scene.cast.operator, text__contains=words).exists()


def test_check_that_fails_behind_the_run_has_the_workers_roll_it_back(scene, production, tmp_path):
    let_it_roll_back(scene)
    before = production.execute(COLUMNS).fetchone()
    run = in_production(scene, levels("after", "rows"))

    with supervised(cluster(tmp_path)):
        deployed = ended(run, tmp_path)
        rollback = ended(rollback_of(run), tmp_path)

    assert deployed.status == RunStatus.SUCCEEDED, deployed.message
    assert rollback.status == RunStatus.ROLLED_BACK, rollback.message
    assert rollback.reason == "the check “levels” did not pass behind it"
    assert production.execute(COLUMNS).fetchone() == before
    assert (fresh(run).deployment.applied, fresh(run).deployment.target.version) == (False, "1.0.0")
    assert DecisionPoint.objects.get(run=run).choice == Choice.ROLL_BACK
    assert told(scene, "Checks that did not pass behind the run: levels. The approved rollback begins by itself.")


def test_trigger_stops_a_run_half_way_and_what_it_left_is_rolled_back(scene, staging, settings):
    settings.SAMPLE_EVERY = 0.1
    before = staging.execute(COLUMNS).fetchone()
    more = {"V20260101_0901__slow.sql": SLOW, "R20260101_0901__rollback_slow.sql": SLOW.replace("3", "0")}
    run = scene.start(levels("after", "no rows") | more)

    worker = in_background(run)
    until(lambda: run.steps.filter(position=2).exists())
    pull_at_once(run)
    worker.join()
    stopped, rollback = fresh(run), work(rollback_of(run))

    assert stopped.status == RunStatus.FAILED_DIRTY, stopped.message
    assert list(run.steps.values_list("status", flat=True)) == ["done", "undone"]
    assert rollback.status == RunStatus.ROLLED_BACK, rollback.message
    assert staging.execute(COLUMNS).fetchone() == before
    assert told(scene, "The run stops and is rolled back.")
    assert not DecisionPoint.objects.filter(decided_at=None).exists()


def test_trigger_in_the_monitoring_period_rolls_the_target_back(scene, production):
    let_it_roll_back(scene)
    before = production.execute(COLUMNS).fetchone()
    run = work(in_production(scene, levels("after", "no rows")))
    pull_at_once(run)

    tasks.measure(str(run.pk))
    rollback = work(rollback_of(run))

    assert rollback.status == RunStatus.ROLLED_BACK, rollback.message
    assert production.execute(COLUMNS).fetchone() == before
    assert told(scene, "The approved rollback begins by itself.")


def test_check_is_asked_again_while_the_change_is_watched_and_its_failure_rolls_it_back(scene, production, settings):
    settings.CHECK_EVERY = 0.001
    let_it_roll_back(scene)
    before = production.execute(COLUMNS).fetchone()
    run = work(in_production(scene, levels("monitoring", "no rows")))

    tasks.ask_again(str(run.pk))
    production.execute("UPDATE contractors SET level = 9 WHERE id IN (7, 8)")
    assert list(handoff.due_for_checking()) == [run.pk]
    tasks.ask_again(str(run.pk))
    rollback = work(rollback_of(run))
    tasks.ask_again(str(run.pk))  # delivered late: nothing is watched any more

    assert list(CheckAnswer.objects.values_list("verdict", "evidence")) == [("passed", "0 rows"), ("failed", "2 rows")]
    assert rollback.status == RunStatus.ROLLED_BACK, rollback.message
    assert production.execute(COLUMNS).fetchone() == before
    assert told(scene, "The check “levels” fails while the change is watched: 2 rows. The approved rollback begins by itself.")


def test_failing_check_asks_an_operator_once_and_the_page_says_since_when(scene, production, settings):
    settings.CHECK_EVERY = 0.001
    let_it_roll_back(scene)
    factories.at_once("UPDATE governance_environment SET after_failed_check = 'decide'")
    run = work(in_production(scene, levels("monitoring", "no rows")))
    production.execute("UPDATE contractors SET level = 9 WHERE id = 7")

    for _ in range(3):
        tasks.ask_again(str(run.pk))

    point = DecisionPoint.objects.get(run=run)
    page = run_page(scene.cast.operator, shown_runs().get(pk=run.pk))
    question = next(each for each in page["questions"] if each["title"] == "Business rules")
    [check] = [each for each in question["checks"] if each["name"] == "levels"]
    assert point.text == "The check “levels” fails while the change is watched: 1 row. An operator decides whether the change stays."
    assert (question["verdict"], check["state"], check["again"].times) == (Verdict.FAILED, "failed", 3)
    assert check["again"].since == CheckAnswer.objects.earliest("pk").at <= timezone.now()


def test_target_that_does_not_answer_leaves_the_check_unknown(scene, monkeypatch):
    let_it_roll_back(scene)
    run = work(in_production(scene, levels("monitoring", "no rows")))
    monkeypatch.setenv("PRODUCTION_DB_URL", "postgresql://127.0.0.1:1/nowhere")

    tasks.ask_again(str(run.pk))

    answer = CheckAnswer.objects.get()
    assert answer.verdict == Verdict.UNKNOWN
    assert "cannot be reached" in answer.evidence
    assert not DecisionPoint.objects.exists()
