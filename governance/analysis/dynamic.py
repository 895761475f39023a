"""The texts that EXECUTE may be given, where the script says them: literals, joined or formatted, and names that a loop goes through."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import identifier, parse
from governance.errors import UnparsableScript

Names = Mapping[str, tuple[str, ...]]  # by variable: every value that it takes
MOST_TEXTS = 200
TEXT_TYPES = frozenset({"text", "varchar", "name", "regclass"})
# https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT, without widths
PLACEHOLDER = re.compile(r"%(?:(?P<place>\d+)\$)?(?P<form>.)", re.DOTALL)


def texts(expression: str, names: Names) -> tuple[str, ...]:
    """All that the expression may come to; none: it depends on what is not in the script."""
    value = _parsed(expression)
    return _values(value, names) if value else ()


def names_in(function: Mapping[str, Any]) -> Names:
    """Of a parsed plpgsql function: constants, and variables that only go through a list in FOREACH."""
    variables: list[Mapping[str, Any]] = [next(iter(datum.values()), {}) for datum in function.get("datums", ())]
    names = [str(variable.get("refname", "")) for variable in variables]
    action = function.get("action", {})
    assigned = list(_assigned(action))
    lists = {loop["varno"]: _elements(_query(loop["expr"])) for loop in _loops(action) if assigned.count(loop["varno"]) == 1}
    constant = {
        number: texts(_query(variable["default_val"]), {})
        for number, variable in enumerate(variables)
        if variable.get("isconst") and "default_val" in variable
    }
    # a name that several blocks use for their own is not told apart
    return {names[number]: values for number, values in {**lists, **constant}.items() if values and names.count(names[number]) == 1}


def _loops(action: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (part["PLpgSQL_stmt_foreach_a"] for part in _parts(action) if "PLpgSQL_stmt_foreach_a" in part)


def _assigned(action: Mapping[str, Any]) -> Iterator[int]:
    """The numbers of variables wherever one is given a value."""
    return (value for part in _parts(action) for name, value in part.items() if name in ("varno", "target") and isinstance(value, int))


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _query(expression: Mapping[str, Any]) -> str:
    return str(expression["PLpgSQL_expr"]["query"])


def _parsed(expression: str) -> Node | None:
    """None for what is more than an expression."""
    try:
        (node,) = parse(f"SELECT {expression}")
    except (UnparsableScript, ValueError):
        return None
    alone = node.node_type == "SelectStmt" and len(node.target_list) == 1 and not node.from_clause
    return node.target_list[0].val if alone else None


def _elements(expression: str) -> tuple[str, ...]:
    array = _parsed(expression)
    while array is not None and array.node_type == "TypeCast":
        array = array.arg
    if array is None or array.node_type != "A_ArrayExpr":
        return ()
    each = [_values(element, {}) for element in array.elements]
    return tuple(value for values in each for value in values) if all(each) else ()


def _values(node: Node, names: Names) -> tuple[str, ...]:
    match node.node_type:
        case "A_Const":
            return _constant(node)
        case "TypeCast" if strings(node.type_name.names)[-1] in TEXT_TYPES and not node.type_name.typmods:
            return _values(node.arg, names)
        case "ColumnRef":
            return names.get(".".join(strings(node.fields)), ())
        case "A_Expr" if node.kind == "AEXPR_OP" and strings(node.name) == ("||",) and node.lexpr:
            return _combined((node.lexpr, node.rexpr), names, "".join)
        case "FuncCall" if not node.func_variadic and (make := FUNCTIONS.get(strings(node.funcname)[-1])):
            return _combined(node.args, names, make)
    return ()


def _constant(node: Node) -> tuple[str, ...]:
    if node.sval:
        return (str(node.sval.sval),)
    return (str(node.ival.ival),) if node.ival else ()


def _combined(parts: Iterable[Node], names: Names, make: Callable[[Sequence[str]], str]) -> tuple[str, ...]:
    """Of each combination of what the parts may be; none where one of them is unknown."""
    found = [_values(part, names) for part in parts]
    count = 1
    for values in found:
        count *= len(values)
    if not 0 < count <= MOST_TEXTS:
        return ()
    try:
        return tuple(make(combination) for combination in product(*found))
    except (IndexError, KeyError):  # PostgreSQL refuses such a format as well
        return ()


def _format(arguments: Sequence[str]) -> str:
    text, values = arguments[0], arguments[1:]
    place = 0

    def filled(match: re.Match[str]) -> str:
        nonlocal place
        if match["form"] == "%":
            return "%"
        place = int(match["place"]) if match["place"] else place + 1
        return FORMS[match["form"]](values[place - 1])

    return PLACEHOLDER.sub(filled, text)


def _literal(text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


FORMS: Mapping[str, Callable[[str], str]] = {"s": str, "I": identifier, "L": _literal}
FUNCTIONS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "format": _format,
    "concat": "".join,
    "quote_ident": lambda arguments: identifier(arguments[0]),
    "quote_literal": lambda arguments: _literal(arguments[0]),
}
