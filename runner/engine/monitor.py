"""A second connection to the target, which sees what the first one waits for and can end its statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from runner.engine.session import Session, connect

BLOCKERS = """
SELECT string_agg(format('%%s (pid %%s)', coalesce(nullif(application_name, ''), usename::text, 'a session'), activity.pid), ', ')
FROM unnest(pg_blocking_pids(%s)) AS pid JOIN pg_stat_activity AS activity USING (pid)
"""


@dataclass(frozen=True, slots=True)
class Monitor:
    connection: psycopg.Connection
    pid: int  # of the session that is watched

    def blockers(self) -> str:
        """Who makes the session wait, for people; "" when nobody does, or when it cannot be known."""
        try:
            found = self.connection.execute(BLOCKERS, [self.pid]).fetchone()
        except psycopg.OperationalError:
            return ""
        return f"waits for {found[0]}" if found and found[0] else ""

    def cancel(self) -> None:
        self.connection.execute("SELECT pg_cancel_backend(%s)", [self.pid])


@contextmanager
def watch(session: Session, conninfo: str) -> Iterator[Monitor]:
    with connect(session.order.target, conninfo, f"lockgate monitor {session.order.run}"[:63]) as connection:
        yield Monitor(connection, session.pid)
