"""SQL text in, statements and parse trees out. Only `parsing` and this module call the parser."""

import json
import re
from collections.abc import Iterator
from ctypes import Structure, c_char_p, c_size_t
from functools import cached_property, lru_cache
from typing import Any

import postgast
from postgast.errors import check_error
from postgast.native import PgQueryDeparseResult, lib

from governance.analysis.nodes import WRAPPED_AS, Node
from governance.analysis.parsing import COMMENTS, COPY_ADVICE, Source, trees
from governance.analysis.tags import tag, transactional
from governance.errors import MixedScript, TargetUnlocked, TransactionControl, UnparsableScript
from governance.orders import Statement
from governance.values import dataclass

# libpg_query 18 closes once too often each variable that every trigger function has, TG_OP for example
GIVEN_TO_TRIGGER = re.compile(r"(?<=[\[,])\{\}\}(?=[,\]])")
PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_$]*")
FREE_WORDS = (postgast.pg_query_pb2.NO_KEYWORD, postgast.pg_query_pb2.UNRESERVED_KEYWORD)
UNLOCKING = "pg_advisory_unlock_all"


class _Message(Structure):
    _fields_ = (("len", c_size_t), ("data", c_char_p))


# postgast.deparse() copies each message into a type of array of its own and leaves a cycle behind, which takes as long as all the rest.
DEPARSE = lib["pg_query_deparse_protobuf"]
DEPARSE.argtypes, DEPARSE.restype = [_Message], PgQueryDeparseResult


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int  # in characters
    end: int
    comment: bool


def split(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a script, refusing what the runner could not execute as it is written."""
    return tuple([statement for statement, _node in _parsed(name, text)])


def split_as_written(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a script that was written for psql, with the transaction control that `split` refuses."""
    source = Source(name, text)
    return tuple(
        Statement(source.text(start, end).strip(), source.position(start)[0], 1, tag(node), transactional(node))
        for start, end, node in trees(source)
    )


def read(name: str, text: str) -> tuple[Statement, ...]:
    """The statements of a text that need not be the runner's: it may open transactions and copy rows from its client."""
    return read_with_trees(name, text)[0]


def read_with_trees(name: str, text: str) -> tuple[tuple[Statement, ...], tuple[Node, ...]]:
    source = Source(name, text)
    found = trees(source)
    return tuple([_statement(source, *each) for each in found]), tuple([node for _start, _end, node in found])


def parse(text: str, name: str = "statement") -> tuple[Node, ...]:
    """One parse tree per statement."""
    return tuple([node for _start, _end, node in trees(Source(name, text))])


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


class Check:
    """What a CHECK demands, as pg_get_constraintdef() says it. It becomes text when somebody asks, which few do: it takes longer than all
    else about the statement."""

    def __init__(self, expression: Node) -> None:
        self.expression = expression

    @cached_property
    def text(self) -> str:
        return f"CHECK (({written(self.expression)}))"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Check) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def type_text(node: Node) -> str:
    """A type's name as SQL again."""
    nothing = {"a_const": {"isnull": True}}
    return _selected({"type_cast": {"arg": nothing, "type_name": node.as_message()}}).removeprefix("NULL::")


def _selected(value: object) -> str:
    """A message as SQL."""
    tree = postgast.pg_query_pb2.ParseResult()
    tree.stmts.add().stmt.select_stmt.target_list.add(res_target={"val": value})
    message = tree.SerializeToString()
    result = DEPARSE(_Message(len(message), message))
    try:
        check_error(result)
        return str(result.query, "utf-8").removeprefix("SELECT ")
    finally:
        lib.pg_query_free_deparse_result(result)


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
    for start, end, node in trees(source):
        statement = _statement(source, start, end, node)
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


def _statement(source: Source, start: int, end: int, node: Node) -> Statement:
    return Statement(source.text(start, end).strip(), *source.position(start), tag(node), transactional(node))
