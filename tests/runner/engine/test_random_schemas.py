"""Our snapshot against pg_dump, and our scripts against PostgreSQL, on schemas by chance: 20, or as many as SCHEMAS says."""

import os
from contextlib import contextmanager, suppress

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from psycopg.conninfo import make_conninfo

from governance.schema.alteration import alter
from governance.schema.creation import create
from governance.schema.diff import diff
from runner.engine.snapshot import read_schema
from tests.runner.engine.dumps import dumped
from tests.runner.engine.random_schemas import pairs

SHARES = 5  # so that parallel workers share the examples
PAIRS = int(os.environ.get("SCHEMAS", "20")) // 2 // SHARES


@pytest.fixture
def three_databases(make_database):
    """Connections to three empty databases, used again when their user has emptied them: to make new ones takes most of the time."""
    spare = []

    @contextmanager
    def three():
        connections = [spare.pop() if spare else psycopg.connect(make_database("SELECT"), autocommit=True) for _ in range(3)]
        try:
            yield connections
        except BaseException:
            for connection in connections:
                connection.close()
            raise
        spare.extend(connections)

    yield three
    for connection in spare:
        connection.close()


def execute(connection, statements):
    with connection.transaction():
        for statement in statements:
            connection.execute(statement.encode())


def fill(connection, statements):
    """Chance writes what PostgreSQL refuses, too: it is left out."""
    for statement in statements:
        with suppress(psycopg.Error):
            connection.execute(statement)


def url_of(connection):
    return make_conninfo(connection.info.dsn, password=connection.info.password)


def check(one, other, empty, pair):
    nothing = read_schema(empty)
    fill(one, pair[0])
    fill(other, pair[1])
    before, after, dump = read_schema(one), read_schema(other), dumped(url_of(other))
    assert (before == after) == (dumped(url_of(one)) == dump), diff(before, after).in_words()

    script = alter(before, after)
    execute(one, script.statements)
    left = diff(after, read_schema(one)).entries
    assert all(entry.name.startswith(tuple(item.name for item in script.unsupported)) for entry in left), script.text

    execute(empty, create(after))
    assert diff(after, read_schema(empty)).in_words() == ""
    assert dumped(url_of(empty)) == dump

    for connection in (one, other, empty):
        execute(connection, alter(read_schema(connection), nothing).statements)
        assert diff(nothing, read_schema(connection)).in_words() == ""


@pytest.mark.parametrize("share", range(SHARES))
def test_snapshots_are_equal_exactly_when_dumps_are_and_scripts_lead_there(three_databases, share):
    @seed(share)
    @settings(max_examples=PAIRS, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
    @given(pair=pairs())
    def agree(pair):
        with three_databases() as connections:
            check(*connections, pair)

    agree()
