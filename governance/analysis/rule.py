"""What a rule is, what it is shown, and what it reports."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain
from operator import attrgetter

from governance.analysis.actions import Action, Column, Kind
from governance.analysis.conditions import finds_nothing
from governance.analysis.locks import Lock
from governance.analysis.nodes import Node
from governance.analysis.scene import Scene
from governance.analysis.statements import quoted
from governance.analysis.surroundings import ALONE, Surroundings
from governance.facts import TableFacts
from governance.orders import Script, ScriptKind, Statement
from governance.values import cached_property, dataclass

SMALL_TABLE = 10_000  # rows; PostgreSQL reads or copies that many in a few milliseconds
LARGE_TABLE = 2**30  # bytes; whatever the planner thinks of its rows
# Words of a vocabulary: who executes the scripts, what their author says, and what there is besides.
GUARDED, UNGUARDED, CATEGORY, ROLLBACK = "executed by the runner", "executed by somebody else", "a category", "rollback scripts"
DOMAINS, CLIENTS, NEIGHBOURS = "domains", "live clients", "other scripts of the window"
WITH_COLUMNS = ("CreateStmt", "AlterTableStmt")
REWRITE, SCAN, BLOCKS_WRITES = attrgetter("rewrite"), attrgetter("scan"), attrgetter("blocks_writes")  # of a lock
NUMBER = attrgetter("number")  # of a place


class Level(StrEnum):
    BLOCKING = "blocking"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def word(self) -> str:
        """As machines and command lines have it."""
        return {"blocking": "block", "warning": "warn", "notice": "note"}[self]


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
    allowed: str = ""  # why its author lets it stand; its level is then NOTICE


@dataclass(frozen=True, slots=True)
class Place:
    """One action where it stands, with what is known when it runs."""

    script: Script
    statement: Statement
    action: Action
    scene: Scene
    locks: tuple[Lock, ...]
    node: Node  # the statement's whole tree
    identity: str  # the table's name with its schema
    is_new: bool  # the change itself has made the table
    number: int  # among all of its direction's

    @property
    def table(self) -> str:
        """As written, which is how people know it."""
        return self.action.relation

    @property
    def facts(self) -> TableFacts | None:
        """What is known of the table when the action is done."""
        return self.scene.catalogue.tables.get(self.identity)

    @property
    def rows(self) -> int | None:
        """None: unknown."""
        if self.is_new:
            return 0
        table = self.facts
        return table.rows if table else None

    @property
    def size(self) -> str:
        """The number of rows in words."""
        rows = self.rows
        return "an unknown number of rows" if rows is None else f"about {rows:,} rows"

    @property
    def rewrites(self) -> bool:
        return any(map(REWRITE, self.locks))

    @property
    def scans(self) -> bool:
        return any(map(SCAN, self.locks))

    @property
    def stops_writes(self) -> bool:
        """Whether clients may have to wait for it."""
        return any(map(BLOCKS_WRITES, self.locks))


@dataclass(frozen=True)
class Read:
    """The scripts of one direction, read from the first statement to the last, and what is known around them."""

    scripts: tuple[Script, ...]
    places: tuple[Place, ...]
    category: str = ""  # what the author says
    guarded: bool = True  # the runner executes it: one transaction per script, bounded lock waits, a ledger
    surroundings: Surroundings = ALONE
    undone_by: "Read | None" = None  # of forward scripts: their rollback scripts

    def of(self, *kinds: Kind) -> Sequence[Place]:
        """In the scripts' order, without those that find nothing to do."""
        if len(kinds) == 1:
            return self._by_word.get(kinds[0], ())
        found = [self._by_word[kind] for kind in kinds if kind in self._by_word]
        return found[0] if len(found) == 1 else sorted(chain.from_iterable(found), key=NUMBER)

    def statements(self, node_type: str) -> Sequence[Place]:
        """The first place of each statement of this type."""
        return self._by_word.get(node_type, ())

    @property
    def vocabulary(self) -> Iterable[str]:
        """What the scripts speak of: kinds of actions, types of nodes, and types of new columns up to a parenthesis; and what is around."""
        types = [column.type.partition("(")[0] for _, column in self.new_columns]
        around = self.surroundings
        circumstances = {
            GUARDED if self.guarded else UNGUARDED: True,
            CATEGORY: self.category,
            ROLLBACK: self.undone_by and self.undone_by.places,
            DOMAINS: around.domains,
            CLIENTS: around.clients,
            NEIGHBOURS: around.neighbours,
        }
        return *self._by_word, *types, *(word for word, there in circumstances.items() if there)

    @cached_property
    def _by_word(self) -> dict[str, list[Place]]:
        """By the kinds of their actions, and the first of each statement by the type of its node."""
        found: dict[str, list[Place]] = defaultdict(list)
        for place in self.places:
            of_kind = found[place.action.kind]
            if not finds_nothing(place.action, place.scene):
                of_kind.append(place)
        for places in self.by_statement:
            found[places[0].node.node_type].append(places[0])
        return dict(found)

    @cached_property
    def by_script(self) -> list[tuple[Script, list[list[Place]]]]:
        """The statements of each script that has any."""
        found: list[tuple[Script, list[list[Place]]]] = []
        for places in self.by_statement:
            script = places[0].script
            if not found or found[-1][0] is not script:
                found.append((script, []))
            found[-1][1].append(places)
        return found

    @cached_property
    def by_statement(self) -> list[list[Place]]:
        """The places of each statement."""
        found: list[list[Place]] = []
        last = None
        for place in self.places:
            if place.statement is not last:
                found.append([])
            found[-1].append(place)
            last = place.statement
        return found

    @cached_property
    def new_columns(self) -> list[tuple[Place, Column]]:
        """Those of a CREATE TABLE or an ALTER TABLE."""
        return [
            (place, column)
            for place in self.places
            for column in place.action.made or (place.action.column,)
            if column and place.node.node_type in WITH_COLUMNS
        ]


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
    on: frozenset[str] = frozenset()  # words of a vocabulary; without one of them it has nothing to say

    def finding(self, hit: Hit) -> Finding:
        where, level = hit.statement, hit.level or self.level
        line, column, text = (where.line, where.column, where.text) if where else (1, 1, "")
        # by keyword it would take three times as long
        return Finding(self.code, level, hit.script.name, line, column, text, hit.message, hit.why, hit.safe_form)


