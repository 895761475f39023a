"""The embedded server against everything that stops a server from starting."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.embedded import UNSAFE_FAST, EmbeddedServer, ServerError, binaries

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights away")


@pytest.fixture(scope="module")
def open_directory() -> Iterator[Path]:
    """A directory that the server's account may enter; pytest's own is closed to it."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def directory(open_directory: Path) -> Path:
    path = Path(tempfile.mkdtemp(dir=open_directory))
    path.chmod(0o711)
    return path


@pytest.fixture(scope="module")
def own(open_directory: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(open_directory / "server", settings=UNSAFE_FAST)
    yield server
    server.destroy()


def answer(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query).fetchone()[0]


def write(server: EmbeddedServer, statement: str) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute(statement)


def postmaster(server: EmbeddedServer) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))


def kill(server: EmbeddedServer) -> None:
    process = postmaster(server)
    process.kill()
    process.wait()


def test_data_outlives_a_stop_and_a_start(own):
    own.start()
    write(own, "CREATE TABLE kept (n) AS SELECT 7")

    own.stop()
    stopped = own.running
    own.start()

    assert not stopped
    assert answer(own, "SELECT n FROM kept") == 7


def test_starting_twice_is_starting_once(own):
    own.start()
    first = postmaster(own).pid

    own.start()
    EmbeddedServer(own.root).start()

    assert postmaster(own).pid == first


def test_six_processes_that_start_at_once_share_one_server(own):
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from portal.embedded import EmbeddedServer
        server = EmbeddedServer(Path(sys.argv[1]))
        server.start()
        print(server.url())
    """)

    starters = [
        subprocess.Popen([sys.executable, "-c", program, own.root], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(6)
    ]
    urls = [starter.communicate(timeout=60)[0].strip() for starter in starters]

    assert set(urls) == {own.url()}
    assert answer(own, "SELECT 1") == 1


def test_killed_server_starts_again_although_a_backend_is_still_busy(own):
    own.start()
    busy = psycopg.connect(own.url(), autocommit=True)
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1e12)")

    kill(own)
    noticed = not own.running
    own.start()
    busy.close()

    assert noticed
    assert answer(own, "SELECT 1") == 1


@pytest.mark.parametrize("content", ["", "12", "not a pid", "{own}\n{data}\n0\n1\n\n\n\nready\n"])
def test_stale_pid_file_does_not_stop_a_start(own, content):
    own.start()
    own.stop()
    (own.data / "postmaster.pid").write_text(content.format(own=os.getpid(), data=own.data))

    believed = own.running
    own.start()

    assert not believed
    assert answer(own, "SELECT 1") == 1


def test_another_port_is_taken_when_somebody_has_ours(own):
    own.start()
    port = int(answer(own, "SHOW port"))
    own.stop()

    with socket.create_server(("127.0.0.1", port)):
        own.start()

    assert int(answer(own, "SHOW port")) != port


def test_interrupted_initdb_is_begun_again(directory):
    server = EmbeddedServer(directory / "server")
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("18\n")

    server.start()
    result = answer(server, "SELECT 1")
    server.destroy()

    assert result == 1


def test_default_settings_keep_data_and_allow_logical_decoding(directory):
    server = EmbeddedServer(directory / "server", settings={"work_mem": "5MB"})
    server.start()

    names = ("fsync", "synchronous_commit", "wal_level", "shared_preload_libraries", "work_mem", "password_encryption")
    values = [answer(server, f"SHOW {name}") for name in names]
    server.destroy()

    assert values == ["on", "on", "logical", "pg_stat_statements", "5MB", "scram-sha-256"]


def test_wrong_password_is_refused(own):
    own.start()
    password = (own.root / "password").read_text()

    with pytest.raises(psycopg.OperationalError) as refusal:
        psycopg.connect(own.url().replace(password, "guess"))

    assert "password authentication failed" in str(refusal.value)


def test_unknown_setting_is_reported_with_the_end_of_the_log(directory):
    server = EmbeddedServer(directory / "server", settings={"no_such_setting": "1"})

    with pytest.raises(ServerError) as refusal:
        server.start()

    assert "no_such_setting" in str(refusal.value)
    server.destroy()


def test_url_before_the_first_start_says_to_start(directory):
    server = EmbeddedServer(directory / "server")

    with pytest.raises(ServerError) as refusal:
        server.url()

    assert "start()" in str(refusal.value)


def test_chosen_programs_come_first(monkeypatch):
    packaged = binaries()
    monkeypatch.setenv("PG_BINDIR", "/opt/postgresql/bin")

    chosen = binaries()

    assert (packaged / "pg_dump").exists()
    assert chosen == Path("/opt/postgresql/bin")


@as_root
def test_root_in_a_closed_directory_gets_one_below_var_tmp(directory):
    (directory / "closed").mkdir(mode=0o700)
    server = EmbeddedServer(directory / "closed" / "server")

    server.start()
    url, same = server.url(), EmbeddedServer(directory / "closed" / "server").url()
    owner = postmaster(server).username()
    server.destroy()

    assert server.root.parent == Path("/var/tmp")
    assert same == url
    assert owner in {"postgres", "nobody"}
    assert (directory / "closed").stat().st_mode & 0o777 == 0o700


@as_root
def test_root_with_closed_programs_runs_a_copy(directory, monkeypatch):
    (directory / "closed").mkdir(mode=0o700)
    package = binaries().parent.parent
    for path in package.parent.glob(f"{package.name}*"):
        (directory / "closed" / path.name).symlink_to(path)
    monkeypatch.setenv("PG_BINDIR", str(directory / "closed" / binaries().relative_to(package.parent)))
    server = EmbeddedServer(directory / "server")

    server.start()
    program = postmaster(server).exe()
    server.destroy()

    assert Path(program).is_relative_to(server.root)
