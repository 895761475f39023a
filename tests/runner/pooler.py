"""A PgBouncer that pools transactions, from Debian's package."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def pooled(database: str) -> Iterator[str]:
    """The way to the database through the pooler."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        assert os.environ.get("REQUIRE_PGBOUNCER") != "1", "REQUIRE_PGBOUNCER=1, but pgbouncer is not installed"
        pytest.skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
    port, parts = _free_port(), conninfo_to_dict(database)
    with tempfile.TemporaryDirectory() as folder:
        config = _write_config(Path(folder), port, parts)
        pooler = subprocess.Popen([program, config], user=_unprivileged(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield f"postgresql://{parts['user']}:{parts['password']}@127.0.0.1:{port}/{parts['dbname']}"
        finally:
            pooler.terminate()
            pooler.wait(10)


def _write_config(folder: Path, port: int, parts: dict) -> Path:
    server = f"host={parts['host']} port={parts['port']} dbname={parts['dbname']} user={parts['user']} password={parts['password']}"
    users, config = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{parts["user"]}" "{parts["password"]}"\n')
    config.write_text(
        f"[databases]\n{parts['dbname']} = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = plain\nauth_file = {users}\npool_mode = transaction\n"
    )
    folder.chmod(0o755)  # PgBouncer reads it as somebody else
    return config


def _unprivileged() -> str | None:
    """PgBouncer refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("pgbouncer did not start")
