"""What analysis and forecast want to know of a target, read from its catalogue and statistics: the queries of `readings/`."""

from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from governance.facts import (
    BusyTable,
    ColumnFacts,
    ConstraintFacts,
    DependantFacts,
    DomainFacts,
    Facts,
    FunctionFacts,
    IndexFacts,
    LoadFacts,
    ReplicationFacts,
    SequenceFacts,
    TableFacts,
)
from runner.engine.doings import with_doings

T = TypeVar("T")

_READINGS = {path.stem: path.read_text() for path in (Path(__file__).parent / "readings").glob("*.sql")}
_OF_RELATIONS = ("table", "column", "constraint", "index", "dependant", "sequence", "rule")
# Functions that write definitions wait for somebody's ALTER TABLE; and to compile these statements takes longer than to execute them.
_SETTINGS = "SELECT set_config('lock_timeout', '5s', true), set_config('jit', 'off', true)"


def read_facts(connection: psycopg.Connection, target: str) -> Facts:
    """Names are written as the session's search_path lets PostgreSQL write them: as in a script for this target.

    Raises:
        LockNotAvailable: somebody's ALTER TABLE held a table for five seconds.
    """
    settings = {row["name"]: row["setting"] for row in _rows(connection, "settings")}  # before we change any
    with connection.transaction(force_rollback=True):
        connection.execute(_SETTINGS)
        [database] = _rows(connection, "database")
        facts = Facts(
            **database,
            target=target,
            taken_at=datetime.now(UTC),
            settings=settings,
            tables=_tables(connection),
            domains=_all(connection, "domain", DomainFacts),
            functions=_all(connection, "function", FunctionFacts),
            sequences=_all(connection, "sequence", SequenceFacts),
            load=_load(connection),
            replication=_all(connection, "replication", ReplicationFacts)[0],
        )
        return with_doings(facts, partial(_rows, connection))


def _tables(connection: psycopg.Connection) -> tuple[TableFacts, ...]:
    parts: dict[str, dict[int, list[Any]]] = {
        "columns": _by_table(connection, "column", ColumnFacts),
        "constraints": _by_table(connection, "constraint", ConstraintFacts),
        "indexes": _by_table(connection, "index", IndexFacts),
        "dependants": _by_table(connection, "dependant", DependantFacts),
    }
    return tuple(_table(row, {name: tuple(found[row["oid"]]) for name, found in parts.items()}) for row in _rows(connection, "table"))


def _table(row: dict[str, Any], parts: dict[str, Any]) -> TableFacts:
    return TableFacts(**{name: value for name, value in row.items() if name != "oid"}, **parts)


def _load(connection: psycopg.Connection) -> LoadFacts:
    [activity] = _rows(connection, "load")
    return LoadFacts(**activity, busiest=_all(connection, "busiest", BusyTable))


def _by_table(connection: psycopg.Connection, reading: str, fact: type[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for row in _rows(connection, reading):
        found[row.pop("oid")].append(fact(**row))
    return found


def _all(connection: psycopg.Connection, reading: str, fact: type[T]) -> tuple[T, ...]:
    return tuple(fact(**row) for row in _rows(connection, reading))


def _rows(connection: psycopg.Connection, reading: str, **parameters: Any) -> list[dict[str, Any]]:
    query = (_READINGS["relation"] if reading in _OF_RELATIONS else "") + _READINGS[reading]
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query.encode(), parameters or None).fetchall()
    return [{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows]
