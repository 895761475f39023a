"""What was answered before the change, kept in the target: an attempt that resumes the run compares with the first one's answers."""

import json
from collections.abc import Mapping
from typing import Any

from governance.validation.answers import Answer, Baseline
from runner.engine.session import Session
from runner.engine.verify.checking import baseline, of

TABLES = """
CREATE TABLE IF NOT EXISTS lockgate.evidence (
    run text NOT NULL,
    name text NOT NULL,
    sql text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE TABLE IF NOT EXISTS lockgate.chunk (
    run text NOT NULL,
    name text NOT NULL,
    number integer NOT NULL,
    low text[],
    high text[],
    rows bigint NOT NULL,
    total numeric NOT NULL,
    hashes bytea,
    agreed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, name, number)
);
"""
KEEP = "INSERT INTO lockgate.baseline (run, name, rows, first, digest) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
KEEP_DETAIL = "INSERT INTO lockgate.evidence (run, name, sql, detail) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
FORGET = "DELETE FROM lockgate.chunk WHERE run <> ALL(%s)"
KEPT = "SELECT name, rows, first, digest FROM lockgate.baseline WHERE run = %s"
DETAILS = "SELECT name, sql, detail FROM lockgate.evidence WHERE run = %s"
THERE = "SELECT to_regclass('lockgate.chunk') IS NOT NULL"


def keep_baseline(session: Session) -> Baseline:
    """The baseline, written down. What earlier runs kept of single rows is forgotten: it is large, and of no use any more."""
    connection, run = session.connection, session.order.run
    if connection.execute(THERE).fetchone() != (True,):
        connection.execute(TABLES)
    connection.execute(FORGET, [[run, *session.order.earlier]])
    kept = kept_baseline(session)
    for name, answer in baseline(session, (check for check in of(session.order) if check.name not in kept)).items():
        connection.execute(KEEP_DETAIL, [run, name, answer.sql, json.dumps(answer.detail)])
        connection.execute(KEEP, [run, name, answer.rows, answer.first if answer.alone else None, answer.digest])
    return kept_baseline(session)


def kept_baseline(session: Session) -> Baseline:
    details: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if session.connection.execute(THERE).fetchone() == (True,):
        details = {name: (sql, detail) for name, sql, detail in session.connection.execute(DETAILS, [session.order.run])}
    rows = session.connection.execute(KEPT, [session.order.run])
    return {name: _answer(number, first, digest, *details.get(name, ("", {}))) for name, number, first, digest in rows}


def _answer(rows: int, first: str | None, digest: str, sql: str, detail: Mapping[str, Any]) -> Answer:
    return Answer(rows, first, digest, detail=detail, sql=sql)
