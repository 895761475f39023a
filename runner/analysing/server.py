"""Facts of a database, read now. Apart from the command, which mostly reads files and would else load psycopg for nothing."""

import psycopg

from governance.facts import Facts
from runner.analysing.errors import Impossible
from runner.engine.facts import read_facts
from runner.engine.session import connect


def facts_at(conninfo: str, name: str) -> Facts:
    """Raises TargetUnreachable, Impossible."""
    try:
        with connect(name, conninfo, "lockgate analyse") as connection:
            return read_facts(connection, name)
    except psycopg.Error as error:
        raise Impossible(f"The facts of {name} cannot be read: {error.diag.message_primary or type(error).__name__}.") from error
