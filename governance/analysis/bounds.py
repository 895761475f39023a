"""What CHECK constraints prove about a partition's rows, so that PostgreSQL need not read them.

PostgreSQL's own prover knows more. In doubt the answer is no: then the rows are taken to be read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import parse
from governance.facts import TableFacts
from governance.values import dataclass

KEY = re.compile(r"^(?:RANGE|LIST) \((?P<columns>.+)\)$")
PLAIN = re.compile(r'"?(?P<name>\w+)"?')
NULL = "\0null"
LOWEST, HIGHEST = "\0minvalue", "\0maxvalue"  # no constant is written so
OPEN = {"minvalue": LOWEST, "maxvalue": HIGHEST}
NUMBER = re.compile(r"-?\d+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?")
ZONE = re.compile(r"(?<=\d\d:\d\d:\d\d)[+-]\d\d(?::?\d\d)?$")


@dataclass(frozen=True, slots=True)
class Bound:
    """FOR VALUES: from `lower` up to, but not including, `upper`, with a value for each column of the key; or one of `values`."""

    lower: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class Atom:
    """ "column < constant"; with = and <> there may be several constants."""

    operator: str
    constants: tuple[str, ...]


def bound_of(node: Node) -> Bound | None:
    """None: by hash, or with something else than plain constants."""
    if node.is_default:
        return Bound(default=True)
    lower, upper, values = (tuple(map(_limit, found)) for found in (node.lowerdatums, node.upperdatums, node.listdatums))
    found = (*lower, *upper, *values)
    return Bound(lower, upper, values) if found and all(found) else None


def _limit(node: Node) -> str:
    """A constant, NULL, or the end to which a range is open."""
    name = ".".join(strings(node.fields)) if node.node_type == "ColumnRef" else ""
    return NULL if node.node_type == "A_Const" and node.isnull else OPEN.get(name) or _constant(node)


def proves_inside(table: TableFacts, key: str, bound: Bound | None) -> bool:
    """Whether no row of the table can be outside of the bound."""
    columns = _key_columns(key)
    filled = {found.name for found in table.columns if found.not_null}
    if bound is None or bound.default or not columns or not filled.issuperset(columns):
        return False
    checks = [part for check in _checks(table) for part in _parts(check, "AND_EXPR")]
    atoms = {column: [atom for part in checks for atom in _atoms(part, column)] for column in columns}
    if bound.values:
        return any(atom.operator == "=" and set(atom.constants) <= set(bound.values) for atom in atoms[columns[0]])
    return all(
        any(all(any(_implies(atom, sign, limit) for atom in atoms[column]) for column, sign, limit in way) for way in ways)
        for ways in _wanted(bound, columns)
    )


Comparison = tuple[str, str, str]  # column, operator, constant


def _wanted(bound: Bound, columns: tuple[str, ...]) -> Iterator[list[list[Comparison]]]:
    """All that has to hold, each in one of several ways: of (1, 5), either a > 1, or a = 1 and b >= 5."""
    for place, (column, low, high) in enumerate(zip(columns, bound.lower, bound.upper, strict=False)):
        if low == high:
            yield [[(column, "=", low)]]
            continue
        if low != LOWEST:
            yield _ways(columns[place:], bound.lower[place:], ">", {"": ">=", LOWEST: ">=", HIGHEST: ">"})
        if high != HIGHEST:
            yield _ways(columns[place:], bound.upper[place:], "<", {"": "<", LOWEST: "<", HIGHEST: "<="})
        return


def _ways(columns: tuple[str, ...], limits: tuple[str, ...], sign: str, closing: Mapping[str, str]) -> list[list[Comparison]]:
    """To pass the limits: by each column once those before it are equal. `closing`: the operator before nothing, or before an open end."""
    found = []
    for place, (column, limit, after) in enumerate(zip(columns, limits, (*limits[1:], ""), strict=False)):
        alike = [(other, "=", value) for other, value in zip(columns[:place], limits, strict=False)]
        found.append([*alike, (column, closing.get(after, sign), limit)])
        if after in closing:
            break
    return found


def _implies(atom: Atom, sign: str, limit: str) -> bool:
    """Whether what fits the atom also is “sign limit”."""
    if len(atom.constants) != 1:
        return False
    [constant] = atom.constants
    beyond = _ordered(limit, constant) and (atom.operator == ">" or constant != limit)
    before = _ordered(constant, limit) and (atom.operator == "<" or constant != limit)
    match sign, atom.operator:
        case "=", "=":
            return constant == limit
        case ">=", ">" | ">=" | "=":
            return _ordered(limit, constant)
        case ">", ">" | ">=" | "=":
            return beyond
        case "<=", "<" | "<=" | "=":
            return _ordered(constant, limit)
        case "<", "<" | "<=" | "=":
            return before
    return False


def proves_outside(table: TableFacts, key: str, bound: Bound | None) -> bool:
    """Whether no row of the default partition can be inside of the bound."""
    columns = _key_columns(key)
    if bound is None or len(columns) != 1 or not (bound.lower or bound.values):
        return False
    [column] = columns
    if bound.values:
        atoms = [atom for check in _checks(table) for part in _parts(check, "AND_EXPR") for atom in _atoms(part, column)]
        filled = any(found.name == column and found.not_null for found in table.columns)
        return all(filled if value == NULL else any(_is_other(atom, value) for atom in atoms) for value in bound.values)
    return any(_is_outside(check, column, bound) for check in _checks(table))


def _is_other(atom: Atom, value: str) -> bool:
    """Whether what the atom allows is not the value."""
    return (atom.operator == "<>" and value in atom.constants) or (atom.operator == "=" and value not in atom.constants)


def _is_outside(check: Node, column: str, bound: Bound) -> bool:
    [low], [high] = bound.lower, bound.upper
    for either in _parts(check, "OR_EXPR"):
        if not any(_implies(atom, "<", low) or _implies(atom, ">=", high) for atom in _atoms(either, column)):
            return False
    return True


def _ordered(small: str, large: str) -> bool:
    """Of numbers, or of dates and times as PostgreSQL writes them."""
    if small == large:
        return True
    if NUMBER.fullmatch(small) and NUMBER.fullmatch(large):
        return int(small) <= int(large)
    both = MOMENT.fullmatch(small), MOMENT.fullmatch(large)
    return all(both) and _moment(small) <= _moment(large)


def _moment(text: str) -> str:
    return text if len(text) > len("2026-01-01") else f"{text} 00:00:00"


def _key_columns(key: str) -> tuple[str, ...]:
    """None where the key has an expression."""
    found = KEY.match(key)
    parts = [PLAIN.fullmatch(part) for part in found["columns"].split(", ")] if found else []
    return tuple(part["name"] for part in parts if part) if all(parts) else ()


def _checks(table: TableFacts) -> Iterator[Node]:
    """The expressions of valid CHECKs, out of pg_get_constraintdef()."""
    for constraint in table.constraints:
        if constraint.kind == "c" and constraint.validated:
            [select] = parse(f"SELECT {constraint.definition.removeprefix('CHECK ').removesuffix(' NO INHERIT')}")
            yield select.target_list[0].val


def _parts(expression: Node, operator: str) -> Iterable[Node]:
    is_joined = expression.node_type == "BoolExpr" and expression.boolop == operator
    return tuple(expression.args) if is_joined else (expression,)


def _atoms(expression: Node, column: str) -> Iterator[Atom]:
    """Comparisons of the column with constants, of which `=` stands for any of them and `<>` for none of them."""
    if expression.node_type != "A_Expr" or _column(expression.lexpr) != column:
        return
    operator = strings(expression.name)[-1]
    constants = (
        tuple(map(_constant, expression.rexpr.elements)) if expression.rexpr.node_type == "A_ArrayExpr" else (_constant(expression.rexpr),)
    )
    one = expression.kind == "AEXPR_OP"
    listed = (expression.kind, operator) in (("AEXPR_OP_ANY", "="), ("AEXPR_OP_ALL", "<>"))
    if (one or listed) and all(constants):
        # PostgreSQL writes times in the session's zone, which is what a script leaves out
        yield Atom(operator, tuple(ZONE.sub("", constant) for constant in constants))


def _column(node: Node | None) -> str:
    while node is not None and node.node_type == "TypeCast":  # varchar is compared as text
        node = node.arg
    return strings(node.fields)[-1] if node and node.node_type == "ColumnRef" else ""


def _constant(node: Node | None) -> str:
    """ "" for what is not a plain constant."""
    if node is not None and node.node_type == "TypeCast":
        return _constant(node.arg)
    if node is None or node.node_type != "A_Const":
        return ""
    if node.sval:
        return str(node.sval.sval)
    return str(node.ival.ival) if node.ival else ""
