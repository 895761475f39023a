"""A script as psql reads it: with transaction control of its own, rows behind COPY, and commands that only psql knows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from governance.analysis.statements import split_as_written
from governance.errors import UnparsableScript
from governance.orders import Statement

# Of psql's commands, those that change nothing in what the server is told.
_HARMLESS = re.compile(r"^\\(echo|qecho|warn|timing|pset|set +ON_ERROR_\w+|restrict|unrestrict)\b.*$", re.MULTILINE | re.IGNORECASE)
_ROWS = re.compile(
    r"^(?P<copy>COPY\s[^;]*?\sFROM\s+stdin\b[^;]*);[^\n]*\n(?P<rows>.*?)^\\\.[ \t]*$", re.MULTILINE | re.IGNORECASE | re.DOTALL
)
_CONTROL = frozenset(
    {"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ROLLBACK TO", "PREPARE", "COMMIT PREPARED", "ROLLBACK PREPARED"}
)


@dataclass(frozen=True, slots=True)
class Piece:
    statement: Statement
    rows: str | None = None  # what follows a COPY … FROM stdin


@dataclass(frozen=True, slots=True)
class SqlFile:
    name: str
    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def read(cls, name: str, text: str) -> "SqlFile":
        return cls(name, text, _without_outer_transaction(tuple(_pieces(name, text.removeprefix("\ufeff")))))

    @property
    def plain(self) -> bool:
        """Nothing in it forbids one transaction around all of it."""
        return all(piece.statement.transactional and piece.statement.tag not in _CONTROL for piece in self.pieces)


def _pieces(name: str, text: str) -> Iterator[Piece]:
    text = _HARMLESS.sub("", text)
    end = 0
    for copy in _ROWS.finditer(text):
        yield from _statements(name, text, end, copy.start())
        yield Piece(Statement(copy["copy"], _line(text, copy.start()), 1, "COPY", True), copy["rows"])
        end = copy.end()
    yield from _statements(name, text, end, len(text))


def _statements(name: str, text: str, start: int, end: int) -> Iterator[Piece]:
    """What our parser does not know is left to the server, as a whole: its error is the true one."""
    blank = "\n" * text.count("\n", 0, start)
    try:
        yield from map(Piece, split_as_written(name, blank + text[start:end]))
    except UnparsableScript:
        yield Piece(Statement(text[start:end], _line(text, start), 1, "", True))


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _without_outer_transaction(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """BEGIN … COMMIT around everything says what happens to a plain script anyway."""
    words = [_word(piece) for piece in pieces]
    opened = words[:1] in (["BEGIN"], ["START"]) and words[-1:] in (["COMMIT"], ["END"])
    return pieces[1:-1] if opened and not any(words[1:-1]) and _is_bare(pieces[0]) else pieces


def _word(piece: Piece) -> str:
    return piece.statement.text.split()[0].upper() if piece.statement.tag in _CONTROL else ""


def _is_bare(piece: Piece) -> bool:
    """Without an isolation level or the like."""
    return piece.statement.text.upper().split() in (["BEGIN"], ["BEGIN", "TRANSACTION"], ["BEGIN", "WORK"], ["START", "TRANSACTION"])
