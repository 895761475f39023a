"""A batched statement taken apart, so that a range of keys can be put into it. What it is made of stays as its author wrote it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from governance.analysis.nodes import Node, strings
from governance.analysis.statements import Token, parse, tokens
from governance.batched import FORM, Batched, NoOption, is_batched, options_of
from governance.errors import BadDirective
from governance.orders import Statement

AGGREGATES = frozenset(
    {"array_agg", "avg", "bool_and", "bool_or", "count", "every", "json_agg", "jsonb_agg", "max", "min", "string_agg", "sum"}
)
OWN_GUARD = "Write a WHERE that is false for a row once it is done, and add guard=where to the directive."
PLAIN = "Write UPDATE … SET … [FROM …] [WHERE …], or INSERT INTO … SELECT … FROM … [WHERE …] ON CONFLICT DO NOTHING."


@dataclass(frozen=True, slots=True)
class Assignment:
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class Backfill:
    head: str  # up to WHERE
    where: str  # the condition; "" if there is none
    tail: str  # of an INSERT: from ON CONFLICT on
    table: tuple[str, ...]  # whose keys make the ranges: the updated one, or the first that an INSERT selects from
    only: bool  # not its children
    alias: str  # under which its columns are addressed in the condition
    columns: tuple[str, ...]  # that an UPDATE assigns
    assigned: tuple[Assignment, ...]  # of an UPDATE without guard=where: what tells whether a row is done
    options: Batched
    joined: bool = False  # an UPDATE whose condition may name the tables of its FROM

    @property
    def inserts(self) -> bool:
        return bool(self.tail)


class _Unfit(Exception):
    def __init__(self, why: str, right: str = PLAIN) -> None:
        super().__init__(why)
        self.why, self.right = why, right


def with_batches(name: str, text: str, statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements of a script; those to run in batches with their directive, and marked as what no single transaction can hold.

    Raises:
        BadDirective: a statement that is marked as batched cannot be.
    """
    directives = _directives(name, text, statements) if "lockgate:" in text else {}
    marked = tuple(
        replace(each, text=f"{directives[each]}\n{each.text}", transactional=False) if each in directives else each for each in statements
    )
    for statement in marked:
        backfill_of(name, statement)
    return marked


def _directives(name: str, text: str, statements: Sequence[Statement]) -> dict[Statement, str]:
    """By the statement that it stands before."""
    lines = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]
    starts = [lines[each.line - 1] + each.column - 1 for each in statements]
    found: dict[Statement, str] = {}
    for comment in (token for token in tokens(text) if token.comment and is_batched(token.text)):
        place = bisect_right(starts, comment.start)
        line = bisect_right(lines, comment.start)
        inside = place > 0 and comment.start < starts[place - 1] + len(statements[place - 1].text)
        if inside or place == len(statements) or statements[place] in found:
            raise BadDirective(name, line, "the directive does not stand before a statement of its own", "Put it on the line before one.")
        found[statements[place]] = comment.text
    return found


def backfill_of(name: str, statement: Statement) -> Backfill | None:
    """
    Raises:
        BadDirective
    """
    try:
        options = options_of(statement.text)
        return _taken_apart(statement.text, parse(statement.text)[0], options) if options else None
    except NoOption as error:
        raise BadDirective(name, statement.line, str(error), f"Its form is: {FORM}") from error
    except _Unfit as unfit:
        raise BadDirective(name, statement.line, unfit.why, unfit.right) from unfit


def _taken_apart(text: str, node: Node, options: Batched) -> Backfill:
    match node.node_type:
        case "UpdateStmt":
            return _update(text, node, options)
        case "InsertStmt":
            return _insert(text, node, options)
    raise _Unfit("only an UPDATE or an INSERT … SELECT can run in batches")


def _update(text: str, node: Node, options: Batched) -> Backfill:
    if node.with_clause or node.returning_clause or (node.where_clause and node.where_clause.node_type == "CurrentOfExpr"):
        raise _Unfit("an UPDATE with WITH, RETURNING or CURRENT OF cannot run in batches")
    if options.before_images and node.from_clause:
        raise _Unfit("before-images of an UPDATE with FROM cannot be kept", "Write the other table as a sub-select in SET and WHERE.")
    code = _outside(text)
    where = next((token.start for token in code if token.text == "WHERE"), None)
    head, condition = _cut(text, where, len(text))
    assigned = () if options.guarded_by_where else tuple(_assignments(text, node, code))
    if options.guarded_by_where and not condition:
        raise _Unfit("guard=where needs a WHERE", OWN_GUARD)
    columns = tuple(dict.fromkeys(target.name for target in node.target_list))
    table, only, alias, joined = _name(node.relation), not node.relation.inh, _alias(node.relation), bool(node.from_clause)
    return Backfill(head, condition, "", table, only, alias, columns, assigned, options, joined)


