"""The demonstration as a newcomer types it, small, in a directory of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from governance.lifecycle import Stage
from portal.supervisor import MANAGE


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "var"


def environment(home: Path) -> dict[str, str]:
    ours = {"DATABASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {"LOCKGATE_VAR": str(home)}


@contextmanager
def started(home: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(MANAGE), "demo", "--scale", "0.01", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment(home), **streams) as demo:
        try:
            yield demo
        finally:
            demo.terminate()


def tell(home: Path, *arguments: str) -> str:
    with started(home, *arguments) as demo:
        output, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, output
    return output


def processes_of(home: Path) -> list[psutil.Process]:
    """Servers work below it; the portal's processes carry it in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("LOCKGATE_VAR") == str(home) or str(home) in process.cwd():
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sessions(home: Path) -> int:
    """How many the server of the portal's database has."""
    address = re.search(r"^DATABASE_URL=(\S+)$", (home / "demo.env").read_text(), re.MULTILINE)
    assert address
    with psycopg.connect(address[1]) as connection:
        return connection.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchone()[0]


def sessions_for(visitors: int, home: Path, port: int) -> int:
    """How many there are more while so many visitors keep their connections to the portal."""
    before = sessions(home)
    with ExitStack() as kept:
        for _ in range(visitors):
            visitor = kept.enter_context(closing(HTTPConnection("127.0.0.1", port)))
            visitor.request("GET", "/readyz")
            visitor.getresponse().read()
        return sessions(home) - before


def read_until(demo: "subprocess.Popen[str]", text: str) -> str:
    seen = ""
    while text not in seen:
        line = demo.stdout.readline()
        assert line, seen
        seen += line
    return seen


@dataclass(frozen=True)
class Interrupted:
    status: int
    told: str
    left: list[psutil.Process]


@pytest.fixture(scope="module")
def interrupted(home: Path) -> Interrupted:
    """A first start, which somebody ends in the middle of the story."""
    with started(home, "--once") as demo:
        begun = read_until(demo, "Requirement")
        demo.send_signal(signal.SIGTERM)
        rest, _ = demo.communicate(timeout=60)
    return Interrupted(demo.returncode, begun + rest, processes_of(home))


def test_newcomer_sees_thirteen_stages_and_a_refusal_then_the_portal_and_forgets_it_all(home, interrupted):
    first = interrupted.told + tell(home, "--once")
    log = (home / "log" / "cluster.log").read_text()
    left = processes_of(home)
    port, began = free_port(), time.monotonic()
    with started(home, "--port", str(port)) as demo:
        second = read_until(demo, "Ctrl-C ends everything")
        seconds = time.monotonic() - began
        page = urlopen(f"http://127.0.0.1:{port}/admin/login/").read().decode()
        more = sessions_for(30, home, port)
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)
    after = processes_of(home)
    forgotten, nothing = tell(home, "--reset"), tell(home, "--reset")

    for stage in Stage:
        assert re.search(rf"^ {stage.value:>2}  {stage.title}\b", first, re.MULTILINE), first
    assert re.search(r"worst\s+wait\s+\d+\s+ms", first)
    assert "thirteen stages, each left with its evidence" in " ".join(first.split())
    assert "is refused" in first
    assert "void because the change was edited" in " ".join(first.split())
    told = " ".join(first.split())
    assert "breaks the glass for INC-4711" in told
    assert "INC-4711 was justified" in told
    assert "nobody had to approve it" in told
    assert "it takes another person to approve it" in told
    assert "Policy 2 holds" in told
    assert "INFO" not in first
    assert max(map(len, first.splitlines())) <= 120
    assert "processing" in log
    assert "ERROR" not in log
    assert left == []
    assert "is there already, at stage 13" in " ".join(second.split())
    assert all(name in second for name in ("tomasz", "rahul", "maya", "ingrid", "carla", "admin"))
    assert seconds < 40  # on a machine that runs other tests; 15 on its own
    assert "Sign in" in page or "Log in" in page
    assert more <= 10  # a thread of the web server holds one
    assert (demo.returncode, after) == (0, []), rest
    assert "is forgotten" in forgotten
    assert "is forgotten" in nothing


def test_port_that_is_taken_is_refused_with_what_to_do(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(home, "--port", str(port)) as demo:
            output, _ = demo.communicate(timeout=60)

    assert demo.returncode == 1
    assert f"Port {port} is taken by another program." in output


def test_interrupt_in_the_middle_of_the_story_leaves_nothing_running(interrupted):
    assert interrupted.status == 130, interrupted.told
    assert "Everything that was started has ended." in interrupted.told
    assert interrupted.left == []
