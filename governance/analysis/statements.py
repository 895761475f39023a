"""SQL text in, statements and parse trees out: the only module that knows the parser."""

import gc
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import orjson
import postgast
from postgast.errors import check_error
from postgast.native import lib

from governance.analysis.nodes import WRAPPED_AS, Node, grown
from governance.analysis.tags import tag, transactional
from governance.errors import MixedScript, TargetUnlocked, TransactionControl, UnparsableScript
from governance.orders import Statement
from governance.values import dataclass

# the rows begin on the line behind it
COPY_FROM_STDIN = re.compile(r"\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;[^\S\n]*\n[^\S\n]*\Z", re.IGNORECASE)
# libpg_query 18 closes once too often each variable that every trigger function has, TG_OP for example
GIVEN_TO_TRIGGER = re.compile(r"(?<=[\[,])\{\}\}(?=[,\]])")
PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_$]*")
FREE_WORDS = (postgast.pg_query_pb2.NO_KEYWORD, postgast.pg_query_pb2.UNRESERVED_KEYWORD)
# The C library follows trees by calling itself, unguarded: a chain of some 20,000 operators or joins ends the whole process.
DEEPEST = 10_000
_KINDS = postgast.pg_query_pb2
OPENING, CLOSING = (_KINDS.ASCII_40, _KINDS.ASCII_91), (_KINDS.ASCII_41, _KINDS.ASCII_93)
LISTING = (_KINDS.ASCII_44, _KINDS.AND, _KINDS.OR, _KINDS.WHEN)  # what stands between them lies side by side in a tree
CHAINING = (_KINDS.JOIN, _KINDS.UNION, _KINDS.INTERSECT, _KINDS.EXCEPT)  # whatever lists stand between these
NESTED = "a statement is nested too deeply to be analysed; write it as several statements"
UNLOCKING = "pg_advisory_unlock_all"
COMMENTS = (postgast.pg_query_pb2.SQL_COMMENT, postgast.pg_query_pb2.C_COMMENT)
COPY_ADVICE = "COPY … FROM STDIN takes its rows from psql, which is not there; write the rows as INSERT … VALUES"
META_ADVICE = "{word} is a command of psql, not SQL; leave it out (the runner stops at the first error and opens the transaction by itself)"
Trees = tuple[tuple[int, int, Node], ...]  # start and length in bytes, which is 0 up to the end of the text
MOST_LEFT = 8  # texts
_left: dict[str, Trees] = {}  # of texts that were parsed once


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int  # in characters
    end: int
    comment: bool


class Source:
    """A script's text as the parser sees it: UTF-8 bytes, of which people want to know line and column."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        text = text.removeprefix("\ufeff")  # a byte order mark is not part of the text
        self.data = text.encode("utf-8", "surrogatepass")
        self.one_byte_each = text.isascii()
        self.line_starts = [0, *(match.end() for match in re.finditer(rb"\n", self.data))]

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column, the column in characters."""
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        return line, (offset - start if self.one_byte_each else len(self.text(start, offset))) + 1

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode("utf-8", "replace")

    def refusal(self, offset: int, why: str) -> UnparsableScript:
        return UnparsableScript(self.name, *self.position(offset), why)


