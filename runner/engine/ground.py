"""The scratch database on which a folder of pairs is rehearsed, and the copies of it to which a rehearsal goes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from runner.engine.session import connect

PATIENCE = 300  # seconds that one statement of a script may take
_COPIES = "SELECT current_setting('server_version_num')::integer >= 150000"


class Ground:
    """One database at a time, with one connection to it."""

    def __init__(self, server: psycopg.Connection, conninfo: str, name: str) -> None:
        self._server, self._conninfo, self._first, self.name = server, conninfo, name, name
        self._numbers = count(1)
        # A small database is copied file by file in half the time that it takes through the log.
        by_files = server.execute(_COPIES).fetchone() == (True,)
        self._strategy = sql.SQL(" STRATEGY file_copy" if by_files else "")
        self.connection = self._opened()

    def usable(self) -> psycopg.Connection:
        """The connection, opened anew when a script has ended it."""
        if self.connection.broken or self.connection.closed:
            self.connection = self._opened()
        return self.connection

    def copy(self) -> str:
        """The name of a copy of the database as it is."""
        name = f"{self._first}_{next(self._numbers)}"
        self.connection.close()
        parts = sql.Identifier(name), sql.Identifier(self.name)
        self._server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*parts) + self._strategy)
        self.connection = self._opened()
        return name

    def go_on_in(self, name: str) -> None:
        """In a copy; what there is now is dropped."""
        self.connection.close()
        self.drop(self.name)
        self.name = name
        self.connection = self._opened()

    def drop(self, name: str) -> None:
        self._server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        self.connection.close()

    def _opened(self) -> psycopg.Connection:
        conninfo = make_conninfo(self._conninfo, dbname=self.name, options=f"-c statement_timeout={PATIENCE * 1000} -c jit=off")
        return connect("scratch database", conninfo, "lockgate rehearsal")


@contextmanager
def ground_in(server: str, scratch: str, name: str) -> Iterator[Ground]:
    """`server` and `scratch` are connection strings; copies that are left are dropped with it by its owner."""
    with connect("scratch server", server, "lockgate rehearsal") as connection:
        ground = Ground(connection, scratch, name)
        try:
            yield ground
        finally:
            ground.close()
            if ground.name != name:
                ground.drop(ground.name)
