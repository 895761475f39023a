"""A check that was stopped is asked again: on a real target, with the run's own baseline."""

import psycopg
import pytest

from governance import handoff, workflow
from governance.lifecycle import Stage
from governance.models import CheckAnswer, CheckResult, Recheck, Run
from governance.orders import CHECKING, RunStatus, StepStatus, Verdict, Wish
from runner import tasks
from runner.engine.verify import reading
from tests import factories
from tests.governance.claiming import fall_silent
from tests.runner.scene import VERSION, Scene, deployment, phase_of, work

FILES = {
    f"V{VERSION}__levels.sql": factories.FORWARD,
    f"R{VERSION}__rollback_levels.sql": factories.ROLLBACK,
    f"C{VERSION}__checks_levels.sql": "-- use: checksum of public.contractors\n",
}
NAME = "checksum of public.contractors"
AGREED = "SELECT count(*) FROM lockgate.chunk WHERE agreed"


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    monkeypatch.setattr(reading, "FIRST_SIZE", 50)
    monkeypatch.setattr(reading, "WIDEST", 1.0)
    monkeypatch.setattr(reading, "LOOK", 0.0)


def stopped_behind(scene: Scene, run: Run, monkeypatch) -> CheckResult:
    """An operator stops the run while a check reads its table behind the change."""
    progress = handoff.progress

    def stopping(claim, step):
        behind = step.position == CHECKING and run.steps.filter(status=StepStatus.DONE).exists()
        if behind and Run.objects.get(pk=run.pk).wish == Wish.NONE:
            workflow.control(actor=scene.cast.operator, run=run, wish=Wish.STOP)
        return progress(claim, step)

    with monkeypatch.context() as patched:
        patched.setattr(handoff, "progress", stopping)
        ended = work(run)
    assert ended.status == RunStatus.SUCCEEDED, ended.message
    return ended.checks.get(name=NAME)


@pytest.fixture
def stopped(scene, monkeypatch) -> CheckResult:
    phase = scene.in_production(FILES)
    run = workflow.start(actor=scene.cast.operator, deployment=deployment(phase, production=True))
    return stopped_behind(scene, run, monkeypatch)


@pytest.fixture
def production(scene):
    with psycopg.connect(scene.production, autocommit=True) as connection:
        yield connection


def test_stopped_check_is_asked_again_where_it_stopped_and_leads_the_change_on(scene, stopped, production):
    before, chunks = phase_of(stopped.run).at, production.execute(AGREED).fetchone()[0]
    row = workflow.ask_again(actor=scene.cast.reviewer, result=stopped)
    production.execute("UPDATE contractors SET name = 'another' WHERE id = 7")  # by somebody else, which is told apart

    tasks.recheck(str(row.pk))
    tasks.recheck(str(row.pk))  # delivered twice

    answer = CheckAnswer.objects.get()
    assert (before, chunks < 20) == (Stage.POST_MIGRATION_VERIFICATION, True)
    assert answer.verdict == Verdict.PASSED, answer.evidence
    assert answer.evidence == "1,000 rows before; 1 row differs, written by others meanwhile"
    assert CheckResult.objects.get(pk=stopped.pk).verdict == Verdict.UNKNOWN
    assert phase_of(stopped.run).at > before
    assert Recheck.objects.get().status == RunStatus.SUCCEEDED


def test_reading_is_stopped_again_and_goes_on_when_it_is_asked_once_more(scene, stopped, monkeypatch):
    heed, row = handoff.heed_recheck, workflow.ask_again(actor=scene.cast.reviewer, result=stopped)

    def stopping(claim, step):
        if not Recheck.objects.get(pk=row.pk).stop:
            workflow.stop_asking(actor=scene.cast.operator, result=stopped)
        return heed(claim, step)

    with monkeypatch.context() as patched:
        patched.setattr(handoff, "heed_recheck", stopping)
        tasks.recheck(str(row.pk))
    ended = Recheck.objects.get(pk=row.pk)
    tasks.recheck(str(workflow.ask_again(actor=scene.cast.reviewer, result=stopped).pk))

    assert (ended.status, ended.message.partition(".")[0]) == (RunStatus.FAILED_CLEAN, "Stopped on request")
    assert [(answer.verdict, answer.evidence) for answer in CheckAnswer.objects.all()] == [("passed", "1,000 rows, none differs")]


def test_what_a_dead_worker_left_is_taken_up_and_what_cannot_be_reached_is_said(scene, stopped, monkeypatch):
    row = workflow.ask_again(actor=scene.cast.reviewer, result=stopped)
    handoff.claim("recheck", row.pk)
    fall_silent()
    tasks.reap()
    waiting = Recheck.objects.get()

    monkeypatch.setenv("PRODUCTION_DB_URL", "postgresql://127.0.0.1:1/nowhere")
    tasks.recheck(str(row.pk))

    assert (waiting.status, waiting.message) == (RunStatus.QUEUED, "Its worker died.")
    assert Recheck.objects.get().status == RunStatus.FAILED_CLEAN
    assert Recheck.objects.get().message.startswith("It could not be asked: ")
    assert not CheckAnswer.objects.exists()
