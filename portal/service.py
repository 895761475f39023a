"""The portal's processes when it runs for real: which there are, what each may know, and how they end together."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from django.conf import settings

from portal.redaction import is_connection
from portal.supervisor import MANAGE, Process, Supervisor, heed

GUNICORN = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"


class Attached(Process):
    """Writes where the supervisor writes: a terminal, a container's log and the journal have all lines in one place."""

    def start(self) -> None:
        self.popen = subprocess.Popen(
            self.command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, start_new_session=True
        )


class Service(Supervisor):
    """Its processes have `grace` seconds together to end what they do: requests, and the steps of a run."""

    def __init__(self, processes: list[Process], grace: float) -> None:
        super().__init__(processes)
        self.grace = grace

    def __enter__(self) -> Self:
        heed(self._heed)  # before the first process is there that would be left alone
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        deadline = time.monotonic() + self.grace
        for process in self.processes:
            process.ask_to_end()
        for process in self.processes:
            process.end(max(0.0, deadline - time.monotonic()))

    def _heed(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def processes(address: str, static: Path, connections: Iterable[str]) -> list[Process]:
    """`connections`: names of the variables that hold the targets' connection strings."""
    web = {**without_connections(os.environ, connections), "STATIC_ROOT": str(static), "PYTHONPATH": str(settings.BASE_DIR)}
    runner = for_runner(os.environ)
    return [
        _process("web", gunicorn(address), web),
        _process("cluster", [sys.executable, str(MANAGE), "qcluster"], runner),
        _process("clock", [sys.executable, str(MANAGE), "clock"], runner),
    ]


def gunicorn(address: str) -> list[str]:
    """The command that serves the portal's pages there."""
    return [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN), "--chdir", str(settings.BASE_DIR), "--bind", address]


def without_connections(environment: Mapping[str, str], connections: Iterable[str]) -> dict[str, str]:
    """What hides every connection string but the portal's own from a process; also those whose target is not written down yet.

    Emptied, not removed: settings would read a removed one again from .env.
    """
    found = {name for name, value in environment.items() if is_connection(value) and name != "DATABASE_URL"}
    return dict.fromkeys({*found, *connections, "REHEARSAL_URL"} - {"DATABASE_URL"}, "")


def for_runner(environment: Mapping[str, str]) -> dict[str, str]:
    """The runner's processes may sign in to the portal's database as a role of their own."""
    url = environment.get("RUNNER_DATABASE_URL", "")
    return {"DATABASE_URL": url} if url else {}


def _process(name: str, command: list[str], environment: Mapping[str, str]) -> Process:
    return Attached(name, command, environment, Path(os.devnull))
