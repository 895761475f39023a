"""From a target's name to its connection string, which lives in the runner's environment and nowhere else."""

import os
from dataclasses import replace

from governance.errors import UnknownConnection
from governance.orders import Order
from runner.engine.verify.service import variable_of


def connection_string(target: str, variable: str) -> str:
    """Hand it to psycopg; never to a row, a log, an error or a page."""
    conninfo = os.environ.get(variable)
    if not conninfo:
        raise UnknownConnection(target, variable)
    return conninfo


def with_service(order: Order) -> Order:
    """With the address of the service that uses the target, where the environment names one."""
    return replace(order, service=os.environ.get(variable_of(order.connection), ""))
