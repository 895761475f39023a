"""Questions to a table, as SQL: what a built-in check asks once the columns are known. Of rows that offend it answers the keys."""

from collections.abc import Callable, Mapping

from governance.orders import Check
from governance.validation.catalogue import Builtin
from governance.validation.hashing import checksum_query
from governance.validation.refused import by_type
from governance.validation.shapes import Shape, ShapeColumn, identifier, listed, literal, name_sql

TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
ORDERED = NUMBERS | {"date", "timestamp", "timestamptz", "time"}
SEQUENCE = """\
SELECT {column}::name, seqrelid::regclass FROM pg_sequence
WHERE seqrelid = {sequence}::regclass AND seqincrement > 0
  AND (SELECT max({name}) FROM {table}) > coalesce(pg_sequence_last_value(seqrelid), seqstart - seqincrement)"""


def query(check: Check, shape: Shape) -> str:
    """
    Raises:
        LookupError: the table does not have what the check names.
    """
    return QUERIES[Builtin(check.builtin)](check, shape)


def _rows(_check: Check, shape: Shape) -> str:
    return f"SELECT count(*) FROM {shape.sql}"


def _keys(_check: Check, shape: Shape) -> str:
    _needs_key(shape)
    return checksum_query(shape.only(shape.key, ()))


def _nulls(check: Check, shape: Shape) -> str:
    """As numbers of rows, with their share where there is more than none to say it of."""
    parts = [f"'{_quoteless(column.name)}', {_gaps(column)}" for column in _chosen(check, shape)]
    return f"SELECT count(*), {', '.join(parts)} FROM {shape.sql}"


def _gaps(column: ShapeColumn) -> str:
    name = identifier(column.name)
    nulls = f"count(*) FILTER (WHERE {name} IS NULL)"
    return f"{nulls}, count(*) FILTER (WHERE {name} = '')" if column.type in TEXTS else nulls


def _profile(check: Check, shape: Shape) -> str:
    columns = [column for column in _chosen(check, shape) if column.type in ORDERED | TEXTS]
    if not columns:
        raise LookupError(f"{shape.table} has no number, time or text to make a profile of")
    return f"SELECT count(*), {', '.join(map(_figures, columns))} FROM {shape.sql}"


def _figures(column: ShapeColumn) -> str:
    name = identifier(column.name)
    if column.type in TEXTS:
        return f"'{_quoteless(column.name)}', min(length({name})), max(length({name})), sum(length({name}))"
    ends = f"'{_quoteless(column.name)}', min({name}), max({name})"
    return f"{ends}, sum({name}::numeric), round(avg({name}::numeric), 6)" if column.type in NUMBERS else ends


def _orphans(check: Check, shape: Shape) -> str:
    other, _, columns = check.detail.partition("(")
    pairs = [
        (identifier(ours), identifier(theirs.strip())) for ours, theirs in zip(check.columns, columns.rstrip(") ").split(","), strict=True)
    ]
    there = " AND ".join(f"other.{theirs} = this.{ours}" for ours, theirs in pairs)
    given = " AND ".join(f"this.{ours} IS NOT NULL" for ours, _theirs in pairs)
    _refuse_unknown(check, shape)
    return (
        f"SELECT {_key(shape, 'this.')} FROM {shape.sql} AS this WHERE {given}\n"
        f"AND NOT EXISTS (SELECT FROM {name_sql(other.strip())} AS other WHERE {there})"
    )


def _duplicates(check: Check, shape: Shape) -> str:
    """All rows of which there are several; NULL is like no other."""
    _refuse_unknown(check, shape)
    given = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in check.columns)
    counted = f"SELECT {_key(shape)}, count(*) OVER (PARTITION BY {listed(check.columns)}) AS alike FROM {shape.sql} WHERE {given}"
    return (
        f"SELECT {_key(shape)} FROM ({counted}) AS found WHERE alike > 1"
        if shape.key
        else f"SELECT 1 FROM ({counted}) AS found WHERE alike > 1"
    )


def _refused_null(check: Check, shape: Shape) -> str:
    _refuse_unknown(check, shape)
    return f"SELECT {_key(shape)} FROM {shape.sql} WHERE {' OR '.join(f'{identifier(name)} IS NULL' for name in check.columns)}"


def _refused_check(check: Check, shape: Shape) -> str:
    """A CHECK takes what is true and what is not known."""
    return f"SELECT {_key(shape)} FROM {shape.sql} WHERE NOT ({check.detail}\n)"


def _refused_type(check: Check, shape: Shape) -> str:
    name, _, type_ = check.detail.partition(" as ")
    column = shape.only((name.strip(),), ()).column(name.strip())
    return f"SELECT {_key(shape)} FROM {shape.sql} WHERE {by_type(column, type_.strip())}"


def _transformed(check: Check, shape: Shape) -> str:
    name, _, expression = check.detail.partition("=")
    shape.only((name.strip(),), ())
    return f"SELECT {_key(shape)} FROM {shape.sql} WHERE {identifier(name.strip())} IS DISTINCT FROM ({expression.strip()}\n)"


def _sequences(_check: Check, shape: Shape) -> str:
    if not shape.sequences:
        raise LookupError(f"{shape.table} has no sequence")
    return "\nUNION ALL\n".join(
        SEQUENCE.format(column=literal(column), sequence=literal(sequence), name=identifier(column), table=shape.sql)
        for column, sequence in shape.sequences
    )


QUERIES: Mapping[Builtin, Callable[[Check, Shape], str]] = {
    Builtin.ROWS: _rows,
    Builtin.KEYS: _keys,
    Builtin.NULLS: _nulls,
    Builtin.PROFILE: _profile,
    Builtin.ORPHANS: _orphans,
    Builtin.DUPLICATES: _duplicates,
    Builtin.REFUSED_NULL: _refused_null,
    Builtin.REFUSED_CHECK: _refused_check,
    Builtin.REFUSED_TYPE: _refused_type,
    Builtin.TRANSFORMED: _transformed,
    Builtin.SEQUENCES: _sequences,
}


def _chosen(check: Check, shape: Shape) -> tuple[ShapeColumn, ...]:
    """As the author names them; all, if none are named."""
    _refuse_unknown(check, shape)
    return tuple(
        column for column in shape.columns if (not check.columns or column.name in check.columns) and column.name not in check.without
    )


def _refuse_unknown(check: Check, shape: Shape) -> None:
    shape.only(check.columns, check.without)


def _needs_key(shape: Shape) -> None:
    if not shape.key:
        raise LookupError(f"{shape.table} has no unique key whose columns are all NOT NULL")


def _key(shape: Shape, before: str = "") -> str:
    """What a row is called by; its place, where it has no key."""
    return listed(shape.key, before) if shape.key else f"{before}ctid"


def _quoteless(name: str) -> str:
    return name.replace("'", "''")
