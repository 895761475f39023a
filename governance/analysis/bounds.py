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
Atom = tuple[str, str]  # operator and constant: "column < constant"


@dataclass(frozen=True, slots=True)
class Bound:
    """FOR VALUES: from `lower` up to, but not including, `upper`; or one of `values`."""

    lower: str = ""
    upper: str = ""
    values: tuple[str, ...] = ()
    default: bool = False


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
    atoms = {atom for check in _checks(table) for part in _parts(check, "AND_EXPR") for atom in _atoms(part, column)}
    if bound.values:
        return any(operator == "=" and value in bound.values for operator, value in atoms)
    return any(_is_from(atom, bound.lower) for atom in atoms) and any(_is_below(atom, bound.upper) for atom in atoms)


def proves_outside(table: TableFacts, key: str, bound: Bound | None) -> bool:
    """Whether no row of the default partition can be inside of the bound."""
    column = _key_column(key)
    if bound is None or not bound.lower:
        return False
    return any(_is_outside(check, column, bound) for check in _checks(table))


def _is_outside(check: Node, column: str, bound: Bound) -> bool:
    for either in _parts(check, "OR_EXPR"):
        atoms = list(_atoms(either, column))
        if not any(_is_below(atom, bound.lower) or _is_from(atom, bound.upper) for atom in atoms):
            return False
    return True


def _is_from(atom: Atom, least: str) -> bool:
    return atom[0] in (">=", ">") and _ordered(least, atom[1])


def _is_below(atom: Atom, limit: str) -> bool:
    return (atom[0] == "<" and _ordered(atom[1], limit)) or (atom[0] == "<=" and atom[1] != limit and _ordered(atom[1], limit))


def _ordered(small: str, large: str) -> bool:
    """Of numbers, or of dates as PostgreSQL writes them."""
    if small == large:
        return True
    if re.fullmatch(r"-?\d+", small) and re.fullmatch(r"-?\d+", large):
        return int(small) <= int(large)
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", small) and re.fullmatch(r"\d{4}-\d\d-\d\d", large)) and small <= large


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
    if expression.node_type == "A_Expr" and expression.kind == "AEXPR_OP" and _column(expression.lexpr) == column:
        constant = _constant(expression.rexpr)
        if constant:
            yield strings(expression.name)[-1], constant


def _column(node: Node | None) -> str:
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
