"""What a DO block or a function body would do, as far as its text tells: the statements in it, whichever branch they stand in."""

from collections.abc import Iterator, Mapping
from typing import Any

from governance.analysis.actions import Action, Kind
from governance.analysis.decode import actions
from governance.analysis.decode.data import HARMLESS
from governance.analysis.dynamic import Names, names_in, texts
from governance.analysis.nodes import Node, option, strings
from governance.analysis.statements import parse, parse_body
from governance.errors import UnparsableScript
from governance.values import replace

Bodies = Mapping[str, tuple[Action, ...]]  # by the function's name


STATEMENTS, EXPRESSION = 0, 2  # how plpgsql parses a piece: RawParseMode
UNKNOWN = Action(Kind.OPAQUE, type="DoStmt")
# Statements of plpgsql whose text is made while it runs.
DYNAMIC = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")


def actions_of(node: Node, text: str, known: Bodies) -> tuple[Action, ...]:
    """The actions of a statement; those of the body, where it runs one that is known."""
    match node.node_type:
        case "CreateFunctionStmt":
            return tuple(replace(action, does=tuple(_body(node, text, known))) for action in actions(node))
        case "DoStmt" if language_of(node.args) == "plpgsql":
            return tuple(dict.fromkeys(_inside(text, known)))
        case "SelectStmt" | "CallStmt":
            called = _unknown_functions(node)
            if called and called <= known.keys():
                return tuple(action for name in sorted(called) for action in known[name])
    return actions(node)


def _body(node: Node, text: str, known: Bodies) -> Iterator[Action]:
    """Of a function that the statement creates, for those who call it later in the same change."""
    if node.sql_body:  # BEGIN ATOMIC … END
        inside = (found for found in node.sql_body.walk() if found.node_type.endswith("Stmt") and found.node_type != "ReturnStmt")
        return iter(dict.fromkeys(action for found in inside for action in actions_of(found, text, known)))
    match language_of(node.options):
        case "plpgsql":
            return iter(dict.fromkeys(_inside(text, known)))
        case "sql" if body := option(node.options, "as"):
            return _statements("".join(strings(body.arg.items)[:1]), known)
    return iter((UNKNOWN,))


def language_of(options: tuple[Node, ...]) -> str:
    found = option(options, "language")
    return str(found.arg.sval).lower() if found else "plpgsql"


def _unknown_functions(node: Node) -> set[str]:
    return {strings(found.funcname)[-1] for found in node.walk() if found.node_type == "FuncCall"} - HARMLESS


def _inside(text: str, known: Bodies) -> Iterator[Action]:
    functions = parse_body(text)
    if functions is None:
        yield UNKNOWN
        return
    for function in functions:
        inside = function["PLpgSQL_function"]
        yield from _of(inside, known, names_in(inside))


def _of(tree: Any, known: Bodies, names: Names) -> Iterator[Action]:
    """Walks without recursion: a body may be nested as deeply as its author likes."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict):
            if "PLpgSQL_expr" in part:
                yield from _piece(part["PLpgSQL_expr"], known)
                continue
            dynamic = next((part[name] for name in DYNAMIC if name in part), None)
            if dynamic:
                yield from _dynamic(dynamic["query"]["PLpgSQL_expr"]["query"], known, names)
                waiting.append(dynamic.get("body", []))
            else:
                waiting.extend(reversed(list(part.values())))


def _piece(expression: Mapping[str, Any], known: Bodies) -> Iterator[Action]:
    text, mode = expression["query"], expression.get("parseMode", STATEMENTS)
    if mode == STATEMENTS:
        yield from _statements(text, known)
    elif mode == EXPRESSION:
        yield from _statements(f"SELECT ({text})", known)
    else:
        yield from _statements(f"SELECT ({text.partition(':=')[2] or text.partition('=')[2]})", known)


def _dynamic(text: str, known: Bodies, names: Names) -> Iterator[Action]:
    """EXECUTE of what the script itself says in full does just that; what any other does cannot be told."""
    found = texts(text, names)
    if not found:
        yield UNKNOWN
    for each in found:
        yield from _statements(each, known)


def _statements(text: str, known: Bodies) -> Iterator[Action]:
    try:
        for node in parse(text):
            yield from (UNKNOWN,) if node.node_type == "DoStmt" else actions_of(node, text, known)
    except UnparsableScript:
        yield UNKNOWN
