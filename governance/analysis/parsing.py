"""From a text to the trees of its statements, or to why it has none and where."""

import gc
import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

import orjson
import postgast
from postgast.errors import check_error
from postgast.native import lib

from governance.analysis.nodes import Node, grown
from governance.errors import UnparsableScript

# the rows begin on the line behind it
COPY_FROM_STDIN = re.compile(r"\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;[^\S\n]*\n[^\S\n]*\Z", re.IGNORECASE)
# The C library follows trees by calling itself, unguarded: a chain of some 20,000 operators or joins ends the whole process.
DEEPEST = 10_000
_KINDS = postgast.pg_query_pb2
OPENING, CLOSING = (_KINDS.ASCII_40, _KINDS.ASCII_91), (_KINDS.ASCII_41, _KINDS.ASCII_93)
LISTING = (_KINDS.ASCII_44, _KINDS.AND, _KINDS.OR, _KINDS.WHEN)  # what stands between them lies side by side in a tree
CHAINING = (_KINDS.JOIN, _KINDS.UNION, _KINDS.INTERSECT, _KINDS.EXCEPT)  # whatever lists stand between these
NESTED = "a statement is nested too deeply to be analysed; write it as several statements"
COMMENTS = (_KINDS.SQL_COMMENT, _KINDS.C_COMMENT)
COPY_ADVICE = "COPY … FROM STDIN takes its rows from psql, which is not there; write the rows as INSERT … VALUES"
META_ADVICE = "{word} is a command of psql, not SQL; leave it out (the runner stops at the first error and opens the transaction by itself)"
Trees = tuple[tuple[int, int, Node], ...]  # start and length in bytes, which is 0 up to the end of the text


class Source:
    """A script's text as the parser sees it: UTF-8 bytes, of which people want to know line and column."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.whole = text.removeprefix("\ufeff")  # a byte order mark is not part of the text
        self.data = self.whole.encode("utf-8", "surrogatepass")
        self.one_byte_each = self.whole.isascii()
        self.line_starts = [0, *accumulate([len(line) + 1 for line in self.data.split(b"\n")])]

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column, the column in characters."""
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        return line, (offset - start if self.one_byte_each else len(self.text(start, offset))) + 1

    def text(self, start: int, end: int) -> str:
        return self.whole[start:end] if self.one_byte_each else self.data[start:end].decode("utf-8", "replace")

    def refusal(self, offset: int, why: str) -> UnparsableScript:
        return UnparsableScript(self.name, *self.position(offset), why)


def trees(source: Source) -> list[tuple[int, int, Node]]:
    """Start and end in bytes, and the tree, of each statement."""
    return [(start, start + length if length else _end_of_code(source, start), node) for start, length, node in _parse(source)]


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
        return _grown(source.data.decode("utf-8"))
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


def _grown(text: str) -> Trees:
    """Trees have no cycles. Of large ones the collector would look at all nodes again and again while they are made: most of the time."""
    _refuse_depth(text)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return tuple([(raw.get("stmt_location", 0), raw.get("stmt_len", 0), grown(raw["stmt"])) for raw in _raw(text)["stmts"]])
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
