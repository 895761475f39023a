"""Which values a coming type would refuse, or would not hold as they are, as a condition in SQL.

`lockgate_cast` is a function that the runner makes for the one transaction in which it asks (`TRY_CAST`): it answers what the cast makes of
a value, as text, or NULL where the cast fails. That is one way for every major; PostgreSQL's own pg_input_error_info() is there
since 16 only.
"""

import re

from governance.validation.shapes import ShapeColumn, identifier, literal

CAST = "pg_temp.lockgate_cast"
TRY_CAST = f"""\
CREATE FUNCTION {CAST}(value text, wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE made text;
BEGIN
    EXECUTE format('SELECT CAST(%L AS %s)::text', value, wanted) INTO made;
    RETURN made;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    RETURN NULL;
END $$"""
WHOLE = {"smallint": (-(2**15), 2**15 - 1), "integer": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}
WHOLE |= {"int2": WHOLE["smallint"], "int4": WHOLE["integer"], "int": WHOLE["integer"], "int8": WHOLE["bigint"]}
NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
LENGTH = re.compile(r"(?:varchar|character varying|char|character|bpchar)\s*\((\d+)\)", re.IGNORECASE)
DECIMAL = re.compile(r"(?:numeric|decimal)\s*\((\d+)(?:\s*,\s*(\d+))?\)", re.IGNORECASE)


def by_type(column: ShapeColumn, wanted: str) -> str:
    """True for a row whose value would be refused, cut or rounded."""
    name, plain = identifier(column.name), wanted.lower().removeprefix("pg_catalog.")
    if found := LENGTH.fullmatch(plain):
        return f"length({name}::text) > {found[1]}"
    if plain in WHOLE and column.type in NUMBERS:
        low, high = WHOLE[plain]
        return f"({name}::numeric NOT BETWEEN {low} AND {high} OR {name}::numeric <> trunc({name}::numeric))"
    if (found := DECIMAL.fullmatch(plain)) and column.type in NUMBERS:
        scale = int(found[2] or 0)
        return f"({name}::numeric <> round({name}::numeric, {scale}) OR abs({name}::numeric) >= 1e{int(found[1]) - scale})"
    return f"({name} IS NOT NULL AND {CAST}({name}::text, {literal(wanted)}) IS NULL)"


def needs_cast(sql: str) -> bool:
    return CAST in sql
