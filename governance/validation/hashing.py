"""A row's hash as SQL: of each column a 64-bit hash with a seed of its own, taken together and mixed once more.

Made of the functions by which PostgreSQL partitions and joins by hash, so it is the same expression on every major since 13 (but for dates
and moments, whose own functions 18 brought), and costs about half of what a hash of the whole record does (bench/verify.py). Whole numbers
are taken in full, as the seed; times, floats and numerics are folded to 32 bits by PostgreSQL's own functions, for which 1.0 is 1.00. What
has no such function is hashed as text, under settings that a session of ours pins: see `PINNED`. Hashes of different servers are never
compared.
"""

from collections.abc import Iterable

from governance.validation.shapes import Shape, ShapeColumn, identifier

# What a text of a value depends on: https://www.postgresql.org/docs/current/runtime-config-client.html
PINNED = (
    ("TimeZone", "UTC"), ("DateStyle", "ISO, YMD"), ("IntervalStyle", "postgres"), ("bytea_output", "hex"), ("extra_float_digits", "1"),
    ("xmloption", "content"), ("lc_monetary", "C"),
)  # fmt: skip
FORMS = {
    "int8": "hashint4extended({seed}, {column})",  # the seed takes all 64 bits, hashint8extended only 32 of them
    "int4": "hashint4extended({column}, {seed})",
    "int2": "hashint2extended({column}, {seed})",
    "bool": "hashint4extended({column}::integer, {seed})",
    "float4": "hashfloat4extended({column}, {seed})",
    "float8": "hashfloat8extended({column}, {seed})",
    "numeric": "hash_numeric_extended({column}, {seed})",
    "text": 'hashtextextended({column} COLLATE "C", {seed})',  # byte by byte, whatever its collation calls equal
    "varchar": 'hashtextextended({column} COLLATE "C", {seed})',
    "bpchar": 'hashbpcharextended({column} COLLATE "C", {seed})',
    "name": "hashnameextended({column}, {seed})",
    "uuid": "uuid_hash_extended({column}, {seed})",
    "date": "timestamp_hash_extended({column}::timestamp, {seed})",
    "timestamp": "timestamp_hash_extended({column}, {seed})",
    "timestamptz": "timestamp_hash_extended({column} AT TIME ZONE 'UTC', {seed})",
    "time": "time_hash_extended({column}, {seed})",
    "oid": "hashoidextended({column}, {seed})",
    "inet": "hashinetextended({column}, {seed})",
    "cidr": "hashinetextended({column}, {seed})",
    "macaddr": "hashmacaddrextended({column}, {seed})",
    "jsonb": "jsonb_hash_extended({column}, {seed})",
}
AS_TEXT = 'hashtextextended({column}::text COLLATE "C", {seed})'


def column_hash(column: ShapeColumn, seed: int, before: str = "") -> str:
    """Of a column at its place, which is its seed; NULL has a hash of its own."""
    form = f"{column.hashed}({{column}}, {{seed}})" if column.hashed else FORMS.get(column.type, AS_TEXT)
    found = form.format(column=before + identifier(column.name), seed=seed)
    return found if column.not_null else f"coalesce({found}, {-seed})"


def row_hash(columns: Iterable[ShapeColumn], before: str = "") -> str:
    parts = " # ".join(column_hash(column, seed, before) for seed, column in enumerate(columns, 1))
    return f"hashint4extended(0, {parts})"


def checksum_query(shape: Shape) -> str:
    """Of the whole table at once: what a person types to see the same."""
    return f"SELECT count(*), sum({row_hash(shape.columns)}) FROM {shape.sql}"
