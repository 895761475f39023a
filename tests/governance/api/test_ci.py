"""The script of docs/ci.md as a job runs it: with bash and curl, against a live server, while a runner works."""

import os
import re
import subprocess
import threading
from dataclasses import dataclass, field
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


@dataclass
class Job:
    folder: Path
    script: Path
    address: str
    token: str
    runner: Runner

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self) -> tuple[int, str]:
        environment = {
            "PATH": os.environ["PATH"], "LOCKGATE_URL": self.address, "LOCKGATE_TOKEN": self.token, "LOCKGATE_PAUSE": "0.1",
            "LOCKGATE_REPOSITORY": "https://git.example.com/bids", "LOCKGATE_COMMIT": "4f2a91c",
            "LOCKGATE_REQUEST": "https://git.example.com/bids/pulls/7",
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
    server, runner = LiveServer("127.0.0.1"), Runner()
    runner.start()
    yield Job(folder, script, server.url, token, runner)
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


def test_a_blocking_finding_fails_a_job(job):
    forward = factories.script_files()[0]
    job.write(forward.name, "-- Purpose: x\n-- Impact: y\nALTER TABLE public.contractors ADD COLUMN level integer NOT NULL;\n")

    status, said = job.run()

    assert status == 1
    assert "blocking: " in said
    assert "A blocking finding is open." in said
