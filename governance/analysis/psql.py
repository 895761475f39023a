"""What only psql understands, in text that is to be SQL: its commands, and rows that follow a COPY … FROM STDIN.

It is found without a parser, because the parser stops at it. What is taken out leaves blanks, so that every line and column stays.
"""

import re
from collections.abc import Iterator

from governance.values import dataclass

# Whatever may hide a backslash or a semicolon is one lexeme; one that never ends runs to the end of the text.
LEXEME = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<text> (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) )
    | (?P<body> (?<![\w$])(?P<dollar>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=dollar)|\Z) )
    | (?P<command> \\[^\n]* )
    | (?P<rows> (?<![\w$])COPY\s[^;'\"]{0,2000}?\sFROM\s+STDIN\b[^;'\"]*;[^\n]*\n .*?(?:^\\\.[^\S\n]*$|\Z) )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
# They show, time or stop; what PostgreSQL executes is the same without them.
IDLE_NAMES = r"\echo \qecho \warn \timing \pset \x \a \t \conninfo \encoding \restrict \unrestrict \set \unset \! \q \prompt \p"
IDLE = frozenset(IDLE_NAMES.split())
NOT_BLANK = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something for psql. `start` counts characters."""

    word: str  # "\\i", or "COPY"
    start: int
    harmless: bool


def without_psql(text: str) -> tuple[str, tuple[Oddity, ...]]:
    """The text with blanks where psql was addressed, and what stood there."""
    if "\\" not in text and "stdin" not in text.lower():
        return text, ()
    found = tuple(match for match in LEXEME.finditer(text) if match.lastgroup in ("command", "rows"))
    for match in found:
        start = match.start() if match["command"] else match.start() + match[0].index("\n")
        text = text[:start] + NOT_BLANK.sub(" ", text[start : match.end()]) + text[match.end() :]
    return text, tuple(map(_oddity, found))


def _oddity(match: re.Match[str]) -> Oddity:
    if match["rows"]:
        return Oddity("COPY", match.start(), False)
    word = match["command"].split()[0]
    return Oddity(word, match.start(), word in IDLE)


def piece_around(text: str, position: int) -> tuple[int, int]:
    """From behind the semicolon before the position to the semicolon behind it, or to the text's ends."""
    start = 0
    for end in _ends(text):
        if end > position:
            return start, end
        start = end
    return start, len(text)


def _ends(text: str) -> Iterator[int]:
    return (match.end() for match in LEXEME.finditer(text) if match.lastgroup == "end")
