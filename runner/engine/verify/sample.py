"""Rows chosen at random by key, compared in all their values: what a sample says of the rest is stated with its formula.

Every key is as likely as any other, because the least of their hashes under a random seed are taken. Blocks of the table would be cheaper
and prove nothing about rows: what a batch spoils lies together.
"""

import secrets

import psycopg

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement, some
from governance.validation.hashing import row_hash
from governance.validation.shapes import Shape, identifier, literal
from governance.validation.strength import of_sample
from runner.engine.verify.asking import SHOWN, WITHHELD, Asked
from runner.engine.verify.shapes import NUMBERS, read_shape
from runner.engine.verify.workers import readers


def before(asked: Asked, check: Check) -> Answer:
    shape = read_shape(asked.connection, check.table).only(check.columns, check.without)
    if not shape.key:
        raise LookupError(f"{shape.table} has no unique key whose columns are all NOT NULL, so no row can be found again")
    sql = _chosen(shape, secrets.randbits(31), int(check.detail))
    with readers(asked.connection, 1) as shared:
        counted = shared.leader.execute(f"SELECT count(*) FROM {shape.sql}".encode()).fetchone()
        with shared.one() as connection:
            rows = dict(connection.execute(sql.encode()).fetchall())
    detail = {"columns": [column.name for column in shape.columns], "rows": rows, "of": counted[0] if counted else 0}
    return Answer(len(rows), str(len(rows)), "", detail=detail, sql=sql)


def after(asked: Asked, check: Check, kept: Answer | None) -> tuple[Judgement, str]:
    if kept is None:
        return Judgement(Verdict.UNKNOWN, "the sample before the change is not known"), ""
    shape = read_shape(asked.connection, check.table).only(kept.detail["columns"], ())
    was = kept.detail["rows"]
    with readers(asked.connection, 1) as shared, shared.one() as connection:
        now = _found(connection, shape, list(was))
    gone = [key for key in was if key not in now]
    changed = [key for key, value in now.items() if was[key] != value]
    wrong = len(gone) + len(changed)
    proof = of_sample(len(was), kept.detail["of"], wrong)
    if not wrong:
        return Judgement(Verdict.PASSED, f"0 of {some(len(was), 'sampled row')} differ", proof), kept.sql
    shown = tuple((changed + gone)[:SHOWN]) if all(column.type in NUMBERS for column in shape.key_columns) else (WITHHELD,)
    evidence = f"{len(changed):,} of {some(len(was), 'sampled row')} differ, {len(gone):,} are gone, whoever wrote them"
    return Judgement(Verdict.FAILED, evidence, proof, shown), kept.sql


def _chosen(shape: Shape, seed: int, number: int) -> str:
    order = row_hash(shape.key_columns, "this.").replace("hashint4extended(0, ", f"hashint4extended({seed}, ", 1)
    return f"SELECT {_key(shape)}, {row_hash(shape.columns, 'this.')}::text FROM {shape.sql} AS this ORDER BY {order} LIMIT {number}"


def _found(connection: psycopg.Connection, shape: Shape, keys: list[str]) -> dict[str, str]:
    """Whatever the columns of the key are: as one text each, of which PostgreSQL makes values again where there is one column."""
    if len(shape.key) == 1:
        where = f"this.{identifier(shape.key[0])} = ANY(ARRAY[{', '.join(map(literal, keys))}]::{shape.key_columns[0].type}[])"
    else:
        where = f"{_key(shape)} = ANY(ARRAY[{', '.join(map(literal, keys))}]::text[])"
    query = f"SELECT {_key(shape)}, {row_hash(shape.columns, 'this.')}::text FROM {shape.sql} AS this WHERE {where}"
    return dict(connection.execute(query.encode()).fetchall())


def _key(shape: Shape) -> str:
    """One text for all columns, in which no two keys look alike."""
    if len(shape.key) == 1:
        return f"this.{identifier(shape.key[0])}::text"
    return f"ARRAY[{', '.join(f'this.{identifier(name)}::text' for name in shape.key)}]::text"
