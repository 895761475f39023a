"""What a CHECK asks of single columns and of pairs of them, where it says so simply; the rest is left to trial."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import parse
from governance.errors import UnparsableScript
from runner.engine.synthesis.patterns import NotUnderstood, Pattern, of_like, of_regex

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_LENGTHS = frozenset({"length", "char_length", "character_length", "octet_length"})
_MATCHING: Mapping[str, Callable[[str], Pattern]] = {
    "~": of_regex, "~*": partial(of_regex, any_case=True), "~~": of_like, "~~*": partial(of_like, any_case=True),
}  # fmt: skip
NOW = "now"


@dataclass(slots=True)
class Limits:
    """Of one column; bounds as the text of a constant, or `now`."""

    values: tuple[str, ...] | None = None
    excluded: set[str] = field(default_factory=set)
    low: list[tuple[str, bool]] = field(default_factory=list)  # with whether the bound itself is allowed
    high: list[tuple[str, bool]] = field(default_factory=list)
    shortest: int = 0
    longest: int | None = None
    spans: list[tuple[str | None, str | None]] = field(default_factory=list)  # of partitions: any one of these, the end excluded
    patterns: list[Pattern] = field(default_factory=list)
    required: bool = False
    tried: bool = False  # some check was not understood


@dataclass(slots=True)
class Demands:
    columns: dict[str, Limits] = field(default_factory=dict)
    smaller: list[tuple[str, str]] = field(default_factory=list)  # the first column's value is below the second's
    by_trial: list[str] = field(default_factory=list)  # names of checks that were not understood

    def of(self, column: str) -> Limits:
        return self.columns.setdefault(column, Limits())


def demands(checks: Mapping[str, str]) -> Demands:
    """By the expression of each check, as PostgreSQL writes it."""
    found = Demands()
    for name, expression in checks.items():
        try:
            [statement] = parse(f"SELECT {expression}")
        except UnparsableScript:
            found.by_trial.append(name)
            continue
        unclear = [part for part in _parts(statement.target_list[0].val) if not _understood(part, found)]
        found.by_trial += [name] if unclear else []
        for column in {column for part in unclear for column in _columns(part)}:
            found.of(column).tried = True
    return found


def add_domain(found: Demands, column: str, expressions: Iterable[str]) -> None:
    """The checks of the domain that a column belongs to speak of VALUE."""
    asked = demands({f"{column}, check {number} of its domain": expression for number, expression in enumerate(expressions, 1)})
    found.by_trial += asked.by_trial
    if (limits := asked.columns.get("value")) is None:
        return
    own = found.of(column)
    own.values = limits.values if own.values is None else own.values
    own.excluded |= limits.excluded
    own.low, own.high = own.low + limits.low, own.high + limits.high
    own.shortest = max(own.shortest, limits.shortest)
    own.longest = min(filter(None, (own.longest, limits.longest)), default=None)
    own.patterns += limits.patterns
    own.required, own.tried = own.required or limits.required, own.tried or limits.tried


def add_partitions(found: Demands, key: tuple[str, ...], bounds: Iterable[str]) -> None:
    """Rows have to fit into some partition; a default one takes everything."""
    listed: list[str] = []
    if not key or any(bound.startswith("DEFAULT") for bound in bounds):
        return
    for bound in bounds:
        [statement] = parse(f"CREATE TABLE a PARTITION OF b {bound}")
        spec = statement.partbound
        listed += [value for node in spec.listdatums if (value := _constant(node)) is not None]
        if spec.lowerdatums:
            found.of(key[0]).spans.append((_constant(spec.lowerdatums[0]), _constant(spec.upperdatums[0])))
    if listed:
        found.of(key[0]).values = (*(found.of(key[0]).values or ()), *listed)


def _parts(node: Node) -> Iterator[Node]:
    """What all has to hold."""
    if node.node_type == "BoolExpr" and node.boolop == "AND_EXPR":
        for part in node.args:
            yield from _parts(part)
    else:
        yield node


def _understood(node: Node, found: Demands) -> bool:
    match node.node_type:
        case "NullTest" if node.nulltesttype == "IS_NOT_NULL" and (column := _column(node.arg)):
            found.of(column).required = True
            return True
        case "BoolExpr" if node.boolop == "OR_EXPR":
            absent = {_column(arg.arg) for arg in node.args if _is_null(arg)}
            rest = [arg for arg in node.args if not _is_null(arg)]
            return len(rest) == 1 and len(absent) == 1 and absent == _columns(rest[0]) and _understood(rest[0], found)
        case "A_Expr" if node.kind == "AEXPR_OP_ANY" and node.rexpr.node_type in ("A_ArrayExpr", "TypeCast"):
            return _listed(node, found)
        case "A_Expr" if node.kind == "AEXPR_OP" and strings(node.name)[-1] in _MATCHING:
            return _matched(node, found)
        case "A_Expr" if node.kind == "AEXPR_OP":
            return _compared(node.lexpr, strings(node.name)[-1], node.rexpr, found)
    return False


def _is_null(node: Node) -> bool:
    return node.node_type == "NullTest" and node.nulltesttype == "IS_NULL"


def _listed(node: Node, found: Demands) -> bool:
    column, array = _column(node.lexpr), _bare(node.rexpr)
    if not column or array.node_type != "A_ArrayExpr" or strings(node.name) != ("=",):
        return False
    values = [_constant(element) for element in array.elements]
    found.of(column).values = tuple(value for value in values if value is not None)
    return None not in values


def _matched(node: Node, found: Demands) -> bool:
    column, text = _column(node.lexpr), _constant(node.rexpr)
    if not column or text is None:
        return False
    try:
        found.of(column).patterns.append(_MATCHING[strings(node.name)[-1]](text))
    except NotUnderstood:
        return False
    return True


def _compared(left: Node, sign: str, right: Node, found: Demands) -> bool:
    if left is None or sign not in _MIRRORED:
        return False
    if _constant(left) is not None:
        left, sign, right = right, _MIRRORED[sign], left
    value, one, other = _constant(right), _column(left), _column(right)
    if one and other and sign in ("<", "<=", ">", ">="):
        found.smaller.append((one, other) if sign[0] == "<" else (other, one))
        return True
    if value is None:
        return False
    measured = _measured(left)
    if measured and value.isdecimal():
        return _add_length(found.of(measured), sign, int(value))
    return bool(one) and _add_bound(found.of(one), sign, value)


def _add_length(limits: Limits, sign: str, length: int) -> bool:
    if sign in (">", ">=", "="):
        limits.shortest = max(limits.shortest, length + (sign == ">"))
    if sign in ("<", "<=", "="):
        limits.longest = min(limits.longest or length, length - (sign == "<"))
    if sign == "<>":
        limits.shortest = max(limits.shortest, length + 1)
    return True


def _add_bound(limits: Limits, sign: str, value: str) -> bool:
    match sign:
        case "=":
            limits.values = (value,)
        case "<>":
            limits.excluded.add(value)
        case _:
            (limits.low if sign[0] == ">" else limits.high).append((value, sign.endswith("=")))
    return True


def _bare(node: Node) -> Node:
    while node.node_type == "TypeCast":
        node = node.arg
    return node


def _column(node: Node | None) -> str:
    bare = _bare(node) if node else None
    return strings(bare.fields)[-1] if bare and bare.node_type == "ColumnRef" and strings(bare.fields) else ""


def _columns(node: Node) -> set[str]:
    return {strings(part.fields)[-1] for part in node.walk() if part.node_type == "ColumnRef"}


def _measured(node: Node) -> str:
    """The column whose length it is; of trimmed text too: what we make has no blanks around it."""
    bare = _bare(node)
    if bare.node_type != "FuncCall" or len(bare.args) != 1:
        return ""
    name = strings(bare.funcname)[-1]
    inner = _bare(bare.args[0])
    if name == "btrim" or (inner.node_type == "FuncCall" and strings(inner.funcname)[-1] == "btrim" and inner.args):
        inner = _bare(inner.args[0]) if inner.node_type == "FuncCall" else inner
    return _column(inner) if name in _LENGTHS else ""


def _constant(node: Node | None) -> str | None:
    bare = _bare(node) if node else None
    if bare is None:
        return None
    if bare.node_type in ("SQLValueFunction", "FuncCall"):
        names = strings(bare.funcname) if bare.node_type == "FuncCall" else ("now",)
        return NOW if names[-1] == "now" else None
    if bare.node_type != "A_Const":
        return None
    inner = bare.ival or bare.fval or bare.sval or bare.boolval
    return _text(inner)


def _text(value: Node | None) -> str | None:
    if value is None:
        return None
    match value.node_type:
        case "Integer":
            return str(value.ival)
        case "Float":
            return str(value.fval)
        case "String":
            return str(value.sval)
        case "Boolean":
            return "true" if value.boolval else "false"
    return None
