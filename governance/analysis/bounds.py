"""What CHECK constraints prove about a partition's rows, so that PostgreSQL need not read them.

PostgreSQL's own prover knows more. In doubt the answer is no: then the rows are taken to be read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import parse
from governance.facts import TableFacts

KEY = re.compile(r'^(?:RANGE|LIST) \("?(?P<column>\w+)"?\)$')
NUMBER = re.compile(r"-?\d+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?")
ZONE = re.compile(r"(?<=\d\d:\d\d:\d\d)[+-]\d\d(?::?\d\d)?$")


@dataclass(frozen=True, slots=True)
class Bound:
    """FOR VALUES: from `lower` up to, but not including, `upper`; or one of `values`."""

    lower: str = ""
    upper: str = ""
    values: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class Atom:
    """ "column < constant"; with = and <> there may be several constants."""

    operator: str
    constants: tuple[str, ...]


def bound_of(node: Node) -> Bound | None:
    """None: of several columns, by hash, or open to one side."""
    if node.is_default:
        return Bound(default=True)
    lower, upper, values = (tuple(map(_constant, found)) for found in (node.lowerdatums, node.upperdatums, node.listdatums))
    if len(lower) == 1 and len(upper) == 1 and lower[0] and upper[0]:
        return Bound(lower[0], upper[0])
    return Bound(values=values) if values and all(values) else None


def proves_inside(table: TableFacts, key: str, bound: Bound | None) -> bool:
    """Whether no row of the table can be outside of the bound."""
    column = _key_column(key)
    if bound is None or bound.default or not any(found.name == column and found.not_null for found in table.columns):
        return False
    atoms = [atom for check in _checks(table) for part in _parts(check, "AND_EXPR") for atom in _atoms(part, column)]
    if bound.values:
        return any(atom.operator == "=" and set(atom.constants) <= set(bound.values) for atom in atoms)
    return any(_is_from(atom, bound.lower) for atom in atoms) and any(_is_below(atom, bound.upper) for atom in atoms)


def proves_outside(table: TableFacts, key: str, bound: Bound | None) -> bool:
    """Whether no row of the default partition can be inside of the bound."""
    column = _key_column(key)
    if bound is None or not (bound.lower or bound.values):
        return False
    if bound.values:
        atoms = [atom for check in _checks(table) for part in _parts(check, "AND_EXPR") for atom in _atoms(part, column)]
        return all(any(_is_other(atom, value) for atom in atoms) for value in bound.values)
    return any(_is_outside(check, column, bound) for check in _checks(table))


def _is_other(atom: Atom, value: str) -> bool:
    """Whether what the atom allows is not the value."""
    return (atom.operator == "<>" and value in atom.constants) or (atom.operator == "=" and value not in atom.constants)


def _is_outside(check: Node, column: str, bound: Bound) -> bool:
    for either in _parts(check, "OR_EXPR"):
        atoms = list(_atoms(either, column))
        if not any(_is_below(atom, bound.lower) or _is_from(atom, bound.upper) for atom in atoms):
            return False
    return True


def _is_from(atom: Atom, least: str) -> bool:
    return atom.operator in (">=", ">") and _ordered(least, atom.constants[0])


def _is_below(atom: Atom, limit: str) -> bool:
    most = atom.constants[0]
    return (atom.operator == "<" and _ordered(most, limit)) or (atom.operator == "<=" and most != limit and _ordered(most, limit))


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


def _key_column(key: str) -> str:
    found = KEY.match(key)
    return found["column"] if found else ""


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
