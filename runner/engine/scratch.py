"""A scratch database with a target's schema in it, for the time of one rehearsal."""

import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import scalar_row

from runner.engine.session import connect

BUILD_TIMEOUT = 300.0
LOCK_TIMEOUT = 5  # seconds that pg_dump waits for somebody's ALTER TABLE on the target

# What a schema needs and a scratch server cannot have: another server's subscriptions, tablespaces and label providers.
_LEFT_OUT = ("--no-subscriptions", "--no-tablespaces", "--no-security-labels")
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"
_MAPPINGS = "SELECT CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname FROM pg_user_mappings"


class NotBuilt(Exception):
    """The scratch database could not be made; the message says why."""


@contextmanager
def scratch_database(target: psycopg.Connection, scratch_server: str, binaries: Path) -> Iterator[str]:
    """Yields the connection string of a new database, which is dropped afterwards, whatever happened.

    Owners and grants are kept, because scripts name roles: roles that the scratch server lacks are made there without any
    right to sign in, and stay for the next rehearsal. `scratch_server` is a superuser's connection string.
    """
    name = f"lockgate_rehearsal_{uuid.uuid4().hex[:12]}"
    database = sql.Identifier(name)
    with connect("scratch server", scratch_server, "lockgate rehearsal") as server:
        _add_roles(server, _names(target, _ROLES) - _names(server, _ROLES))
        _refusing(server, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
        try:
            _set_search_path(server, database, target)
            scratch = make_conninfo(scratch_server, dbname=name)
            _copy_schema(target, scratch, binaries)
            yield scratch
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def _add_roles(server: psycopg.Connection, missing: set[str]) -> None:
    for role in sorted(missing):
        # Another rehearsal on the same server may be making it right now.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            _refusing(server, sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))


def _set_search_path(server: psycopg.Connection, database: sql.Identifier, target: psycopg.Connection) -> None:
    """Scripts must find unqualified names as they will on the target; pg_dump leaves a database's own settings out."""
    [search_path] = _names(target, "SELECT current_setting('search_path')")
    server.execute("SELECT set_config('search_path', %s, false)", [search_path])
    server.execute(sql.SQL("ALTER DATABASE {} SET search_path FROM CURRENT").format(database))


def _copy_schema(target: psycopg.Connection, scratch: str, binaries: Path) -> None:
    source = make_conninfo(target.info.dsn, password=target.info.password)
    dump = _run(binaries / "pg_dump", source, "--schema-only", f"--lock-wait-timeout={LOCK_TIMEOUT * 1000}", *_LEFT_OUT)
    _run(binaries / "psql", scratch, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", text=dump)
    _cut_off(scratch)


def _cut_off(scratch: str) -> None:
    """Without user mappings a script cannot reach and change the servers that the target's foreign tables stand for."""
    with connect("scratch database", scratch, "lockgate rehearsal") as connection:
        for user, server in connection.execute(_MAPPINGS).fetchall():
            connection.execute(sql.SQL("DROP USER MAPPING FOR {} SERVER {}").format(sql.SQL(user), sql.Identifier(server)))


def _run(program: Path, conninfo: str, *arguments: str, text: str = "") -> str:
    """What the program printed. The password goes through the environment: everybody on the machine may read arguments."""
    password = str(conninfo_to_dict(conninfo).get("password", ""))
    command: list[str | Path] = [program, "--no-password", f"--dbname={make_conninfo(conninfo, password=None)}", *arguments]
    environment = {**os.environ, "PGPASSWORD": password, "PGCLIENTENCODING": "UTF8"}
    try:
        done = subprocess.run(
            command, input=text, env=environment, capture_output=True, encoding="utf-8", timeout=BUILD_TIMEOUT, check=False
        )
    except OSError as error:
        raise NotBuilt(f"{program.name} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        raise NotBuilt(f"{program.name} did not finish within {BUILD_TIMEOUT:.0f} s") from None
    if done.returncode:
        raise NotBuilt(f"{program.name}: {_first_error(done.stderr)}")
    return done.stdout


def _first_error(output: str) -> str:
    lines = [line for line in output.splitlines() if re.search("error:", line, re.IGNORECASE)]
    return re.sub("^.*?error: *", "", lines[0], flags=re.IGNORECASE) if lines else output.strip()[:200]


def _names(connection: psycopg.Connection, query: LiteralString) -> set[str]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return set(cursor.execute(query).fetchall())


def _refusing(server: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        server.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotBuilt(f"the scratch server refused: {error.diag.message_primary}") from error
