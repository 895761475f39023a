import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from portal.supervisor import Process, Supervisor

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
WITH_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
print(child.pid, flush=True)
child.wait()
"""
SUPERVISED = """
import sys
from collections.abc import Iterator
from pathlib import Path
from portal.supervisor import Process, Supervisor
with Supervisor([Process("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], {}, Path(sys.argv[1]))]) as supervisor:
    print(supervisor.processes[0].popen.pid, flush=True)
    supervisor.run_until_signalled()
"""


@pytest.fixture
def process(tmp_path):
    def make(name: str, program: str) -> Process:
        return Process(name, [sys.executable, "-c", program], {"GREETING": "hello"}, tmp_path / f"{name}.log")

    return make


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def until(condition):
    deadline = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_process_writes_its_own_log_and_knows_its_environment(process):
    speaker = process("speaker", "import os; print(os.environ['GREETING'])")

    with Supervisor([speaker]):
        until(lambda: speaker.ended() == 0)

    assert speaker.log.read_text() == "hello\n"


def test_process_that_ended_is_started_again(process):
    short, long = process("short", "raise SystemExit(3)"), process("long", SLEEP)

    with Supervisor([short, long]) as supervisor:
        first, other = short.popen.pid, long.popen.pid
        again = until(supervisor.look)

        assert again == ["short"]
        assert short.popen.pid != first
        assert long.popen.pid == other


def test_process_that_cannot_start_is_tried_less_and_less_often(process):
    broken = process("broken", "raise SystemExit(3)")

    with Supervisor([broken]) as supervisor:
        until(supervisor.look)
        until(lambda: broken.ended() == 3)
        at_once = supervisor.look()
        later = broken.may_start_again(broken.started + 1.0)

    assert at_once == []
    assert later
    assert broken.failures == 1


def test_process_that_is_not_there_ends_those_that_were_started_before_it(process, tmp_path):
    sleeper = process("sleeper", SLEEP)
    missing = Process("missing", [str(tmp_path / "nothing")], {}, tmp_path / "missing.log")

    with pytest.raises(FileNotFoundError), Supervisor([sleeper, missing]):
        pass

    assert gone(sleeper.popen.pid)


def test_clocks_word_restarts_the_cluster_too(process):
    cluster, clock = process("cluster", SLEEP), process("clock", "raise SystemExit(75)")

    with Supervisor([cluster, clock]) as supervisor:
        silent = cluster.popen.pid
        again = until(supervisor.look)

        assert again == ["cluster", "clock"]
        assert gone(silent)


def test_process_that_does_not_listen_is_killed_after_its_grace(process):
    deaf = process("deaf", DEAF)
    deaf.start()
    until(deaf.log.read_text)

    deaf.end(grace=0.2)

    assert gone(deaf.popen.pid)


def test_child_of_a_killed_process_is_ended_with_it(process):
    parent = process("parent", WITH_CHILD)
    parent.start()
    child = int(until(lambda: parent.log.read_text().strip()))

    parent.popen.kill()
    parent.end()

    until(lambda: gone(child))


@pytest.fixture
def hung_up() -> Iterator[None]:
    """Children hear a closed terminal, whatever ignores it around these tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_supervisor_ends_every_process(number, tmp_path, hung_up):
    command = [sys.executable, "-c", SUPERVISED, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as supervisor:
        child = int(supervisor.stdout.readline())
        time.sleep(0.2)
        os.kill(supervisor.pid, number)
        status = supervisor.wait(10)

    assert status == 0
    assert gone(child)


def test_closed_terminal_ends_nothing_for_whoever_said_nohup(tmp_path):
    command = ["nohup", sys.executable, "-c", SUPERVISED, str(tmp_path / "log")]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as supervisor:
        child = int(supervisor.stdout.readline())
        time.sleep(0.2)
        os.kill(supervisor.pid, signal.SIGHUP)
        time.sleep(0.2)
        alive = supervisor.poll() is None and not gone(child)
        supervisor.terminate()
        supervisor.wait(10)

    assert alive
    assert gone(child)
