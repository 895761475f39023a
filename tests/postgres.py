"""Fixtures for tests on real PostgreSQL: one throw-away server for all parallel workers, a database for each test."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from portal.embedded import UNSAFE_FAST, EmbeddedServer
from tests.databases import administrator, copy, copy_of, digest, drop, template

CHECKOUT = Path(__file__).resolve().parent.parent
INSTABIDS = CHECKOUT / "fixtures" / "instabids"
MARKETPLACE = "SET instabids.scale = '0.01';\n" + (INSTABIDS / "schema.sql").read_text() + (INSTABIDS / "data.sql").read_text()
# autovacuum would analyse tables whose statistics a test expects to be missing
SETTINGS = {**UNSAFE_FAST, "max_connections": "300", "autovacuum": "off"}
MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30  # a database is copied there in a third of the time, when there is room for all of them


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server that all workers of a test run share; the first one starts it, the last one stops it."""
    directory = _home(f"lockgate-tests-{os.geteuid()}-{digest(str(CHECKOUT))}")
    directory.mkdir(exist_ok=True)
    with (directory / "users").open("a") as users, _usage(directory, users) as shared:
        yield shared


@pytest.fixture(scope="session")
def server_url(server: EmbeddedServer) -> str:
    return server.url()


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[str]:
    """URL of a new, empty database."""
    with copy_of(server, "template1", _new_name()) as url:
        yield url


@pytest.fixture
def make_database(server: EmbeddedServer) -> Iterator[Callable[[str], str]]:
    """From SQL text to the URL of a new database in which it has been executed: once for all tests, then copied."""
    made: list[str] = []

    def make(text: str) -> str:
        filled = template(server, f"template_{digest(text)}", partial(_execute, text))
        made.append(_new_name())
        return copy(server, filled, made[-1])

    yield make
    for name in made:
        drop(server, name)


@pytest.fixture
def marketplace(make_database: Callable[[str], str]) -> str:
    """URL of a small InstaBids: 500 users, 1,000 projects, 3,000 bids."""
    return make_database(MARKETPLACE)


def _home(name: str) -> Path:
    """In memory where it was before, or where there is room."""
    if (MEMORY / name).exists() or (MEMORY.exists() and shutil.disk_usage(MEMORY).free > ROOM):
        return MEMORY / name
    return Path(tempfile.gettempdir()) / name


@contextmanager
def _usage(directory: Path, users: IO[str]) -> Iterator[EmbeddedServer]:
    """Every user holds a shared lock for as long as it lives, so a killed one is never counted."""
    server = EmbeddedServer(directory / "server", settings=SETTINGS)
    with _entrance(directory):
        first = _alone(users)
        if first:
            server.destroy()  # what a killed run left: its server, its databases
            server = EmbeddedServer(directory / "server", settings=SETTINGS)
        server.start()
        if first:
            _sign_in_quickly(server)
        fcntl.flock(users, fcntl.LOCK_SH)
    with administrator(server):
        yield server
    with _entrance(directory):
        if _alone(users):
            server.destroy()


def _sign_in_quickly(server: EmbeddedServer) -> None:
    """A random password needs no thousands of rounds against guessing; they take most of the time of a connection."""
    connection = administrator(server)
    if connection.info.server_version >= 160000:
        password = conninfo_to_dict(server.url())["password"]
        connection.execute("SET scram_iterations = 1")
        connection.execute(sql.SQL("ALTER ROLE postgres PASSWORD {}").format(password))


@contextmanager
def _entrance(directory: Path) -> Iterator[None]:
    """One at a time comes or goes."""
    with (directory / "entrance").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _execute(text: str, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(text)


def _new_name() -> str:
    return f"test_{uuid.uuid4().hex}"
