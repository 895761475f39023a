"""What a table demands of its rows, read from the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row


@dataclass(frozen=True, slots=True)
class Type:
    """As a value of it has to be written; a domain is what it stands on, with its checks."""

    name: str  # as PostgreSQL writes it, with length or precision: to cast to
    base: str  # int4, text, numeric, …; "enum", "array", "range", "multirange", "composite"
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    labels: tuple[str, ...] = ()
    inner: "tuple[Type, ...]" = ()  # of an array its elements' type, of a range its bounds', of a composite type its fields'
    checks: tuple[str, ...] = ()
    not_null: bool = False  # of a domain


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Type
    not_null: bool
    drawn_by_server: bool  # from a sequence


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    parent: int  # oid
    parent_columns: tuple[str, ...]
    deferrable: bool


@dataclass(frozen=True, slots=True)
class Table:
    oid: int
    schema: str
    name: str
    qualified: str  # quoted, with its schema
    rows: int  # as the planner believes
    filled: bool
    columns: tuple[Column, ...]  # without generated ones
    keys: tuple[tuple[str, ...], ...]  # each set of columns that is unique
    foreign_keys: tuple[ForeignKey, ...]
    checks: Mapping[str, str] = field(hash=False)  # expression by name
    bounds: tuple[str, ...]  # of its partitions, as FOR VALUES …
    partition_key: tuple[str, ...]
    below: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()  # key and bounds of each partition that is divided again

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def nullable(self, key: ForeignKey) -> bool:
        return any(not self.column(name).not_null for name in key.columns)


_TABLES = """
SELECT c.oid::bigint, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS qualified,
       greatest(c.reltuples, 0)::bigint AS rows,
       CASE c.relkind WHEN 'r' THEN pg_relation_size(c.oid)
            ELSE (SELECT coalesce(sum(pg_relation_size(relid)), 0) FROM pg_partition_tree(c.oid) WHERE isleaf) END > 0 AS filled,
       ARRAY(SELECT pg_get_expr(p.relpartbound, p.oid) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
             WHERE i.inhparent = c.oid AND c.relkind = 'p' ORDER BY i.inhrelid) AS bounds,
       ARRAY(SELECT a.attname::text FROM pg_partitioned_table t, unnest(t.partattrs::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number WHERE t.partrelid = c.oid ORDER BY k.place) AS partition_key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'lockgate') AND c.relname <> 'flyway_schema_history'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT a.attrelid::bigint AS oid, a.attname AS name, a.atttypid::bigint AS type, a.atttypmod AS typmod, a.attnotnull AS not_null,
       a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' AS drawn_by_server
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY(%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attrelid, a.attnum
""".replace("'nextval(%'", "'nextval(%%'")
# An index on expressions counts when it is on one column, as in UNIQUE (lower(email)); a partial one is left to trial.
_KEYS = """
SELECT i.indrelid::bigint AS oid, k.columns
FROM pg_index i, LATERAL (
    SELECT array_agg(DISTINCT a.attname::text) AS columns
    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
      AND (d.objid = i.indexrelid)
    UNION ALL
    SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[])
) k
WHERE i.indrelid = ANY(%(oids)s) AND i.indisunique AND i.indpred IS NULL AND k.columns IS NOT NULL
  AND (NOT 0 = ANY(i.indkey::int2[]) OR i.indnatts = 1)
GROUP BY 1, 2 ORDER BY 1, 2
"""
_FOREIGN_KEYS = """
SELECT c.conrelid::bigint AS oid, c.conname AS name, c.confrelid::bigint AS parent, c.condeferrable AS deferrable,
       ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
             JOIN pg_attribute ON attrelid = c.conrelid AND attnum = number ORDER BY place) AS columns,
       ARRAY(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
             JOIN pg_attribute ON attrelid = c.confrelid AND attnum = number ORDER BY place) AS parent_columns
FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = ANY(%(oids)s) AND c.conparentid = 0 ORDER BY c.conrelid, c.conname
"""
_CHECKS = """
SELECT conrelid::bigint AS oid, conname AS name, pg_get_expr(conbin, conrelid) AS expression FROM pg_constraint
WHERE contype = 'c' AND conrelid = ANY(%(oids)s) ORDER BY conrelid, conname
"""
_BELOW = """
SELECT pg_partition_root(t.partrelid)::bigint AS oid,
       ARRAY(SELECT a.attname::text FROM unnest(t.partattrs::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = k.number ORDER BY k.place) AS key,
       ARRAY(SELECT pg_get_expr(p.relpartbound, p.oid) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
             WHERE i.inhparent = t.partrelid ORDER BY i.inhrelid) AS bounds
FROM pg_partitioned_table t
WHERE pg_partition_root(t.partrelid)::oid = ANY(%(oids)s) AND pg_partition_root(t.partrelid) <> t.partrelid ORDER BY t.partrelid
"""
_TYPES = """
SELECT t.oid::bigint, t.typname AS name, t.typtype AS sort, t.typbasetype::bigint AS base, t.typtypmod AS typmod,
       CASE WHEN t.typcategory = 'A' THEN t.typelem::bigint ELSE 0 END AS element,
       coalesce(r.rngsubtype, m.rngsubtype, 0)::bigint AS subtype, t.typnotnull AS not_null,
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels,
       ARRAY(SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' ORDER BY conname) AS checks,
       ARRAY(SELECT ARRAY[atttypid::bigint, atttypmod] FROM pg_attribute WHERE attrelid = t.typrelid AND t.typtype = 'c' AND attnum > 0
             AND NOT attisdropped ORDER BY attnum) AS fields
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_range m ON to_jsonb(m) ->> 'rngmultitypid' = t.oid::text
WHERE t.typtype <> 'p'
  AND (n.nspname = 'pg_catalog' OR t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind = 'c'))
"""
_FORMAT = """
SELECT format_type(type, typmod) FROM unnest(%s::bigint[]::oid[], %s::int[]) WITH ORDINALITY AS t (type, typmod, place) ORDER BY place
"""


def read_tables(connection: psycopg.Connection) -> tuple[Table, ...]:
    tables = _rows(connection, _TABLES)
    oids = {"oids": [row["oid"] for row in tables]}
    types = _Types(connection)
    columns = _by_table(_rows(connection, _COLUMNS, oids))
    types.name(row for rows in columns.values() for row in rows)
    queries = (_KEYS, _FOREIGN_KEYS, _CHECKS, _BELOW)
    keys, references, checks, below = (_by_table(_rows(connection, query, oids)) for query in queries)
    return tuple(
        Table(
            **{**row, "bounds": tuple(row["bounds"]), "partition_key": tuple(row["partition_key"])},
            below=tuple((tuple(part["key"]), tuple(part["bounds"])) for part in below.get(row["oid"], ())),
            columns=tuple(types.column(**column) for column in columns.get(row["oid"], ())),
            keys=tuple(tuple(key["columns"]) for key in keys.get(row["oid"], ())),
            foreign_keys=tuple(_foreign_key(**reference) for reference in references.get(row["oid"], ())),
            checks={check["name"]: check["expression"] for check in checks.get(row["oid"], ())},
        )
        for row in tables
    )


def _foreign_key(columns: list[str], parent_columns: list[str], **rest: Any) -> ForeignKey:
    return ForeignKey(**rest, columns=tuple(columns), parent_columns=tuple(parent_columns))


class _Types:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._rows = {row["oid"]: row for row in _rows(connection, _TYPES)}
        self._names: dict[tuple[int, int], str] = {}

    def name(self, columns: Iterable[Mapping[str, Any]]) -> None:
        """Ask for the names of all columns' types at once."""
        wanted = sorted({(row["type"], row["typmod"]) for row in columns})
        rows = self._connection.execute(_FORMAT, [[oid for oid, _ in wanted], [typmod for _, typmod in wanted]]).fetchall()
        self._names = dict(zip(wanted, (row[0] for row in rows), strict=True))

    def column(self, name: str, type: int, typmod: int, not_null: bool, drawn_by_server: bool | None) -> Column:
        kind = self._of(type, typmod, self._names[type, typmod])
        return Column(name, kind, not_null or kind.not_null, bool(drawn_by_server))

    def _of(self, oid: int, typmod: int = -1, name: str = "") -> Type:
        row = self._rows.get(oid)
        if row is None:
            return Type(name, "unknown")
        name = name or row["name"]
        match row["sort"]:
            case "d":
                base = self._of(row["base"], row["typmod"])
                return Type(
                    name, base.base, base.length, base.precision, base.scale, base.labels, base.inner,
                    checks=(*base.checks, *row["checks"]), not_null=base.not_null or row["not_null"],
                )  # fmt: skip
            case "e":
                return Type(name, "enum", labels=tuple(row["labels"]))
            case "r" | "m":
                return Type(name, "range" if row["sort"] == "r" else "multirange", inner=(self._of(row["subtype"]),))
            case "c":
                return Type(name, "composite", inner=tuple(self._of(*field) for field in row["fields"]))
        if row["element"]:
            return Type(name, "array", inner=(self._of(row["element"], typmod),))
        return Type(name, row["name"], **_modified(row["name"], typmod))


def _modified(base: str, typmod: int) -> dict[str, Any]:
    """https://www.postgresql.org/docs/current/catalog-pg-attribute.html: what atttypmod says differs by type."""
    if typmod < 0:
        return {}
    if base in ("varchar", "bpchar"):
        return {"length": typmod - 4}
    if base == "numeric":
        scale = (typmod - 4) & 0x7FF
        return {"precision": ((typmod - 4) >> 16) & 0xFFFF, "scale": scale - 0x800 if scale > 0x3FF else scale}
    return {"length": typmod} if base in ("bit", "varbit", "vector") else {}


def _by_table(rows: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("oid"), []).append(row)
    return found


def _rows(connection: psycopg.Connection, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()
