"""The gate as a CI job asks it: by its exit code, and by its JSON."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from governance import workflow
from governance.management.commands.can_deploy import Command
from governance.matrix.contract import Contract
from tests import factories
from tests.governance.matrix.conftest import make_client

ROOT = Path(__file__).resolve().parents[3]
HEADER = "-- Purpose: p\n-- Impact: i\n"
REMOVAL = HEADER + "ALTER TABLE public.contractors DROP COLUMN name;"
ASK_CLIENT = ("--client", "app@1.0", "--environment", "production")
NOWHERE = "postgres://nobody:x@127.0.0.1:1/none"
ASK_NEWER = ("--client", "app@2.0", "--environment", "production")


def job(*arguments: str, url: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Another process, as a CI job starts it."""
    given = {**os.environ, "DATABASE_URL": url or database_url(), **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "can_deploy", *arguments],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def ask(capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same in this process, from the arguments to the exit."""

    def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
        with pytest.raises(SystemExit) as end:
            Command().run_from_argv(["manage.py", "can_deploy", *arguments])
        return subprocess.CompletedProcess(arguments, end.value.code, *capsys.readouterr())

    return asked


@pytest.fixture
def portal(committed):
    """With one client, which reads contractors.name, and one change that removes it."""
    cast = factories.make_cast()
    factories.make_targets()
    make_client(uses="public.contractors.name")
    spec = factories.make_spec(cast, factories.script_files(forward=REMOVAL))
    return cast, spec


def test_exit_codes_are_the_answer_and_nothing_else_looks_like_one(portal, ask):
    _, spec = portal

    yes, no = job(*ASK_CLIENT), job("--change", spec.number, "--environment", "production", "--json")
    unknown = ask("--client", "app@9.9", "--environment", "production")
    nobody, nowhere = ask("--client", "web@1.0", "--environment", "production"), ask("--client", "app@1.0", "--environment", "mars")

    assert [each.returncode for each in (yes, no, unknown, nobody, nowhere)] == [0, 1, 2, 3, 3], (yes, no, unknown, nobody, nowhere)
    answer = json.loads(no.stdout)
    assert (answer["deployable"], answer["verdict"]) == (False, "no")
    assert [(each["code"], each["client"], each["object"]) for each in answer["reasons"]] == [("R13", "App 1.0", "public.contractors.name")]
    assert answer["fixes"] == ["Release a client that reads the new form."]
    assert "no release 9.9 of App is registered [unregistered]" in unknown.stdout
    assert "No client application is known as “web”. There is App." in nobody.stderr
    assert "No environment is known as “mars”. There is production, staging." in nowhere.stderr


@pytest.mark.parametrize(
    "given",
    [{"url": NOWHERE}, {"url": "not an address"}, {"DJANGO_SETTINGS_MODULE": "no.such.settings"}],
    ids=["no server", "no address", "no settings"],
)
def test_a_question_that_could_not_be_asked_is_neither_a_yes_nor_a_no(given):
    asked = job(*ASK_CLIENT, **{"url": NOWHERE, **given})

    assert asked.returncode == 3
    assert asked.stdout == ""
    assert asked.stderr != ""


@pytest.mark.parametrize(
    "arguments",
    [(), ("--client", "app", "--environment", "production"), ("--client", "a@1", "--change", "CHG-1", "--environment", "production")],
    ids=["no question", "no version", "two questions"],
)
def test_a_question_that_is_none_is_neither_a_yes_nor_a_no(ask, arguments):
    asked = ask(*arguments)

    assert asked.returncode == 3
    assert asked.stdout == ""
    assert asked.stderr != ""


def test_a_job_may_wait_until_it_is_known(portal):
    cast, _ = portal
    process = subprocess.Popen(
        [sys.executable, "manage.py", "can_deploy", *ASK_NEWER, "--json", "--retry-while-unknown", "100", "--retry-interval", "0.2"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url()},
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(1)
    assert process.poll() is None

    workflow.register_client(actor=cast.engineer, contract=Contract("App", "2.0", complete=True, made_for="production_db 1.0.0"))

    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(told)["deployable"] is True


def database_url() -> str:
    found = connection.settings_dict
    return f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"
