"""The real queue: processes of django-q2, killed in the middle of their work; the clock and the supervisor put things right."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from governance.models import Run
from governance.orders import RunStatus
from portal.supervisor import Process, Supervisor, manage
from runner import tasks
from runner.engine import flyway
from tests.runner.scene import fresh, scripts

ENVIRONMENT = {"CLAIM_SILENCE": "2"}
ADD = "ALTER TABLE contractors ADD COLUMN level integer;"
LONG = "CREATE TABLE badges (id int PRIMARY KEY);\nSELECT pg_sleep({});"
PATIENCE = 40.0


def cluster(logs: Path) -> Process:
    return manage("cluster", ["qcluster"], ENVIRONMENT, logs)


def clock(logs: Path, silence: float = 60) -> Process:
    return manage("clock", ["clock", "--period", "0.2", "--silence", str(silence)], ENVIRONMENT, logs)


@contextmanager
def supervised(*processes: Process) -> Iterator[Supervisor]:
    """Ends them, and leaves none of their children behind."""
    with Supervisor(list(processes)) as supervisor:
        yield supervisor
        family = [member for process in processes if process.ended() is None for member in members(process)]
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [member for member in alive if member.status() != psutil.STATUS_ZOMBIE]


def members(process: Process) -> list[psutil.Process]:
    main = psutil.Process(process.popen.pid)
    return [main, *main.children(recursive=True)]


def until(condition: Callable[[], object], logs: Path) -> object:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "\n".join(file.read_text() for file in logs.iterdir())
        time.sleep(0.05)
    return found


def ended(run: Run, logs: Path) -> Run:
    until(lambda: fresh(run).finished_at, logs)
    return fresh(run)


def executing(staging: psycopg.Connection, run: Run, query: str, logs: Path) -> int:
    """The client's port of the run's session in the target, once it executes the query."""
    look = "SELECT client_port FROM pg_stat_activity WHERE application_name = %s AND state = 'active' AND query LIKE %s"
    return until(lambda: staging.execute(look, [f"lockgate {run.pk}", query]).fetchone(), logs)[0]


def kill_worker(process: Process, port: int) -> None:
    """The one of the cluster's processes that holds the connection."""
    [worker] = [member for member in members(process) if any(held.laddr.port == port for held in member.net_connections())]
    worker.kill()


def target_is_free(staging: psycopg.Connection) -> bool:
    key = flyway.lock_key("public")
    return staging.execute("SELECT pg_try_advisory_lock(%s), pg_advisory_unlock(%s)", [key, key]).fetchone() == (True, True)


def test_run_is_done_as_soon_as_it_is_rung_and_at_the_clocks_sweep_when_the_bell_was_lost(scene, tmp_path):
    first = scene.start(scripts(ADD))

    with supervised(cluster(tmp_path), clock(tmp_path)):
        ended(first, tmp_path)
        second = scene.dry_run(first)
        rung = ended(second, tmp_path)
        with scene.silence():
            third = scene.dry_run(first)
        swept = ended(third, tmp_path)

    assert fresh(first).status == RunStatus.SUCCEEDED, fresh(first).message
    assert (rung.status, swept.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED)
    assert (rung.started_at - rung.requested_at).total_seconds() < 3


def test_worker_killed_in_a_script_leaves_a_clean_target_and_the_change_goes_on(scene, staging, tmp_path):
    run = scene.start(scripts(LONG.format(3)))
    queue = cluster(tmp_path)

    with supervised(queue, clock(tmp_path)):
        kill_worker(queue, executing(staging, run, "%pg_sleep%", tmp_path))
        killed = ended(run, tmp_path)
        left, free = staging.execute("SELECT to_regclass('badges')").fetchone(), target_is_free(staging)
        again = ended(scene.again(run), tmp_path)
        queue.end(grace=0)  # after the death of a worker the cluster would take its time

    assert killed.status == RunStatus.FAILED_CLEAN, killed.message
    assert "The run was interrupted." in killed.message
    assert (left, free) == ((None,), True)
    assert again.status == RunStatus.SUCCEEDED, again.message
    assert staging.execute("SELECT to_regclass('badges')").fetchone() != (None,)


def test_cluster_killed_between_two_scripts_is_dirty_and_the_next_run_goes_on(scene, staging, tmp_path, settings):
    settings.CLAIM_SILENCE = 0
    run = scene.start(scripts(ADD, LONG.format(2)))
    queue = cluster(tmp_path)

    with Supervisor([queue]):
        executing(staging, run, "%pg_sleep%", tmp_path)
        os.killpg(queue.popen.pid, signal.SIGKILL)
    until(lambda: target_is_free(staging), tmp_path)
    tasks.reap()
    killed = fresh(run)
    again = scene.again(run)
    with supervised(cluster(tmp_path)):
        ended(again, tmp_path)

    assert killed.status == RunStatus.FAILED_DIRTY
    assert "Applied: V20260101_0900__part.sql. Not applied: V20260101_0901__part.sql." in killed.message
    assert fresh(again).status == RunStatus.SUCCEEDED, fresh(again).message
    assert list(again.steps.values_list("status", flat=True)) == ["skipped", "done", "done"]


def test_cluster_killed_behind_the_last_script_has_succeeded(scene, staging, tmp_path, settings):
    settings.CLAIM_SILENCE = 0
    slow = (
        "-- check: takes its time\n-- question: accuracy\n-- expect: no rows\nSELECT 1 FROM pg_sleep(2) AS slept WHERE slept::text <> '';\n"
    )
    files = {name: slow if name.startswith("C") else text for name, text in scripts(ADD).items()}
    run = scene.start(files)
    queue = cluster(tmp_path)

    with Supervisor([queue]):
        executing(staging, run, "%pg_sleep%", tmp_path)
        os.killpg(queue.popen.pid, signal.SIGKILL)
    until(lambda: target_is_free(staging), tmp_path)
    tasks.reap()

    assert fresh(run).status == RunStatus.SUCCEEDED, fresh(run).message
    assert fresh(run).checks.get(name="takes its time").verdict == "passed"
    assert fresh(run).deployment.applied


def test_silent_cluster_is_restarted_at_the_clocks_word(scene, tmp_path):
    queue, watch = cluster(tmp_path), clock(tmp_path, silence=5)

    with supervised(queue, watch) as supervisor:
        ended(scene.start(scripts(ADD)), tmp_path)
        for member in members(queue):
            member.suspend()
        again = until(supervisor.look, tmp_path)
        run = scene.dry_run(Run.objects.get())
        done = ended(run, tmp_path)

    assert again == ["cluster", "clock"]
    assert done.status == RunStatus.SUCCEEDED, done.message