def rule(code: str, level: Level, *, rollback: bool = False, on: Iterable[str] = ()) -> Callable[[Callable[[Read], Iterable[Hit]]], Rule]:
    """Make a rule of a function.

    `rollback`: it matters in rollback scripts too. `on`: the words that it waits for, so that it is not asked about scripts that have
    none of them in their vocabulary; nothing: it is always asked.
    """
    kinds = frozenset({ScriptKind.FORWARD, ScriptKind.ROLLBACK} if rollback else {ScriptKind.FORWARD})
    return lambda check: Rule(code, level, kinds, check, frozenset(on))


def simple(code: str, level: Level, *kinds: Kind, says: str, why: str, instead: str = "", rollback: bool = False) -> Rule:
    """A rule about every action of some kinds whose table the change has not made. The texts may name {table}, {name} and {new_name}."""

    def check(read: Read) -> Iterator[Hit]:
        for place in read.of(*kinds):
            if not (place.table and place.is_new):
                action = place.action
                yield hit(
                    place,
                    says.format(table=action.relation, name=action.name, new_name=action.new_name),
                    why.format(table=action.relation, name=action.name, size=place.size),
                    instead and safe(instead, table=action.relation, name=action.name, new_name=action.new_name),
                )

    return rule(code, level, rollback=rollback, on=kinds)(check)


def by_size(place: Place) -> Level:
    """What a scan or rewrite under a lock deserves on the place's table: the worst where nobody knows its size."""
    if place.is_new:
        return Level.NOTICE
    table = place.facts
    if table is None or table.rows is None or table.rows >= SMALL_TABLE or table.bytes >= LARGE_TABLE:
        return Level.BLOCKING
    return Level.WARNING if table.rows else Level.NOTICE


def safe(template: str, **names: str) -> str:
    """SQL for people to take over: each name in braces is written as an identifier."""
    return template.format_map({key: quoted(name) for key, name in names.items()})


def hit(place: Place, message: str, why: str, safe_form: str = "", level: Level | None = None) -> Hit:
    return Hit(place.script, message, why, safe_form, place.statement, level)
