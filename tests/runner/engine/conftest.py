"""The database that most tests of the engine change."""

import psycopg
import pytest

USERS = """
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT number, 'user ' || number FROM generate_series(1, 1000) AS number;
"""


@pytest.fixture
def users(make_database) -> str:
    """URL of a new database with a table of 1,000 users."""
    return make_database(USERS)


@pytest.fixture
def target(users):
    """A client's connection to it, in autocommit."""
    with psycopg.connect(users, autocommit=True) as connection:
        yield connection
