"""One query's plan and time, before and after, at the number of rows that its tables have."""

import json
import time

import psycopg

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement
from governance.validation.plans import SHRUGGED, Timed, accesses, slower, worse
from runner.engine.verify.asking import Asked

EXECUTIONS = 5
LONGEST = 10.0  # seconds after which it is not executed again
ROWS = "SELECT coalesce(max(reltuples), 0)::bigint FROM pg_class WHERE oid = ANY(%s::regclass[])"
PROOF = (
    "The fastest of {executions} executions each, caches warm; differences below {shrugged:.0f} ms are not counted. "
    "The plan holds for these values and this many rows."
)


def before(asked: Asked, check: Check) -> Answer:
    timed = _timed(asked.connection, check.sql)
    return Answer(1, f"{timed.seconds:.6f}", "", detail=timed.as_json(), sql=f"EXPLAIN (ANALYZE, BUFFERS) {check.sql}")


def after(asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
    sql = f"EXPLAIN (ANALYZE, BUFFERS) {check.sql}"
    now = _timed(asked.connection, check.sql)
    if kept is None:
        return Judgement(Verdict.UNKNOWN, f"{_ms(now)} at {now.rows:,} rows now; before the change it was not measured"), sql
    was = Timed.from_json(kept.detail)
    factor = float(check.expect.removeprefix("no slower than ").removesuffix("x"))
    evidence = f"{_ms(was)} before at {was.rows:,} rows, {_ms(now)} after at {now.rows:,}"
    plan = worse(was, now)
    if plan:
        evidence += f"; worse plan: {'; '.join(plan)}"
    failed = slower(was, now, factor) or (plan and now.rows > was.rows // 2 and now.cost > was.cost * factor)
    proof = PROOF.format(executions=EXECUTIONS, shrugged=SHRUGGED * 1000)
    return Judgement(Verdict.FAILED if failed else Verdict.PASSED, evidence, proof), sql


def _timed(connection: psycopg.Connection, query: str) -> Timed:
    """In a transaction that only reads and is rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL transaction_read_only = on")
        row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {query}".encode()).fetchone()
        assert row
        plan = (json.loads(row[0]) if isinstance(row[0], str) else row[0])[0]["Plan"]
        ways = accesses(plan)
        names = [each.relation for each in ways]
        rows = connection.execute(ROWS, [names]).fetchone() if names else None
        return Timed(ways, float(plan["Total Cost"]), _fastest(connection, query), rows[0] if rows else 0)


def _fastest(connection: psycopg.Connection, query: str) -> float:
    best = float("inf")
    for _ in range(EXECUTIONS):
        began = time.monotonic()
        connection.execute(query.encode())
        took = time.monotonic() - began
        best = min(best, took)
        if took > LONGEST:
            break
    return best


def _ms(timed: Timed) -> str:
    return f"{timed.seconds * 1000:,.2f} ms"
