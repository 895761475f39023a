"""The script of docs/ci.md as a job runs it: with bash and curl, against a live server, while a runner works."""

import json
import os
import re
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from governance import handoff, workflow
from governance.models import Observation, Rehearsal, Script, Spec
from governance.orders import Observed, Rehearsed, RunStatus, Verdict
from tests import factories
from tests.governance.api.caller import markdown

LATER = "-- Purpose: ranks\n-- Impact: one column\nALTER TABLE public.contractors ADD COLUMN rank bigint;\n"
UNDO = "-- Purpose: undo\n-- Impact: drops it\nALTER TABLE public.contractors DROP COLUMN rank;\n"
DOCUMENT = settings.BASE_DIR / "docs" / "ci.md"


@dataclass
class Runner(threading.Thread):
    """Answers observations and rehearsals as the runner would, until it is told to end."""

    verdict: Verdict = Verdict.PASSED
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.ended.wait(0.2):
            for row in Observation.objects.filter(status=RunStatus.QUEUED).select_related("target"):
                handoff.finish_observation(handoff.claim("observe", row.pk), Observed(factories.facts(row.target.name)))
            for row in Rehearsal.objects.filter(status=RunStatus.QUEUED):
                outcome = Rehearsed(self.verdict, (), difference="" if self.verdict is Verdict.PASSED else "the column level is left over")
                handoff.finish_rehearsal(handoff.claim("rehearse", row.pk), outcome)
        connection.close()


class Forge(HTTPServer):
    """Takes the statuses of commits, as a host of repositories does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.statuses: list[dict[str, str]] = []
        self.address = f"http://127.0.0.1:{self.server_port}/statuses/4f2a91c"


class Taking(BaseHTTPRequestHandler):
    server: Forge

    def do_POST(self) -> None:
        assert self.headers["Authorization"] == "Bearer forge-token"
        self.server.statuses.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *given: object) -> None:
        pass


@dataclass
class Job:
    folder: Path
    script: Path
    address: str
    token: str
    runner: Runner
    forge: Forge

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self) -> tuple[int, str]:
        environment = {
            "PATH": os.environ["PATH"], "LOCKGATE_URL": self.address, "LOCKGATE_TOKEN": self.token, "LOCKGATE_PAUSE": "0.1",
            "LOCKGATE_REPOSITORY": "https://git.example.com/bids", "LOCKGATE_COMMIT": "4f2a91c",
            "LOCKGATE_REQUEST": "https://git.example.com/bids/pulls/7", "LOCKGATE_STATUS_URL": self.forge.address,
            "LOCKGATE_STATUS_TOKEN": "forge-token",
        }  # fmt: skip
        done = subprocess.run(["bash", self.script, self.folder], env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def job(committed, tmp_path):
    cast = factories.make_cast()
    factories.make_targets()
    script, folder = tmp_path / "lockgate.sh", tmp_path / "levels"
    (block,) = re.findall(r"^```bash\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    script.write_text(block)
    folder.mkdir()
    (folder / "spec.md").write_text(markdown(factories.specification(title="Contractors & levels")))
    for file in factories.script_files():
        (folder / file.name).write_text(file.text)
    token = workflow.make_token(actor=cast.engineer, name="CI", scopes=["read", "submit"], days=1)
    server, runner, forge = LiveServer("127.0.0.1"), Runner(), Forge()
    runner.start()
    threading.Thread(target=forge.serve_forever, kwargs={"poll_interval": 0.05}).start()
    yield Job(folder, script, server.url, token, runner, forge)
    forge.shutdown()
    forge.server_close()
    runner.ended.set()
    runner.join()
    server.stop()


def test_a_job_submits_waits_and_succeeds_and_a_later_one_sends_what_changed(job):
    first = job.run()
    forward = Script.objects.get(kind="forward")
    kept = (forward.repository, forward.commit, forward.request)
    job.write(forward.name, forward.text.replace("integer", "bigint"))
    second = job.run()
    third = job.run()

    assert first[0] == 0, first[1]
    assert kept == ("https://git.example.com/bids", "4f2a91c", "https://git.example.com/bids/pulls/7")
    assert "Submitted as CHG-1." in first[1]
    assert "Rehearsal: passed" in first[1]
    assert "Missing: Technical approval" in first[1]
    assert second[0] == 0, second[1]
    assert third[0] == 0, third[1]
    assert "bigint" in Script.objects.get(kind="forward").text
    assert Spec.objects.count() == 1
    assert Rehearsal.objects.count() == 2
    assert [status["state"] for status in job.forge.statuses] == ["pending", "success"] * 3
    assert job.forge.statuses[-1]["target_url"] == f"{job.address}/governance/spec/{Spec.objects.get().pk}/change/"
    assert job.forge.statuses[-1]["description"].startswith("Rehearsal: passed, risk: ")


def test_a_later_job_adds_the_scripts_that_are_new_and_leaves_out_those_that_are_gone(job):
    first = job.run()
    for file in factories.script_files("20260102_0900", forward=LATER, rollback=UNDO):
        job.write(file.name, file.text)
    added = job.run()
    for file in factories.script_files("20260102_0900"):
        (job.folder / file.name).unlink()
    removed = job.run()

    assert (first[0], added[0], removed[0]) == (0, 0, 0), first[1] + added[1] + removed[1]
    assert set(Script.objects.values_list("version", flat=True)) == {"20260101_0900"}
    assert Script.history.filter(version="20260102_0900", history_type="-").count() == 3


def test_a_job_fails_with_the_reason(job):
    forward = factories.script_files()[0]
    job.write(forward.name, "ALTER TABLE ONLY;")
    refused = job.run()
    job.write(forward.name, forward.text)
    job.runner.verdict = Verdict.FAILED
    failed = job.run()

    assert refused[0] == 1
    assert "UnparsableScript: " in refused[1]
    assert failed[0] == 1
    assert "Rehearsal: failed" in failed[1]
    assert "the column level is left over" in failed[1]
    assert job.token not in refused[1] + failed[1]
    assert [status["state"] for status in job.forge.statuses] == ["pending", "failure"] * 2
    assert job.forge.statuses[1]["description"].startswith("UnparsableScript: ")


def test_a_job_says_what_is_missing_before_a_rehearsal(job):
    (check,) = job.folder.glob("C*.sql")
    check.unlink()

    status, said = job.run()

    assert status == 1
    assert "WrongStage: " in said
    assert "Not rehearsed. Missing: Check script, C….sql" in said
    assert job.forge.statuses[-1]["state"] == "failure"
    assert job.forge.statuses[-1]["description"] == "Not rehearsed. Missing: Check script, C….sql"


def test_a_blocking_finding_fails_a_job(job):
    forward = factories.script_files()[0]
    job.write(forward.name, "-- Purpose: x\n-- Impact: y\nALTER TABLE public.contractors ADD COLUMN level integer NOT NULL;\n")

    status, said = job.run()

    assert status == 1
    assert "blocking: " in said
    assert "A blocking finding is open." in said
