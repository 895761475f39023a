"""Databases of tests: copies of a template, and the portal put on one of them."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from portal.embedded import EmbeddedServer

filled: set[str] = set()
"""Templates of which this process knows."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def administrator(server: EmbeddedServer) -> psycopg.Connection:
    """Kept: to connect takes as long as to drop a database. Whoever stops the server closes it."""
    return psycopg.connect(server.url(), autocommit=True)


def drop(server: EmbeddedServer, name: str) -> None:
    administrator(server).execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(server: EmbeddedServer, template: str, name: str) -> str:
    """URL of a copy of the database. File by file it takes half the time of a copy that is written ahead block by block."""
    copying = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    administrator(server).execute(copying.format(sql.Identifier(name), sql.Identifier(template)))
    return server.url(name)


def template(server: EmbeddedServer, name: str, fill: Callable[[str], object], source: str = "template1") -> str:
    """The name of a database that was filled, given its URL, by the first worker who asked, while the others waited."""
    if name in filled:
        return name
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s AND datistemplate", [name]).rowcount:
            drop(server, name)  # half made, by somebody who failed
            fill(copy(server, source, name))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    filled.add(name)
    return name


@contextmanager
def copy_of(server: EmbeddedServer, template: str, name: str) -> Iterator[str]:
    yield copy(server, template, name)
    drop(server, name)


def place(url: str) -> dict[str, str]:
    """As Django's settings name it."""
    found = conninfo_to_dict(url)
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    return {setting: str(found[name]) for setting, name in names.items()}


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """The portal works on this database inside the context, in all threads."""
    connection = connections["default"]
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(place(url))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def connection_to(url: str) -> BaseDatabaseWrapper:
    connection = connections["default"].copy()
    connection.settings_dict.update(place(url))
    return connection


@contextmanager
def default_connection(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The portal works through this connection inside the context, in this thread. It stays open."""
    before = connections["default"]
    connections["default"] = connection
    try:
        yield
    finally:
        connections["default"] = before
