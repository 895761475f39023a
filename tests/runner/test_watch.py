"""A run in a terminal: what is shown of it, and steering it."""

import re
import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from governance.handoff import Course, course_of
from governance.models import Run, Sample
from governance.monitoring import Period
from governance.orders import RunStatus, Wish
from runner.management.commands.watch import lines_of
from tests.runner.scene import fresh, in_background, scripts, until, work

SLOW = "ALTER TABLE contractors ADD COLUMN level integer;\nSELECT pg_sleep(3);"


def watch(*given: str) -> str:
    output = StringIO()
    call_command("watch", *given, stdout=output)
    return output.getvalue()


def course(**given) -> Course:
    usual = {
        "title": "Levels",
        "kind": "deploy",
        "target": "staging_db",
        "status": "running",
        "ended": False,
        "message": "",
        "next": "Wait.",
    }
    return Course(**{**usual, "seconds": 75.0, "done": 1, "total": 4, **given})


def test_terminal_shows_statement_bar_rate_time_left_and_who_is_in_the_way():
    lines = lines_of(
        course(
            statement="CREATE INDEX CONCURRENTLY …",
            detail="building the index: scanning table, 5 of 10 blocks, 1 a second, 5 s left",
            detail_share=0.5,
            waits_for="report (pid 7)",
            figures=("latency 1.2 ms",),
        ),
        120,
    )

    assert lines == [
        "Levels: deploy on staging_db, running",
        "[██████████░░░░░░░░░░░░░░░░░░]  38%  1 of 4 statements, 1:15",
        "  CREATE INDEX CONCURRENTLY …",
        "  [██████████████░░░░░░░░░░░░░░] building the index: scanning table, 5 of 10 blocks, 1 a second, 5 s left",
        "  waits for: report (pid 7)",
        "  latency 1.2 ms",
    ]


def test_no_line_is_wider_than_the_terminal():
    assert max(len(line) for line in lines_of(course(statement="x" * 500), 60)) <= 60


def test_run_that_ended_says_what_to_do_next():
    lines = lines_of(course(status="failed_clean", ended=True, message="It failed.", undecided=("Keep it?",)), 200)

    assert lines[-3:] == ["  ! Keep it?", "  It failed.", "  Wait."]


def test_run_is_measured_watched_and_steered_while_it_works(scene, settings):
    """The whole way: worker, target, samples, activity, command."""
    settings.SAMPLE_EVERY = 0.1
    run = scene.start(scripts(SLOW))
    with psycopg.connect(scene.staging, application_name="client") as client:
        worker = in_background(run)
        until(lambda: course_of(run.pk).statement.startswith("SELECT pg_sleep"))
        waiting = threading.Thread(target=lambda: client.execute("SELECT count(*) FROM contractors"))
        waiting.start()
        until(lambda: course_of(run.pk).keeps_waiting)
        text = watch("latest", "--once")

        answer = watch(str(run.pk)[:8], "--steer", "stop", "--as", "otto")

        waiting.join()
        worker.join()
    assert re.search(r"keeps waiting: client \(pid \d+\)", text)
    assert "otto asked for it: stop" in answer
    assert fresh(run).status in (RunStatus.FAILED_DIRTY, RunStatus.FAILED_CLEAN)
    assert Sample.objects.filter(run=run, period=Period.BEFORE).count() == 1
    assert Sample.objects.filter(run=run, period=Period.DURING).exists()
    with pytest.raises(SystemExit):
        watch(str(run.pk))


def test_watch_ends_when_the_run_has_succeeded(run):
    run = work(run)

    assert "deploy on staging_db, succeeded" in watch(str(run.pk))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("ffff",), "There is no run ffff"),
        (("latest", "--steer", "stop"), "Nobody here is called"),
        (("latest", "--steer", "pause", "--as", "erin"), "it takes the role operator"),
        (("latest", "--steer", "keep", "--as", "otto"), "eason"),
    ],
)
def test_what_cannot_be_done_is_said(run, given, why):

    with pytest.raises(CommandError, match=why):
        watch(*given)

    assert Run.objects.get(pk=run.pk).wish == Wish.NONE
