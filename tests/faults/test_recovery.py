"""A whole server that is taken back to the point before a run, and a standby that takes over in the middle of one."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from governance.orders import RunStatus
from portal.embedded import UNSAFE_FAST, EmbeddedServer
from runner.engine import sweep
from runner.engine.execute import execute
from tests.runner.engine.conftest import USERS
from tests.runner.engine.test_backfill import COUNTED, FILL, done, order, slowly
from tests.runner.orders import Portal, make_order

LOSING = {"V20261122_0900__shorten.sql": "UPDATE users SET name = 'gone';\nALTER TABLE users ADD COLUMN level int;"}


@pytest.fixture
def make_server(tmp_path) -> Iterator[Callable[..., EmbeddedServer]]:
    made: list[EmbeddedServer] = []

    def make(name: str, **settings: str) -> EmbeddedServer:
        made.append(EmbeddedServer(tmp_path / name, settings={**UNSAFE_FAST, **settings}))
        return made[-1]

    yield make
    for server in made:
        server.destroy()


def with_users(server: EmbeddedServer) -> str:
    server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute(USERS)
    return server.url()


def copied(primary: EmbeddedServer, copy: EmbeddedServer, *options: str) -> EmbeddedServer:
    """A base backup of the running primary, in the place of the copy's data."""
    copy._own(copy.data, directory=True)
    primary._run("pg_basebackup", "-D", copy.data, "-d", primary.url(), "-X", "stream", "-c", "fast", *options)
    shutil.copy(primary.root / "password", copy.root / "password")
    return copy


def archived(connection: psycopg.Connection) -> None:
    """All that was written so far."""
    [segment] = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
    connection.execute("SELECT pg_switch_wal()")
    deadline = time.monotonic() + 20
    while connection.execute("SELECT last_archived_wal >= %s FROM pg_stat_archiver", [segment]).fetchone() != (True,):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_server_is_recovered_to_the_point_that_was_recorded_before_the_run(make_server):
    """What a rollback script cannot bring back, an archive can: base backup, archived WAL, and the restore point's name."""
    primary = make_server("primary", archive_mode="on")
    archive = primary.root / "archive"  # where the servers' account may go
    primary._own(archive, directory=True)
    primary.settings["archive_command"] = f"cp %p {archive}/%f"
    url = with_users(primary)
    target = {"recovery_target_action": "promote", "restore_command": f"cp {archive}/%f %p", "archive_mode": "off"}
    run = make_order(LOSING, recoverable=True)
    copy = copied(primary, make_server("copy", recovery_target_name=f"lockgate {run.run}", **target))

    outcome = execute(run, url, Portal())
    with psycopg.connect(url, autocommit=True) as connection:
        archived(connection)
        lost = connection.execute("SELECT count(*) FROM users WHERE name = 'gone'").fetchone()
    copy._own(copy.data / "recovery.signal", text="")
    copy.start()

    assert outcome.status is RunStatus.SUCCEEDED, outcome.message
    assert (outcome.recovery.name, outcome.recovery.unavailable) == (f"lockgate {run.run}", "")
    assert lost == (1000,)
    with psycopg.connect(copy.url()) as connection:
        assert connection.execute("SELECT count(*) FROM users WHERE name LIKE 'user %'").fetchone() == (1000,)
        columns = connection.execute("SELECT count(*) FROM information_schema.columns WHERE table_name = 'users'").fetchone()
    assert columns == (2,)


def test_run_goes_on_where_the_promoted_standby_stands(make_server, monkeypatch):
    """What the standby had not received is not applied there, and its ledger says so: every row is written once."""
    monkeypatch.setattr(sweep, "FIRST_SIZE", 20)
    primary = make_server("primary")
    with psycopg.connect(with_users(primary), autocommit=True) as connection:
        connection.execute(COUNTED)
        slowly(connection)
    standby = copied(primary, make_server("standby"), "-R")
    standby.start()
    both, fill, crashes = either(primary, standby), order(FILL, "max_rows=40"), []

    def portal(step):
        if step.progress and step.progress.rows and not crashes:
            crashes.append(threading.Thread(target=take_over, args=[primary, standby]))
            crashes[0].start()
        return Portal()(step)

    ended = execute(fill, both, portal)
    crashes[0].join()
    with psycopg.connect(standby.url(), autocommit=True) as connection:
        half = done(connection)
        connection.execute("DROP TRIGGER slow ON users")
        resumed = execute(fill, both, Portal())
        whole = done(connection)

    assert ended.status is RunStatus.FAILED_DIRTY, ended.message
    assert 0 < half[0] < 1000
    assert resumed.status is RunStatus.SUCCEEDED, resumed.message
    assert whole == (1000, 1, 1)


def either(one: EmbeddedServer, other: EmbeddedServer) -> str:
    """Whichever can be written to."""
    first, second = conninfo_to_dict(one.url()), conninfo_to_dict(other.url())
    hosts = {"host": f"{first['host']},{second['host']}", "port": f"{first['port']},{second['port']}"}
    return make_conninfo(one.url(), **hosts, target_session_attrs="read-write")


def take_over(primary: EmbeddedServer, standby: EmbeddedServer) -> None:
    primary.stop("immediate")
    standby._run("pg_ctl", "-D", standby.data, "-w", "promote")
