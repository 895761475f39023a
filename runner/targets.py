"""From a target's name to its connection string, which lives in the runner's environment and nowhere else."""

import os

from governance.errors import UnknownConnection


def connection_string(target: str, variable: str) -> str:
    """Hand it to psycopg; never to a row, a log, an error or a page."""
    conninfo = os.environ.get(variable)
    if not conninfo:
        raise UnknownConnection(target, variable)
    return conninfo
