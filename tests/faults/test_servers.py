"""Servers that crash in the middle of a backfill, and disks that fill up."""

import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from governance.analysis.locks import Lock, LockMode
from governance.orders import RunStatus
from runner.engine import sweep
from runner.engine.courtesy import in_the_way
from runner.engine.execute import execute
from tests.faults.conftest import locks_are_free
from tests.runner.engine.test_backfill import COUNTED, FILL, done, order, slowly
from tests.runner.orders import Portal


@pytest.fixture
def crashing(brittle_users, monkeypatch):
    monkeypatch.setattr(sweep, "FIRST_SIZE", 20)
    with psycopg.connect(brittle_users, autocommit=True) as connection:
        connection.execute(COUNTED)
        slowly(connection)
    return brittle_users


def stopped(server, url):
    server.stop("immediate")
    server.start()


def killed(server, url):
    with psycopg.connect(url, autocommit=True) as connection:
        [pid] = connection.execute("SELECT min(pid) FROM pg_stat_activity WHERE application_name LIKE 'lockgate %'").fetchone()
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("crash", [pytest.param(stopped, id="stopped immediately"), pytest.param(killed, id="backend killed")])
def test_backfill_goes_on_after_its_server_crashed(brittle, crashing, crash):
    fill, crashes = order(FILL, "max_rows=40"), []

    def portal(step):
        if step.progress and step.progress.rows and not crashes:
            crashes.append(threading.Thread(target=crash, args=[brittle, crashing]))
            crashes[0].start()
        return Portal()(step)

    ended = execute(fill, crashing, portal)
    crashes[0].join()
    with psycopg.connect(crashing, autocommit=True) as connection:
        half = done(connection)
        connection.execute("DROP TRIGGER slow ON users")
        resumed = execute(fill, crashing, Portal())
        whole = done(connection)
        free = locks_are_free(connection)

    assert ended.status is RunStatus.FAILED_DIRTY, ended.message
    assert 0 < half[0] < 1000
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert whole == (1000, 1, 1)
    assert free


@pytest.fixture
def small_disk(brittle, brittle_users):
    """The directory of a tablespace that holds 4 MB."""
    directory = Path(tempfile.mkdtemp())  # whose parents the server's account may enter
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)], capture_output=True, check=False)
    if mounted.returncode:
        directory.rmdir()
        pytest.skip(f"no file system of a fixed size can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        place = directory / "space"
        place.mkdir()
        place.chmod(0o700)
        brittle.account.give(place)
        directory.chmod(0o755)
        yield place
    finally:
        with psycopg.connect(brittle.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS users WITH (FORCE)")
            connection.execute("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
        directory.rmdir()


def test_full_disk_ends_a_backfill_between_two_batches(brittle, brittle_users, small_disk, monkeypatch):
    monkeypatch.setattr(sweep, "FIRST_SIZE", 20)
    fill = order("UPDATE users SET name = repeat(md5(id::text), 60);", "max_rows=20")
    with psycopg.connect(brittle_users, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        connection.execute("ALTER TABLE users SET TABLESPACE small")
        connection.execute("ALTER TABLE users ALTER name SET STORAGE PLAIN")
        ballast = small_disk.parent / "ballast"
        ballast.write_bytes(b"x" * 3_200_000)

        ended = execute(fill, brittle_users, Portal())
        changed = connection.execute("SELECT count(*) FROM users WHERE length(name) > 100").fetchone()
        recorded = connection.execute("SELECT coalesce(sum(rows), 0)::int FROM lockgate.batch").fetchone()
        ballast.unlink()
        resumed = execute(fill, brittle_users, Portal())
        whole = connection.execute("SELECT count(*) FROM users WHERE length(name) = 1920").fetchone()

    assert ended.status is RunStatus.FAILED_DIRTY, ended.message
    assert "(53100)" in ended.message
    assert changed == recorded
    assert 0 < changed[0] < 1000
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert whole == (1000,)


def test_orphaned_prepared_transaction_is_named(brittle_users):
    with psycopg.connect(brittle_users, autocommit=True) as connection:
        connection.execute("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'orphan'")

        found = in_the_way(connection, [Lock("public.users", LockMode.SHARE)], 0)
        connection.execute("ROLLBACK PREPARED 'orphan'")

    assert found == "the prepared transaction orphan of postgres"
