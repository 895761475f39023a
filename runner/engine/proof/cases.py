"""The statements on which the lock table is proved: the files of `cases/`, where a comment above a statement says what it needs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from governance.analysis.actions import Kind
from governance.analysis.decode import actions
from governance.analysis.statements import parse, split

DIRECTIVE = re.compile(
    r"^-- (?P<word>since|setting|after|held up by|outside a transaction block|with a second tablespace)(?:: (?P<rest>.+))?$"
)
PLANNED = frozenset({Kind.SELECT, Kind.INSERT, Kind.INSERT_VALUES, Kind.UPDATE, Kind.DELETE, Kind.MERGE, Kind.COPY})
OUTSIDE, TABLESPACE = "outside a transaction block", "with a second tablespace"


@dataclass(frozen=True, slots=True)
class Case:
    statement: str
    family: str  # the kind of its hardest action
    since: int = 0  # the first major version that knows the statement
    settings: Mapping[str, str] = field(default_factory=dict)
    outside: bool = False  # it cannot run in a transaction block
    after: tuple[str, ...] = ()  # statements of the same transaction that come before it
    held_up_by: tuple[str, ...] = ()  # statements of open transactions for which it waits while it holds its locks
    tablespace: bool = False  # it needs a tablespace beside pg_default

    @property
    def script(self) -> str:
        return "; ".join((*self.after, self.statement))

    @property
    def planned(self) -> bool:
        """Whether the planner decides how rows are found."""
        return self.family in PLANNED


def cases() -> tuple[Case, ...]:
    return tuple(case for path in sorted((Path(__file__).parent / "cases").glob("*.sql")) for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    text = path.read_text()
    lines = text.splitlines()
    for statement in split(path.name, text):
        above = takewhile(lambda line: line.startswith("--"), reversed(lines[: statement.line - 1]))
        yield _case(statement.text, [found for found in map(DIRECTIVE.match, above) if found])


def _case(statement: str, directives: list[re.Match[str]]) -> Case:
    said: dict[str, list[str]] = {}
    for directive in directives:
        said.setdefault(directive["word"], []).append(directive["rest"] or "")
    return Case(
        statement=statement,
        family=_family(statement),
        since=int(said.get("since", ["0"])[0]),
        settings={name.strip(): value.strip() for name, _, value in (text.partition("=") for text in said.get("setting", []))},
        outside=OUTSIDE in said,
        after=tuple(reversed(said.get("after", []))),
        held_up_by=tuple(said.get("held up by", [])),
        tablespace=TABLESPACE in said,
    )


def _family(statement: str) -> str:
    return ", ".join(dict.fromkeys(action.kind for node in parse(statement) for action in actions(node)))
