"""Keeps the portal's processes alive, and ends them in the way that each can bear."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 15.0  # seconds between asking a process to end and killing it with its children
SOON = 10.0  # seconds: what ends earlier than this after its start has failed to start
LONGEST_PAUSE = 30.0  # seconds between two starts of a process that keeps failing
CLUSTER_IS_SILENT = 75  # what the clock ends with: a cluster can stop without a word


def heed(handler: Callable[[int, FrameType | None], object]) -> None:
    """Of all signals that ask for the end; but whoever switched off that of a closed terminal, as nohup does, meant it."""
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


@dataclass(slots=True)
class Process:
    """One of the portal's processes, in a session of its own: a signal to us must not reach its children, who would die mid-task."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    popen: subprocess.Popen[bytes] | None = None
    output: IO[bytes] | None = field(default=None, repr=False)
    started: float = 0.0  # monotonic seconds
    failures: int = 0  # starts in a row that came to nothing

    def start(self) -> None:
        self.output = self.log.open("ab")
        self.popen = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ended(self) -> int | None:
        return self.popen.poll() if self.popen else None

    def may_start_again(self, now: float) -> bool:
        """One that cannot start is tried less and less often: 0, 1, 3, 7 … 30 seconds after it was started last."""
        return now - self.started >= min(LONGEST_PAUSE, 2.0**self.failures - 1)

    def ask_to_end(self) -> None:
        """Only the main process: django-q2's cluster hangs when its whole group gets the signal."""
        if self.popen and self.popen.poll() is None:
            self.popen.terminate()

    def end(self, grace: float = GRACE) -> None:
        self.ask_to_end()
        if self.popen:
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace)
            self._kill_group(self.popen)
            self.popen.wait()
        if self.output:
            self.output.close()

    def _kill_group(self, popen: subprocess.Popen[bytes]) -> None:
        """Whoever is left of the session: workers go on executing after their main process was killed."""
        with suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)


def manage(name: str, arguments: list[str], environment: Mapping[str, str], logs: Path) -> Process:
    logs.mkdir(parents=True, exist_ok=True)
    return Process(name, [sys.executable, str(MANAGE), *arguments], environment, logs / f"{name}.log")


class Supervisor:
    """Starts processes, starts those again that end, and ends all of them together."""

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes
        self.stopping = False

    def __enter__(self) -> Self:
        try:
            for process in self.processes:
                self._start(process)
        except BaseException as error:  # the context is not entered yet: nobody else would end those that were started
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Not to be interrupted: a second Ctrl-C would leave processes behind.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in self.processes:
            process.ask_to_end()
        for process in self.processes:
            process.end()
        signal.signal(signal.SIGINT, interrupt)

    def look(self) -> list[str]:
        """Start again what has ended; the names of those."""
        again = []
        for process in self.processes:
            status = process.ended()
            if status is None or not process.may_start_again(time.monotonic()):
                continue
            if status == CLUSTER_IS_SILENT:
                again += [self._restart(other) for other in self.processes if other.name == "cluster"]
            again.append(self._restart(process))
        return again

    def _restart(self, process: Process) -> str:
        process.failures = process.failures + 1 if time.monotonic() - process.started < SOON else 0
        process.end(grace=1.0)
        self._start(process)
        return process.name

    def _start(self, process: Process) -> None:
        process.start()
        process.started = time.monotonic()

    def run_until_signalled(self) -> None:
        """Ctrl-C, SIGTERM and a closed terminal end the loop; the context then ends the processes."""
        heed(self._stop)
        while not self.stopping:
            for name in self.look():
                sys.stderr.write(f"{name} had ended and was started again.\n")
            time.sleep(1)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
