"""A text of any origin into statements: what cannot be understood becomes a finding where it stands, and the rest is read nevertheless."""

from collections.abc import Iterator

from governance.analysis.nodes import Node
from governance.analysis.psql import NOT_BLANK, Oddity, piece_around, without_psql
from governance.analysis.rule import Finding, Level
from governance.analysis.statements import read_with_trees
from governance.errors import UnparsableScript
from governance.orders import Script, ScriptKind, Statement
from governance.values import dataclass

MOST_ERRORS = 20  # in one text; whoever has more has another problem
SYNTAX_ERROR, PSQL_COMMAND, COPY_ROWS, UNREADABLE = "syntax-error", "psql-command", "copy-rows", "unreadable-file"
# Codes of what is said about a text before any rule has seen it.
CODES = (SYNTAX_ERROR, PSQL_COMMAND, COPY_ROWS, UNREADABLE)


@dataclass(frozen=True, slots=True)
class Reading:
    script: Script
    findings: tuple[Finding, ...]
    trees: tuple[Node, ...] = ()  # of the script's statements


def read_any(name: str, text: str, kind: ScriptKind = ScriptKind.FORWARD) -> Reading:
    """Never raises, whatever the text. `script.text` has blanks where something could not be read."""
    plain, oddities = without_psql(text.removeprefix("\ufeff"))
    findings = [_about(name, plain, oddity) for oddity in oddities]
    for _ in range(MOST_ERRORS):
        try:
            statements, trees = read_with_trees(name, plain)
            return Reading(_script(name, kind, plain, statements), tuple(findings), trees)
        except UnparsableScript as error:
            found = _syntax_error(name, error)
            start, end = piece_around(plain, _offset(plain, error.line, error.column))
            if found in findings:
                break  # leaving the statement out did not help: the parser does not know where it stopped
            findings.append(found)
            if start == end:
                break
            plain = plain[:start] + NOT_BLANK.sub(" ", plain[start:end]) + plain[end:]
    return Reading(_script(name, kind, plain, ()), tuple(findings))


def unreadable(name: str, message: str, why: str, line: int = 1) -> Finding:
    return Finding(UNREADABLE, Level.BLOCKING, name, line, 1, "", message, why, "")


def _script(name: str, kind: ScriptKind, text: str, statements: tuple[Statement, ...]) -> Script:
    return Script(kind, name, "", "", text, 0, statements)


def _syntax_error(name: str, error: UnparsableScript) -> Finding:
    message = f"This is not SQL that PostgreSQL accepts: {error.why}."
    why = "The statement was left out; nothing is known about what it does. Correct it and analyse again."
    return Finding(SYNTAX_ERROR, Level.BLOCKING, name, error.line, error.column, "", message, why, "")


def _about(name: str, text: str, oddity: Oddity) -> Finding:
    line, column = text.count("\n", 0, oddity.start) + 1, oddity.start - text.rfind("\n", 0, oddity.start)
    if oddity.word == "COPY":
        return Finding(
            COPY_ROWS,
            Level.BLOCKING,
            name,
            line,
            column,
            "",
            "The rows behind this COPY … FROM STDIN are for psql: no runner that sends statements can hand them over.",
            "They were left out, the statement itself was analysed. Write them as INSERT … VALUES, or load them by another way.",
            "INSERT INTO … VALUES (…), (…);",
        )
    level = Level.NOTICE if oddity.harmless else Level.BLOCKING
    known = "it changes nothing in the database" if oddity.harmless else "what it makes psql do is not known here"
    message = f"{oddity.word} is a command of psql, not SQL: {known}."
    why = "The line was left out. Only psql understands it, every other client stops at it; say it in SQL, or leave it out."
    return Finding(PSQL_COMMAND, level, name, line, column, "", message, why, "")


def _offset(text: str, line: int, column: int) -> int:
    starts = [0, *_line_starts(text)]
    return starts[min(line, len(starts)) - 1] + column - 1


def _line_starts(text: str) -> Iterator[int]:
    return (index + 1 for index, character in enumerate(text) if character == "\n")