def split(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a script, refusing what the runner could not execute as it is written."""
    return tuple(statement for statement, _node in _parsed(name, text))


def split_as_written(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a script that was written for psql, with the transaction control that `split` refuses."""
    source = Source(name, text)
    return tuple(
        Statement(source.text(start, end).strip(), source.position(start)[0], 1, tag(node), transactional(node))
        for start, end, node in _trees(source)
    )


def read(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a text that need not be the runner's: it may open transactions and copy rows from its client."""
    return tuple(statement for statement, _node in _statements(Source(name, text)))


def parse(text: str, name: str = "statement") -> tuple[Node, ...]:
    """One parse tree per statement."""
    return tuple(node for _start, _end, node in _trees(Source(name, text)))


def tokens(text: str) -> tuple[Token, ...]:
    """Code and comments, in order."""
    data = text.encode()
    found = postgast.scan(text).tokens
    places, done = {0: 0}, 0
    for offset in (each for token in found for each in (token.start, token.end)):
        places[offset] = places[done] + len(data[done:offset].decode())
        done = offset
    return tuple(
        Token(data[token.start : token.end].decode(), places[token.start], places[token.end], token.token in COMMENTS) for token in found
    )


def written(expression: Node) -> str:
    """An expression as SQL again."""
    return _selected({WRAPPED_AS[expression.node_type]: expression.as_message()})


def type_text(node: Node) -> str:
    """A type's name as SQL again."""
    nothing = {"a_const": {"isnull": True}}
    return _selected({"type_cast": {"arg": nothing, "type_name": node.as_message()}}).removeprefix("NULL::")


def _selected(value: object) -> str:
    """A message as SQL."""
    tree = postgast.pg_query_pb2.ParseResult()
    tree.stmts.add().stmt.select_stmt.target_list.add(res_target={"val": value})
    return str(postgast.deparse(tree)).removeprefix("SELECT ")


def parse_body(text: str) -> Any | None:
    """The plpgsql inside one DO or CREATE FUNCTION statement, as the parser's JSON; None when it cannot be read."""
    try:
        return _parsed_body(text) or None
    except (postgast.PgQueryError, ValueError, RecursionError):
        return None


def _parsed_body(text: str) -> Any:
    try:
        return postgast.parse_plpgsql(text)
    except json.JSONDecodeError as error:
        return json.loads(GIVEN_TO_TRIGGER.sub("{}", error.doc))


@lru_cache(maxsize=4096)  # a script names the same few tables over and over
def quoted(name: str) -> str:
    """A name, with or without schema, as it has to be written in SQL."""
    return ".".join(map(identifier, name.split(".")))


@lru_cache(maxsize=4096)
def identifier(name: str) -> str:
    """One name as it has to be written in SQL: with quotes, unless it needs none."""
    # https://www.postgresql.org/docs/current/sql-keywords-appendix.html: only unreserved words may name anything
    plain = bool(PLAIN_NAME.fullmatch(name)) and postgast.scan(name).tokens[0].keyword_kind in FREE_WORDS
    return name if plain else '"' + name.replace('"', '""') + '"'


def check_not_mixed(name: str, statements: tuple[Statement, ...]) -> None:
    outside = tuple(statement.line for statement in statements if not statement.transactional)
    inside = tuple(statement.line for statement in statements if statement.transactional)
    if outside and inside:
        raise MixedScript(name, outside, inside)


def _parsed(name: str, text: str) -> Iterator[tuple[Statement, Node]]:
    source = Source(name, text)
    for statement, node in _statements(source):
        if node.node_type == "TransactionStmt":
            raise TransactionControl(name, statement.line, statement.column, statement.text.split()[0].upper())
        if word := _gives_up_locks(statement, node):
            raise TargetUnlocked(name, statement.line, statement.column, word)
        if node.node_type == "CopyStmt" and node.is_from and not node.filename:
            raise UnparsableScript(name, statement.line, statement.column, COPY_ADVICE)
        yield statement, node


def _gives_up_locks(statement: Statement, node: Node) -> str:
    """By what all advisory locks of the session go, the runner's with them; "" if they stay."""
    if node.node_type == "DiscardStmt" and node.target == "DISCARD_ALL":
        return "DISCARD ALL"
    if UNLOCKING not in statement.text.lower():
        return ""
    called = (found for found in node.walk() if found.node_type == "FuncCall")
    return UNLOCKING if node.node_type == "DoStmt" or any(found.funcname[-1].sval == UNLOCKING for found in called) else ""


def _statements(source: Source) -> Iterator[tuple[Statement, Node]]:
    for start, end, node in _trees(source):
        yield Statement(source.text(start, end).strip(), *source.position(start), tag(node), transactional(node)), node


def _trees(source: Source) -> Iterator[tuple[int, int, Node]]:
    """Start and end in bytes, and the tree, of each statement."""
    for start, length, node in _parse(source):
        yield start, start + length if length else _end_of_code(source, start), node


def _end_of_code(source: Source, start: int) -> int:
    """Of a last statement without a semicolon: a comment behind it is not part of it."""
    rest = source.data[start:]
    if b"--" not in rest and b"/*" not in rest:
        return len(source.data)
    return start + max(token.end for token in postgast.scan(rest.decode()).tokens if token.token not in COMMENTS)


def _parse(source: Source) -> Trees:
    # The parser is a C library: it takes a NUL for the end of the text and would silently ignore what follows.
    nul = source.data.find(b"\0")
    if nul >= 0:
        raise source.refusal(nul, "the text contains a NUL byte, which SQL text cannot hold")
    try:
        return _parsed_text(source.data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise source.refusal(error.start, "the text is not valid Unicode; save the file as UTF-8") from error
    except postgast.PgQueryError as error:
        offset = _offset(source, error.cursorpos)
        raise source.refusal(offset, _why(source, offset, error.message)) from error
    except (_TooDeep, orjson.JSONDecodeError) as error:
        raise source.refusal(error.start if isinstance(error, _TooDeep) else 0, NESTED) from error


class _TooDeep(Exception):
    def __init__(self, start: int) -> None:
        super().__init__(NESTED)
        self.start = start  # in bytes


def _refuse_depth(text: str) -> None:
    """By the number of tokens that can lie within each other at most."""
    above: list[tuple[int, int]] = []
    depth = chained = listed = 0  # in all open brackets; in the last of them
    for token in postgast.scan(text).tokens if len(text) > DEEPEST else ():
        if token.token in OPENING:
            above.append((chained, listed))
            chained = listed = 0
        elif token.token in CLOSING and above:
            depth -= chained + listed
            chained, listed = above.pop()
        elif token.token in LISTING:
            depth, listed = depth - listed, 0
        elif token.token == _KINDS.ASCII_59:
            above, depth, chained, listed = [], 0, 0, 0
        elif token.token in CHAINING:
            depth, chained = depth + 1, chained + 1
        elif token.token not in COMMENTS:
            depth, listed = depth + 1, listed + 1
        if depth > DEEPEST:
            raise _TooDeep(token.start)


def _parsed_text(text: str) -> Trees:
    """A script is split first and analysed right after. Who asks for the second time takes the trees away: they go as soon as they are used."""
    found = _left.pop(text, None)
    if found is None:
        if len(_left) >= MOST_LEFT:
            _left.clear()
        found = _left[text] = _grown(text)
    return found


def _grown(text: str) -> Trees:
    _refuse_depth(text)
    with _uncollected():
        return tuple([(raw.get("stmt_location", 0), raw.get("stmt_len", 0), grown(raw["stmt"])) for raw in _raw(text)["stmts"]])


@contextmanager
def _uncollected() -> Iterator[None]:
    """A tree has no cycles. Of a large one the collector would look at all nodes again and again while they are made: most of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _raw(text: str) -> Any:
    """The parser's own JSON, which Python reads quicker than its messages."""
    result = lib.pg_query_parse(text.encode())
    try:
        check_error(result)
        return orjson.loads(result.parse_tree)
    finally:
        lib.pg_query_free_parse_result(result)


def _offset(source: Source, cursor: int) -> int:
    """The parser counts characters from 1, and 0 when it does not know where; we count bytes from 0."""
    return len(source.data.decode("utf-8")[: max(cursor - 1, 0)].encode("utf-8"))


def _why(source: Source, offset: int, message: str) -> str:
    before, rest = source.text(0, offset), source.text(offset, len(source.data))
    if rest.startswith("\\"):
        return META_ADVICE.format(word=rest.split()[0])
    if COPY_FROM_STDIN.search(before):
        return COPY_ADVICE
    return message
