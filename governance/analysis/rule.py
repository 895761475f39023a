"""What a rule is, what it is shown, and what it reports."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from governance.analysis.actions import Action, Kind
from governance.analysis.locks import Lock
from governance.analysis.scene import Scene
from governance.analysis.statements import quoted
from governance.orders import Script, ScriptKind, Statement

SMALL_TABLE = 10_000  # rows; PostgreSQL reads or copies that many in a few milliseconds


class Level(StrEnum):
    BLOCKING = "blocking"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    level: Level
    script: str
    line: int
    column: int
    statement: str
    message: str  # one sentence: what happens, with the object's name
    why: str
    safe_form: str  # SQL, or ""


@dataclass(frozen=True, slots=True)
class Place:
    """One action where it stands, with what is known when it runs."""

    script: Script
    statement: Statement
    action: Action
    scene: Scene
    locks: tuple[Lock, ...]

    @property
    def table(self) -> str:
        """As written, which is how people know it."""
        return self.action.relation

    @property
    def is_new(self) -> bool:
        return self.scene.is_new(self.table)

    @property
    def rows(self) -> int | None:
        return self.scene.rows(self.table)

    @property
    def size(self) -> str:
        """The number of rows in words."""
        return "an unknown number of rows" if self.rows is None else f"about {self.rows:,} rows"

    @property
    def rewrites(self) -> bool:
        return any(lock.rewrite for lock in self.locks)

    @property
    def scans(self) -> bool:
        return any(lock.scan for lock in self.locks)


@dataclass(frozen=True, slots=True)
class Read:
    """The scripts of one direction, read from the first statement to the last."""

    scripts: tuple[Script, ...]
    places: tuple[Place, ...]
    category: str = ""  # what the author says

    def of(self, *kinds: Kind) -> Iterator[Place]:
        return (place for place in self.places if place.action.kind in kinds)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule has seen. Without a statement it is about the script as a whole."""

    script: Script
    message: str
    why: str
    safe_form: str = ""
    statement: Statement | None = None
    level: Level | None = None  # another than the rule's own


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    level: Level
    kinds: frozenset[ScriptKind]
    check: Callable[[Read], Iterable[Hit]]

    def __call__(self, read: Read) -> Iterator[Finding]:
        for hit in self.check(read):
            where = hit.statement
            yield Finding(
                code=self.code,
                level=hit.level or self.level,
                script=hit.script.name,
                line=where.line if where else 1,
                column=where.column if where else 1,
                statement=where.text if where else "",
                message=hit.message,
                why=hit.why,
                safe_form=hit.safe_form,
            )


def rule(code: str, level: Level, *, rollback: bool = False) -> Callable[[Callable[[Read], Iterable[Hit]]], Rule]:
    """Make a rule of a function. `rollback`: it matters in rollback scripts too."""
    kinds = frozenset({ScriptKind.FORWARD, ScriptKind.ROLLBACK} if rollback else {ScriptKind.FORWARD})
    return lambda check: Rule(code, level, kinds, check)


def by_size(rows: int | None, unknown: Level = Level.BLOCKING) -> Level:
    """What a scan or rewrite under a lock deserves on a table of this size."""
    if rows is None:
        return unknown
    if rows == 0:
        return Level.NOTICE
    return Level.WARNING if rows < SMALL_TABLE else Level.BLOCKING


def safe(template: str, **names: str) -> str:
    """SQL for people to take over: each name in braces is written as an identifier."""
    return template.format_map({key: quoted(name) for key, name in names.items()})


def hit(place: Place, message: str, why: str, safe_form: str = "", level: Level | None = None) -> Hit:
    return Hit(place.script, message, why, safe_form, place.statement, level)
