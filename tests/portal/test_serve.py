"""The portal for real: web server, cluster and clock as processes on a database of their own."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil
import psycopg
import pytest
from django.conf import settings

from portal.embedded import EmbeddedServer
from portal.service import without_connections
from tests import factories
from tests.databases import copy_of

MANAGE = settings.BASE_DIR / "manage.py"
SECRET = "only-the-runner-may-know"
GRACE = 20.0


def environment(tmp_path: Path, **given: str) -> dict[str, str]:
    """Nothing of this process's own but where programs are; variables that a file could set are empty instead of absent."""
    empty = dict.fromkeys(("DATABASE_URL", "SECRET_KEY", "DEBUG", "STATIC_ROOT", "BEHIND_TLS"), "")
    return {"PATH": os.environ["PATH"], "LOCKGATE_VAR": str(tmp_path), **empty, "DEBUG": "false", "BEHIND_TLS": "false", **given}


def command(name: str, values: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, MANAGE, name, *arguments], env=values, capture_output=True, text=True, check=False, timeout=60)


@dataclass
class Served:
    address: str
    process: subprocess.Popen[str]
    family: dict[int, psutil.Process]

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        try:
            with urlopen(f"http://{self.address}{path}", timeout=5) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except HTTPError as error:
            return error.code, dict(error.headers), error.read()
        except (URLError, ConnectionError, TimeoutError):
            return 0, {}, b""

    def named(self, part: str) -> list[psutil.Process]:
        """Living processes of the service whose command has this part, parents first; all that were ever seen are remembered."""
        self.family |= {each.pid: each for each in psutil.Process(self.process.pid).children(recursive=True)}
        return [each for each in self.family.values() if part in command_of(each)]


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def wait_for(condition: Callable[[], bool], seconds: float = 45.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture
def portal_url(server: EmbeddedServer, portal_template: str) -> Iterator[str]:
    with copy_of(server, portal_template, f"portal_{factories.unique()}") as url:
        yield url


@pytest.fixture
def served(portal_url: str, tmp_path: Path) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    values = environment(
        tmp_path, DATABASE_URL=portal_url, SECRET_KEY=secrets.token_urlsafe(48), LOG_FORMAT="json",
        STAGING_URL=f"host=db password={SECRET}", NOT_A_TARGET_YET_URL=f"postgres://runner:{SECRET}@db/bids",
        REHEARSAL_URL=f"postgres://postgres:{SECRET}@db/postgres",
    )  # fmt: skip
    arguments = [sys.executable, str(MANAGE), "serve", "--address", address, "--grace", str(GRACE)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(arguments, env=values, stdout=log, stderr=log, text=True, start_new_session=True)
        found = Served(address, process, {})
        yield found
        if process.poll() is None:
            found.named("")
            process.kill()
        for each in found.family.values():
            if each.is_running():
                each.kill()
        process.wait()


def test_portal_is_served_survives_a_killed_worker_and_ends_without_remains(served, tmp_path):
    assert wait_for(lambda: served.get("/readyz")[0] == 200), (tmp_path / "log").read_text()

    # It answers, with static files whose names change with their content.
    assert served.get("/healthz")[2] == b'{"status": "ok"}'
    page = served.get("/login/")[2].decode()
    [stylesheet] = re.findall(r'"(/static/lockgate\.[0-9a-f]{12}\.css)"', page)
    status, headers, _ = served.get(stylesheet)
    assert status == 200
    assert headers["Cache-Control"] == "max-age=315360000, public, immutable"

    # The web processes know no target; the runner's do.
    web, cluster = served.named("gunicorn"), served.named("qcluster")
    assert len(web) == 3
    assert not [each for each in web if SECRET in str(each.environ())]
    assert all(SECRET in each.environ()["STAGING_URL"] for each in cluster)

    # A worker that is killed is replaced, and so is a clock.
    clock = served.named("clock")[0]
    web[1].kill()
    clock.kill()
    assert wait_for(lambda: len(served.named("gunicorn")) == 3)
    assert wait_for(lambda: served.get("/readyz")[0] == 200)
    assert wait_for(lambda: any(each.pid != clock.pid for each in served.named("clock")))

    # One signal to the supervisor ends all of them, well within the grace.
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(GRACE) == 0
    assert wait_for(lambda: not [each for each in served.family.values() if each.is_running()], 2)

    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[0] == f"Lockgate listens on http://{served.address}. Ctrl-C or SIGTERM ends it."
    assert lines[-1] == "Lockgate has ended."
    requests = [entry for entry in map(json.loads, filter(lambda line: line.startswith("{"), lines)) if "request_id" in entry]
    assert {"/healthz", "/readyz", "/login/", stylesheet} == {entry["path"] for entry in requests}
    assert SECRET not in "\n".join(lines)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "k" * 50}, "DATABASE_URL is not set"),
        ({"SECRET_KEY": "k" * 50, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"}, "database does not answer"),
    ],
)
def test_unsafe_environment_is_refused_with_what_to_do(tmp_path, given, words):
    answer = command("serve", environment(tmp_path, **given))

    assert answer.returncode == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_database_that_is_behind_the_code_is_refused(portal_url, tmp_path):
    with psycopg.connect(portal_url) as session:
        session.execute("DELETE FROM django_migrations WHERE app = 'governance' AND name = '0002_roles'")

    answer = command("serve", environment(tmp_path, DATABASE_URL=portal_url, SECRET_KEY="k" * 50))

    assert answer.returncode == 1
    assert "lacks 1 migrations, the first is governance.0002_roles. Run manage.py migrate" in answer.stderr


def test_documented_environment_passes_the_check_for_deployment(tmp_path):
    documented = dict(re.findall(r"^([A-Z_]+)=(.*)$", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE))
    values = environment(
        tmp_path, **{**documented, "SECRET_KEY": secrets.token_urlsafe(48), "SCRATCH_DATABASE_URL": "", "REHEARSAL_URL": ""}
    )
    named = {**values, "REHEARSAL_URL": "postgres://postgres@rehearsals.example.com/postgres"}

    answer, warned = (command("check", each, "--deploy", "--fail-level", "WARNING") for each in (named, values))

    assert answer.returncode == 0, answer.stderr
    assert warned.returncode == 1
    assert "runner.W001" in warned.stderr


def test_web_process_loses_every_connection_but_the_portals_own():
    given = {
        "DATABASE_URL": "postgres://lockgate@db/lockgate",
        "RUNNER_DATABASE_URL": "postgres://queue@db/lockgate",
        "LATER_URL": "postgresql://runner@db/later",
        "PAIRS": "host=db dbname=bids",
        "TIME_ZONE": "UTC",
    }

    hidden = without_connections(given, ["ODDLY_NAMED", "DATABASE_URL"])

    assert hidden == dict.fromkeys(("RUNNER_DATABASE_URL", "LATER_URL", "PAIRS", "ODDLY_NAMED", "REHEARSAL_URL"), "")
