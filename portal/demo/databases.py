"""The demonstration's databases, on the embedded server or on the one that DATABASE_URL names, each with roles of its own."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

INSTABIDS = Path(__file__).resolve().parent.parent.parent / "fixtures" / "instabids"
TARGETS = ("instabids_staging", "instabids_production")
PORTAL, OWNER, RUNNER = "lockgate", "instabids_owner", "lockgate_runner"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Connection strings: `portal` is for the portal, the others for the runner alone."""

    portal: str
    rehearsals: str
    targets: dict[str, str]

    def for_portal(self) -> dict[str, str]:
        return {"DATABASE_URL": self.portal}

    def for_runner(self) -> dict[str, str]:
        targets = {f"{name.upper()}_URL": url for name, url in self.targets.items()}
        baseline = os.environ.get("BASELINE_SECONDS", "2")  # the usual five are long for who looks on
        return {"DATABASE_URL": self.portal, "REHEARSAL_URL": self.rehearsals, "BASELINE_SECONDS": baseline, **targets}


def prepare(server: str, rehearsals: str, secret_file: Path, scale: float) -> Addresses:
    """Roles and databases, made where they are missing. `server` and `rehearsals`: addresses of superusers' connections."""
    password = _password(secret_file)
    with psycopg.connect(server, autocommit=True) as connection:
        for role, options in ((PORTAL, "LOGIN"), (OWNER, "NOLOGIN"), (RUNNER, "LOGIN")):
            _make_role(connection, role, options, password)
        connection.execute(f"GRANT {OWNER}, pg_monitor, pg_signal_backend TO {RUNNER}")
        _make_database(connection, PORTAL, PORTAL)
        _make_targets(connection, server, scale)
    return Addresses(
        portal=_address(server, PORTAL, PORTAL, password),
        rehearsals=rehearsals,
        targets={name: _address(server, name, RUNNER, password) for name in TARGETS},
    )


def forget(server: str) -> None:
    """Drop everything that `prepare` makes."""
    with psycopg.connect(server, autocommit=True) as connection:
        for name in (*TARGETS, PORTAL):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (PORTAL, RUNNER, OWNER):
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _password(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text().strip()


def _make_role(connection: psycopg.Connection, role: str, options: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    command = sql.SQL(verb + " ROLE {} " + options).format(sql.Identifier(role))
    connection.execute(command if "NOLOGIN" in options else command + sql.SQL(" PASSWORD {}").format(sql.Literal(password)))


def _make_database(connection: psycopg.Connection, name: str, owner: str, template: str = "template1") -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    names = [sql.Identifier(each) for each in (name, owner, template)]
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(*names))


def _make_targets(connection: psycopg.Connection, server: str, scale: float) -> None:
    """The first is filled, the others are copies of it."""
    first, *others = TARGETS
    _make_database(connection, first, OWNER)
    if _is_empty(_address(server, first)):
        _fill(_address(server, first), scale)
    for name in others:
        _make_database(connection, name, OWNER, first)


def _is_empty(address: str) -> bool:
    """Without bids: a demonstration that was interrupted while it loaded begins again."""
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT to_regclass('public.bids')").fetchone() == (None,)


def _fill(address: str, scale: float) -> None:
    """Schema and data in one transaction, so that there is either all of it or nothing; foreign keys hold by construction."""
    with psycopg.connect(address) as connection:
        connection.execute(f"GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {RUNNER}")
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"SET ROLE {OWNER}")
        connection.execute("SELECT set_config('instabids.scale', %s, false)", [str(scale)])
        for name in ("schema.sql", "data.sql"):
            connection.execute((INSTABIDS / name).read_bytes())


def _address(server: str, database: str, role: str = "", password: str = "") -> str:
    parts = urlsplit(server)
    host = parts.netloc.rpartition("@")[2]
    login = f"{role}:{quote(password, safe='')}@{host}" if role else parts.netloc
    return urlunsplit(parts._replace(netloc=login, path=f"/{database}"))
