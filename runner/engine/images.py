"""Before-images: the values that a backfill replaced, kept in the batch's own transaction, and the rollback script made from them."""

import psycopg

from governance.backfill import backfill_of
from governance.orders import Statement
from runner.engine.keys import Keys, column_types, find_keys, quoted

TABLE = """
CREATE TABLE IF NOT EXISTS lockgate.before_image (
    backfill bigint NOT NULL,
    key text[] NOT NULL,
    before text[] NOT NULL,
    PRIMARY KEY (backfill, key)
)
"""
MADE = """
SELECT id, script, statement FROM lockgate.backfill
WHERE run = %s AND EXISTS (SELECT FROM lockgate.before_image WHERE before_image.backfill = backfill.id) ORDER BY id
"""
FORGET = "DELETE FROM lockgate.before_image USING lockgate.backfill WHERE backfill.run = %s AND backfill.id = before_image.backfill"
SCRIPT = """-- Purpose: put back what {script} replaced in {table}
-- Impact: every row that it changed is written again, in batches; later changes of these columns are lost

-- lockgate: batched
UPDATE {target}
SET {assignments}
FROM lockgate.before_image AS image
WHERE image.backfill = {job} AND image.key = ARRAY[{key}];
"""


def keep(connection: psycopg.Connection, job: int, keys: Keys, columns: tuple[str, ...], condition: str) -> None:
    """Of the rows that the batch is about to change, as its transaction's snapshot sees them."""
    before = ", ".join(f"{quoted(keys.alias, column)}::text" for column in columns)
    rows = f"SELECT {job}, ARRAY[{keys.as_text()}], ARRAY[{before}] FROM {keys.table} WHERE {condition}"
    connection.execute(f"INSERT INTO lockgate.before_image (backfill, key, before) {rows} ON CONFLICT DO NOTHING".encode())


def rollback_scripts(connection: psycopg.Connection, run: str) -> tuple[str, ...]:
    """For each of the run's backfills that kept before-images, the text of a rollback script that puts them back."""
    made = connection.execute(MADE, [run]).fetchall()
    return tuple(_script(connection, job, script, Statement(text, 1, 1, "UPDATE", False)) for job, script, text in made)


def forget_images(connection: psycopg.Connection, run: str) -> int:
    """How many were dropped."""
    return connection.execute(FORGET, [run]).rowcount


def are_there(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT to_regclass('lockgate.before_image')").fetchone() != (None,)


def _script(connection: psycopg.Connection, job: int, script: str, statement: Statement) -> str:
    backfill = backfill_of(script, statement)
    assert backfill
    table, types = quoted(*backfill.table), column_types(connection, backfill)
    values = (f"{quoted(name)} = (image.before[{place}])::{types[name]}" for place, name in enumerate(backfill.columns, 1))
    return SCRIPT.format(
        script=script,
        table=table,
        target=f"{'ONLY ' if backfill.only else ''}{table} AS {quoted(backfill.alias)}",
        assignments=", ".join(values),
        job=job,
        key=find_keys(connection, backfill).as_text(),
    )
