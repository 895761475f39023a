"""What the catalogue says of one table: the columns, the key and the sequences that its checks are made of."""

import psycopg

from governance.validation.shapes import Shape, ShapeColumn, name_sql
from runner.engine.keys import UNIQUE

NUMBERS = frozenset({"int2", "int4", "int8", "uuid", "oid"})  # of no person, and in the same order whatever the collation
TABLE = "SELECT greatest(reltuples, 0)::bigint, coalesce(pg_relation_filenode(oid), 0)::text FROM pg_class WHERE oid = to_regclass(%s)"
# A domain's values are hashed and compared like those of the type that is at the bottom of it.
COLUMNS = """
SELECT attname::text, base.typname::text, attnotnull, coalesce(own.proname::text, '') FROM pg_attribute
CROSS JOIN LATERAL (
    WITH RECURSIVE bottom(oid, typbasetype) AS (
        SELECT oid, typbasetype FROM pg_type WHERE oid = atttypid
        UNION ALL SELECT pg_type.oid, pg_type.typbasetype FROM bottom JOIN pg_type ON pg_type.oid = bottom.typbasetype
    )
    SELECT typname FROM bottom JOIN pg_type USING (oid) WHERE bottom.typbasetype = 0
) AS base
LEFT JOIN (VALUES ('date', 'hashdateextended'), ('timestamptz', 'timestamptz_hash_extended')) AS quicker (type, name)
    ON quicker.type = base.typname
LEFT JOIN pg_proc AS own ON own.proname = quicker.name AND own.pronamespace = 'pg_catalog'::regnamespace
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
SEQUENCES = """
SELECT attname::text, objid::regclass::text FROM pg_depend
JOIN pg_class ON pg_class.oid = objid AND relkind = 'S'
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
WHERE classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjid = to_regclass(%s) ORDER BY 1
"""


def read_shape(connection: psycopg.Connection, table: str) -> Shape:
    """`table`: "schema.table".

    Raises:
        LookupError: there is none of that name.
    """
    name = name_sql(table)
    found = connection.execute(TABLE, [name]).fetchone()
    if found is None:
        raise LookupError(f"there is no table {table}")
    columns = tuple(ShapeColumn(*row) for row in connection.execute(COLUMNS, [name]))
    keys = connection.execute(UNIQUE, [name]).fetchone()
    sequences = tuple((column, sequence) for column, sequence in connection.execute(SEQUENCES, [name]))
    return Shape(table, columns, tuple(keys[0]) if keys else (), found[0], sequences, found[1])
