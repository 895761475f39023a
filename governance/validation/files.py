"""Check files: queries with a name and an expectation in the comment before each, and built-in checks by their name."""

import re
from dataclasses import replace

from governance.analysis.nodes import Node
from governance.analysis.statements import parse, split
from governance.errors import BadCheck, TransactionControl, UnparsableScript
from governance.orders import Check, Moment, Question, Severity, Statement
from governance.validation.catalogue import CATALOGUE, Builtin
from governance.validation.expectation import KNOWN, is_expectation
from governance.validation.uses import BadUse, read_use

KEYS = "check|question|moment|expect|severity|use"
HEADING = re.compile(rf"^\s*--\s*(?P<key>{KEYS})\s*:\s*(?P<value>.*?)\s*$", re.IGNORECASE)
WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
QUESTIONS, MOMENTS, SEVERITIES = ", ".join(Question), ", ".join(Moment), ", ".join(Severity)
DEFAULTS = {"moment": Moment.AFTER, "severity": Severity.BLOCKING}
NEEDED = (("check", "no bid without a project"), ("question", QUESTIONS), ("expect", "no rows"))

Headings = dict[str, tuple[str, int]]  # by key: value and line


def parse_checks(name: str, text: str) -> tuple[Check, ...]:
    """Each query of a check script, with the comment lines before it, and each built-in check that it asks for.

    Raises BadCheck with the line and what would be right.
    """
    try:
        statements = split(name, text)
    except UnparsableScript as error:
        raise BadCheck(name, error.line, error.why, "Write each check as one SELECT.") from error
    except TransactionControl as error:
        raise BadCheck(name, error.line, f"a check only reads, and this is {error.word}", "Leave it out.") from error
    lines = text.splitlines()
    found: list[tuple[int, Check]] = []
    start = 0
    for statement in statements:
        *alone, headings = _blocks(name, lines, start, statement.line - 1)
        found += [(_line(block), _used(name, block)) for block in alone]
        found.append((statement.line, _check(name, statement, headings)))
        start = statement.line + statement.text.count("\n")
    found += [(_line(block), _used(name, block)) for block in _blocks(name, lines, start, len(lines)) if block]
    _refuse_twice(name, found)
    return tuple(check for _line_number, check in found)


def _blocks(name: str, lines: list[str], start: int, end: int) -> list[Headings]:
    """Of the lines between two queries: built-in checks that need none, and last what is said of the query that follows."""
    blocks: list[Headings] = [{}]
    for number in range(start, end):
        match = HEADING.match(lines[number])
        if not match:
            continue
        key = match["key"].lower()
        if key == "check" and _stands_alone(blocks[-1]):
            blocks.append({})
        if key in blocks[-1]:
            raise BadCheck(name, number + 1, f"there is a second `-- {key}:` before the query", "End the query before with a semicolon.")
        blocks[-1][key] = match["value"], number + 1
    return [*blocks, {}] if _stands_alone(blocks[-1]) else blocks


def _stands_alone(block: Headings) -> bool:
    return "use" in block and block["use"][0].split(maxsplit=1)[:1] != [Builtin.CANARY]


def _line(block: Headings) -> int:
    return min(line for _value, line in block.values())


def _used(name: str, block: Headings) -> Check:
    """A built-in check; what its block does not say is as the catalogue has it."""
    if "use" not in block:
        raise BadCheck(name, _line(block), "no query follows these comments", "Write one SELECT behind them, or `-- use:` and a built-in.")
    value, line = block["use"]
    try:
        check = read_use(value)
    except BadUse as bad:
        raise BadCheck(name, line, bad.why, bad.right) from bad
    return _with_headings(name, block, check)


def _with_headings(name: str, block: Headings, check: Check) -> Check:
    question = Question(_code(name, block, "question", Question, check.question))
    moment, severity = _code(name, block, "moment", Moment, check.moment), _code(name, block, "severity", Severity, check.severity)
    expect = block.get("expect", (check.expect, 0))
    if not is_expectation(expect[0]):
        raise BadCheck(name, expect[1], f"`{expect[0]}` is not an expectation", f"Use one of {KNOWN}.")
    said = block.get("check", ("", 0))[0] or check.name
    return replace(check, name=said, question=question, moment=Moment(moment), severity=Severity(severity), expect=expect[0])


def _code(name: str, block: Headings, key: str, codes: type, default: str) -> str:
    value, line = block.get(key, (default, 0))
    code = value.lower().replace(" ", "_")
    if code not in list(codes):  # type: ignore[call-overload]
        raise BadCheck(name, line, f"`{value}` is not a {key}", f"Use one of {', '.join(codes)}.")  # type: ignore[arg-type]
    return code


def _check(name: str, statement: Statement, headings: Headings) -> Check:
    def bad(why: str, right: str) -> BadCheck:
        return BadCheck(name, statement.line, why, right)

    given = {key: value for key, (value, _line_number) in headings.items()}
    canary = "use" in given
    for key, example in NEEDED[:1] if canary else NEEDED:
        if not given.get(key):
            raise bad(f"the query has no `-- {key}:` line before it", f"Write for example `-- {key}: {example}`.")
    if not is_query(statement.text):
        raise bad(f"a check only reads, and this is {statement.tag}", "Write one SELECT, WITH … SELECT, VALUES or TABLE.")
    here = {key: (value, statement.line) for key, (value, _line_number) in headings.items()}
    entry = CATALOGUE[Builtin.CANARY]
    plain = Check("", Question.ACCURACY, Moment.AFTER, statement.text, "no rows")
    timed = replace(plain, question=entry.question, expect=entry.expect, builtin=Builtin.CANARY)
    return _with_headings(name, here, timed if canary else plain)


def is_query(text: str) -> bool:
    """One statement that only reads."""
    nodes = parse(text)
    return len(nodes) == 1 and nodes[0].node_type == "SelectStmt" and not any(map(_changes_something, nodes[0].walk()))


def _changes_something(node: Node) -> bool:
    return node.node_type in WRITES or node.node_type in ("IntoClause", "LockingClause")


def _refuse_twice(name: str, found: list[tuple[int, Check]]) -> None:
    seen: set[str] = set()
    for line, check in found:
        if check.name in seen:
            raise BadCheck(name, line, f"the name `{check.name}` is taken by another check", "Give each check a name of its own.")
        seen.add(check.name)
