"""Column definitions and constraints as the grammar has them, into values."""

from governance.analysis.actions import Column, Constraint, Kind, Volatility
from governance.analysis.functions import STEADY, VOLATILITY
from governance.analysis.nodes import Node, dotted, relation, strings
from governance.analysis.statements import Check

# The grammar's names of built-in types, where format_type() says something else.
TYPES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "varbit": "bit varying",
    "timetz": "time with time zone",
    "time": "time without time zone",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "decimal": "numeric",
    "char": '"char"',  # not CHAR, which is bpchar
}
SERIALS = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}
# Types that are in pg_catalog but that the grammar takes by their plain name.
PLAIN_NAMES = "text uuid json jsonb bytea date inet cidr macaddr money xml tsvector tsquery name oid point box"
PLAIN_TYPES = frozenset(PLAIN_NAMES.split())
# Volatile functions that write nothing, built in or everywhere; https://www.postgresql.org/docs/current/xfunc-volatility.html
VOLATILE_NAMES = (
    "random clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 uuid_generate_v4 uuid_generate_v1 nextval currval lastval setval "
    "gen_random_bytes txid_current pg_current_xact_id"
)
STABLE = STEADY
VOLATILE = frozenset(VOLATILE_NAMES.split())
# The bits of src/include/utils/datetime.h
INTERVAL_FIELDS = {2: "year", 1: "month", 3: "day", 10: "hour", 11: "minute", 12: "second"}
WHOLE_INTERVAL = 0x7FFF
ENFORCEABLE = ("CONSTR_CHECK", "CONSTR_FOREIGN")
CONSTRAINTS = {
    "CONSTR_CHECK": Kind.ADD_CHECK,
    "CONSTR_NOTNULL": Kind.ADD_NOT_NULL,
    "CONSTR_FOREIGN": Kind.ADD_FOREIGN_KEY,
    "CONSTR_UNIQUE": Kind.ADD_UNIQUE,
    "CONSTR_PRIMARY": Kind.ADD_PRIMARY_KEY,
    "CONSTR_EXCLUSION": Kind.ADD_EXCLUDE,
}


def column(node: Node) -> Column:
    by_kind = {constraint.contype: constraint for constraint in node.constraints}
    generated = by_kind.get("CONSTR_GENERATED")
    default = by_kind.get("CONSTR_DEFAULT")
    names = strings(node.type_name.names) if node.type_name else ()
    serial = ".".join(names) in SERIALS
    return Column(  # by keyword it would take four times as long
        node.colname,
        type_name(node.type_name),
        _is_builtin(names),
        "CONSTR_NOTNULL" in by_kind or "CONSTR_PRIMARY" in by_kind,
        volatility(default.raw_expr) if default else Volatility.NONE,
        serial or "CONSTR_IDENTITY" in by_kind,
        serial,
        ("virtual" if generated.generated_kind == "v" else "stored") if generated else "",
        tuple([constraint(found, node.colname) for found in node.constraints if _is_told(found)]),
        tuple(sorted(name for name in functions(default.raw_expr) if not is_builtin_function(name))) if default else (),
    )


def _is_told(constraint: Node) -> bool:
    """NOT NULL behind a column has usually no name, and is told by the column."""
    return constraint.contype in CONSTRAINTS and (constraint.contype != "CONSTR_NOTNULL" or bool(constraint.conname))


def constraint(node: Node, of_column: str = "") -> Constraint:
    """A constraint of a table, or the one written behind a column."""
    keys = strings(node.fk_attrs) or strings(node.keys) or _mentioned(node.raw_expr) or ((of_column,) if of_column else ())
    return Constraint(  # by keyword it would take four times as long
        CONSTRAINTS[node.contype],
        node.conname,
        keys,
        relation(node.pktable),
        node.skip_validation,
        node.indexname,
        _column_not_null(node.raw_expr),
        node.is_no_inherit,
        node.is_enforced or node.contype not in ENFORCEABLE,
        Check(node.raw_expr) if node.raw_expr and node.contype == "CONSTR_CHECK" else None,
        strings(node.pk_attrs),
        node.fk_del_action,
        node.fk_upd_action,
    )


def _mentioned(expression: Node | None) -> tuple[str, ...]:
    """The columns of a CHECK."""
    if expression is None:
        return ()
    names = [strings(node.fields) for node in expression.walk() if node.node_type == "ColumnRef"]
    return tuple(dict.fromkeys([parts[-1] for parts in names if parts]))


def type_name(node: Node | None) -> str:
    """As format_type() says it: "character varying(20)", "numeric(10,2)[]"."""
    if node is None:
        return ""
    names = strings(node.names)
    name = names[-1] if names[0] == "pg_catalog" else ".".join(names)
    name = SERIALS.get(name) or TYPES.get(name) or name
    if name == "interval":
        return f"{_interval(tuple(map(_integer, node.typmods)))}{'[]' * len(node.array_bounds)}"
    modifiers = ",".join([str(_integer(modifier)) for modifier in node.typmods])
    if name == "numeric" and len(node.typmods) == 1:
        modifiers += ",0"
    # format_type() puts the precision of time and timestamp before "with time zone"
    head, blank, tail = name.partition(" with") if name.startswith("time") else (name, "", "")
    return f"{head}{f'({modifiers})' if modifiers else ''}{blank}{tail}{'[]' * len(node.array_bounds)}"


def _interval(modifiers: tuple[int | str, ...]) -> str:
    """The grammar keeps fields as a mask, and a precision behind it."""
    mask = modifiers[0] if modifiers else WHOLE_INTERVAL
    fields = [] if mask == WHOLE_INTERVAL or isinstance(mask, str) else [word for bit, word in INTERVAL_FIELDS.items() if mask & 1 << bit]
    words = " to ".join(dict.fromkeys((fields[0], fields[-1]))) if fields else ""
    return f"interval{f' {words}' if words else ''}{f'({modifiers[1]})' if len(modifiers) > 1 else ''}"


def _is_builtin(names: tuple[str, ...]) -> bool:
    return bool(names) and (names[0] == "pg_catalog" or names[-1] in PLAIN_TYPES or names[-1] in SERIALS)


def volatility(expression: Node | None) -> Volatility:
    """Of a default, as far as its text tells."""
    if expression is None:
        return Volatility.NONE
    if expression.node_type == "A_Const":
        return Volatility.NONE if expression.isnull else Volatility.CONSTANT
    called = functions(expression)
    names = {name.rpartition(".")[2] for name in called}
    if any(name in VOLATILE or VOLATILITY.get(name) == "v" for name in names):
        return Volatility.VOLATILE
    if any(not is_builtin_function(name) for name in called):
        return Volatility.UNKNOWN
    stable = called or any(node.node_type == "SQLValueFunction" for node in expression.walk())
    return Volatility.STABLE if stable else Volatility.CONSTANT


def functions(expression: Node) -> set[str]:
    return {dotted(node.funcname) for node in expression.walk() if node.node_type == "FuncCall"}


def is_builtin_function(name: str) -> bool:
    schema, _, plain = name.rpartition(".")
    return schema in ("", "pg_catalog") and plain in VOLATILITY


def _integer(node: Node) -> int | str:
    if node.node_type == "A_Const" and node.ival is not None:
        return int(node.ival.ival)
    return "?"


def _column_not_null(expression: Node | None) -> str:
    if expression is None or expression.node_type != "NullTest" or expression.nulltesttype != "IS_NOT_NULL":
        return ""
    if expression.arg.node_type != "ColumnRef":
        return ""
    return strings(expression.arg.fields)[-1]
