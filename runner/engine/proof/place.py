"""Where statements are tried: databases that are made for it on a server and dropped afterwards, and nothing else of that server."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner.engine.proof.cases import Case

SCHEMA = (Path(__file__).parent / "marketplace.sql").read_text()
NAMED_IN_CASES = "elsewhere"
_TABLESPACES = "SELECT spcname FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname LIMIT 1"


class Place:
    def __init__(self, admin: psycopg.Connection, conninfo: str) -> None:
        self._admin, self._conninfo = admin, conninfo
        self._name = f"lockgate_proof_{uuid.uuid4().hex[:12]}"
        self._made: list[str] = []
        self.version = admin.info.server_version
        found = admin.execute(_TABLESPACES).fetchone()
        self.tablespace = str(found[0]) if found else ""

    def populate(self) -> None:
        """The marketplace from which all others are copied; nobody connects to it again."""
        with psycopg.connect(self._create(self._name, "template0"), autocommit=True) as connection:
            connection.execute(SCHEMA.encode())

    def copy(self) -> str:
        """Connection string of a fresh marketplace."""
        return self._create(f"{self._name}_{len(self._made)}", self._name)

    def drop(self, conninfo: str) -> None:
        self._drop(str(conninfo_to_dict(conninfo)["dbname"]))

    def drop_all(self) -> None:
        for name in reversed(self._made):
            self._drop(name)

    def can_try(self, case: Case) -> bool:
        return case.since * 10000 <= self.version and bool(self.tablespace or not case.tablespace)

    def adapted(self, case: Case) -> Case:
        """With the name of the tablespace that there is."""
        return replace(case, statement=case.statement.replace(NAMED_IN_CASES, self.tablespace)) if case.tablespace else case

    def _create(self, name: str, template: str) -> str:
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        self._made.append(name)
        return make_conninfo(self._conninfo, dbname=name)

    def _drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def place_on(conninfo: str) -> Iterator[Place]:
    """`conninfo`: of a superuser, since the marketplace has an access method of its own."""
    with psycopg.connect(conninfo, autocommit=True) as admin, ExitStack() as stack:
        place = Place(admin, conninfo)
        stack.callback(place.drop_all)
        place.populate()
        yield place


def make_tablespace(conninfo: str) -> None:
    """On a server of our own: a second tablespace, which moves of tables need."""
    with psycopg.connect(conninfo, autocommit=True) as admin:
        if not admin.execute(_TABLESPACES).fetchone():
            admin.execute("SET allow_in_place_tablespaces = on")
            admin.execute(f"CREATE TABLESPACE {NAMED_IN_CASES} LOCATION ''".encode())