def _insert(text: str, node: Node, options: Batched) -> Backfill:
    select, conflict = node.select_stmt, node.on_conflict_clause
    if not conflict or conflict.action != "ONCONFLICT_NOTHING":
        raise _Unfit("an INSERT in batches needs ON CONFLICT DO NOTHING: it tells the rows that are there already")
    if node.with_clause or node.returning_clause or options.before_images or options.guarded_by_where:
        raise _Unfit("an INSERT with WITH, RETURNING, guard=where or before-images cannot run in batches")
    if select is None or not select.from_clause or not _row_by_row(select):
        raise _Unfit("an INSERT in batches takes each row from one of a table: no VALUES, GROUP BY, aggregate, DISTINCT, UNION, ORDER BY")
    code = _outside(text)
    end = next((first.start for first, second in pairwise(code) if (first.text, second.text) == ("ON", "CONFLICT")), None)
    if end is None or not any(token.text == "SELECT" for token in code):
        raise _Unfit("an INSERT in batches has its SELECT without parentheses")
    where = next((token.start for token in code if token.text == "WHERE" and token.start < end), None)
    head, condition = _cut(text, where, end)
    source = _first_table(select.from_clause[0])
    return Backfill(head, condition, text[end:], _name(source), not source.inh, _alias(source), (), (), options)


def _row_by_row(select: Node) -> bool:
    parts = (select.group_clause, select.having_clause, select.distinct_clause, select.limit_count, select.limit_offset, select.sort_clause)
    if any(parts) or select.with_clause or select.values_lists or select.locking_clause or select.op != "SETOP_NONE":
        return False
    calls = [node for target in select.target_list for node in target.walk() if node.node_type == "FuncCall"]
    return not any(call.over or call.agg_star or strings(call.funcname)[-1] in AGGREGATES for call in calls)


def _first_table(node: Node) -> Node:
    while node.node_type == "JoinExpr":
        node = node.larg
    if node.node_type != "RangeVar":
        raise _Unfit("the first thing that the SELECT reads is no table, so that it has no key")
    return node


def _cut(text: str, where: int | None, end: int) -> tuple[str, str]:
    return (text[:end], "") if where is None else (text[:where], text[where + len("WHERE") : end])


def _assignments(text: str, node: Node, code: Sequence[Token]) -> Iterator[Assignment]:
    first = next(place for place, token in enumerate(code) if token.text == "SET") + 1
    last = next((place for place in range(first, len(code)) if _ends_assignments(code, place)), len(code))
    end = code[last].start if last < len(code) else len(text)
    commas = [token.start for token in code[first:last] if token.text == ","]
    for target, start, stop in zip(node.target_list, [code[first].start, *(comma + 1 for comma in commas)], [*commas, end], strict=False):
        if target.indirection or target.val.node_type in ("MultiAssignRef", "SetToDefault"):
            raise _Unfit(f"what is assigned to {target.name} cannot be compared with what is there", OWN_GUARD)
        equals = next(token for token in code if token.text == "=" and token.start >= start)
        yield Assignment(target.name, text[equals.end : stop])


def _ends_assignments(code: Sequence[Token], place: int) -> bool:
    """IS DISTINCT FROM begins no FROM clause."""
    return code[place].text == "WHERE" or (code[place].text == "FROM" and code[place - 1].text != "DISTINCT")


def _outside(text: str) -> tuple[Token, ...]:
    """Code outside every bracket, in capitals."""
    depth, found = 0, []
    for token in tokens(text):
        depth -= token.text in (")", "]")
        if depth == 0 and not token.comment:
            found.append(replace(token, text=token.text.upper()))
        depth += token.text in ("(", "[")
    return tuple(found)


def _name(relation: Node) -> tuple[str, ...]:
    return tuple(filter(None, (relation.schemaname, relation.relname)))


def _alias(relation: Node) -> str:
    return str(relation.alias.aliasname if relation.alias else relation.relname)
