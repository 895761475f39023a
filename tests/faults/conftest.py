"""What faults need: a server that may be broken, and the table of what was observed."""

import os
import time
from collections.abc import Iterator

import psycopg
import pytest

from portal.embedded import UNSAFE_FAST, EmbeddedServer
from tests.faults.matrix import MATRIX, Fault
from tests.runner.engine.conftest import USERS

TOLD = ("passed", "failed", "error", "skipped")


@pytest.fixture(scope="session")
def brittle(tmp_path_factory) -> Iterator[EmbeddedServer]:
    """A server of our own, which a test may crash. Its data survives a crash of its processes."""
    server = EmbeddedServer(
        tmp_path_factory.mktemp("brittle") / "server",
        settings={**UNSAFE_FAST, "restart_after_crash": "on", "max_prepared_transactions": "5"},
    )
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def brittle_users(brittle) -> str:
    """URL of a database with a table of 1,000 users on it."""
    brittle.start()
    with psycopg.connect(brittle.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS users WITH (FORCE)")
        connection.execute("CREATE DATABASE users")
    with psycopg.connect(brittle.url("users")) as connection:
        connection.execute(USERS)
    return brittle.url("users")


def locks_are_free(connection: psycopg.Connection) -> bool:
    """Nobody holds the lock of runs; a server takes a moment to see that its client has gone."""
    query = (
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    deadline = time.monotonic() + 5
    while connection.execute(query).rowcount and time.monotonic() < deadline:
        time.sleep(0.05)
    return connection.execute(query).rowcount == 0


def pytest_terminal_summary(terminalreporter) -> None:
    """Fault, expected, observed."""
    if "FAULTS" not in os.environ:
        return
    ended = {outcome: [report.nodeid for report in terminalreporter.stats.get(outcome, [])] for outcome in TOLD}
    terminalreporter.section("faults")
    for fault in MATRIX:
        terminalreporter.write_line(f"{fault.number:<4} {fault.fault:<58} {fault.expected:<100} {_observed(fault, ended)}")


def _observed(fault: Fault, ended: dict[str, list[str]]) -> str:
    if fault.not_here:
        return f"not shown: {fault.not_here}"
    counts = {outcome: sum(_is(nodeid, test) for test in fault.tests for nodeid in nodeids) for outcome, nodeids in ended.items()}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "not run"


def _is(nodeid: str, test: str) -> bool:
    return nodeid == test or nodeid.startswith(f"{test}[")
