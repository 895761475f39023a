"""What a target's own functions and rules do with its tables, out of their definitions."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from governance.analysis.actions import Action, Kind
from governance.analysis.bodies import actions_of
from governance.analysis.catalogue import Catalogue
from governance.analysis.decode import actions
from governance.analysis.nodes import option
from governance.analysis.statements import parse
from governance.errors import UnparsableScript
from governance.facts import UseFacts
from governance.values import dataclass

WHATS = {
    Kind.INSERT: "insert",
    Kind.INSERT_VALUES: "insert",
    Kind.COPY: "insert",
    Kind.UPDATE: "update",
    Kind.DELETE: "delete",
    Kind.MERGE: "merge",
    Kind.TRUNCATE: "truncate",
}
KINDS = {
    "insert": Kind.INSERT,
    "update": Kind.UPDATE,
    "delete": Kind.DELETE,
    "merge": Kind.MERGE,
    "truncate": Kind.TRUNCATE,
    "select": Kind.SELECT,
    "select for update": Kind.SELECT,
}
CALLED = re.compile(r'(?<![\w"])(\w+)"?\s*\(')
ELSEWHERE = frozenset({Kind.SESSION, Kind.SELECT})  # besides what writes: whatever else a function may do and be told of


@dataclass(frozen=True, slots=True)
class Doing:
    uses: tuple[UseFacts, ...] = ()
    opaque: bool = False  # what else it does cannot be told


def called_in(definitions: Iterable[str]) -> frozenset[str]:
    """The names, without schema, of whatever may be a function that is called."""
    return frozenset(name for text in definitions for name in CALLED.findall(text))


def doing(found: Iterable[Action], catalogue: Catalogue) -> Doing:
    found = tuple(found)
    uses = dict.fromkeys(use for action in found for use in _uses(action, catalogue))
    return Doing(tuple(uses), any(action.kind not in WHATS and action.kind not in ELSEWHERE for action in found))


def _uses(action: Action, catalogue: Catalogue) -> Iterator[UseFacts]:
    """Of tables that are known: other names are of temporary tables, or of the rows that a trigger is given."""
    if action.kind in WHATS and (table := catalogue.identity(action.relation)) in catalogue.tables:
        yield UseFacts(WHATS[action.kind], table, action.columns)
    if action.kind in WHATS or action.kind is Kind.SELECT:
        for name in map(catalogue.identity, action.others):
            if name in catalogue.tables:
                yield UseFacts("select for update" if action.type == "for update" else "select", name)


def action_of(use: UseFacts) -> Action:
    if KINDS[use.what] is Kind.SELECT:
        return Action(Kind.SELECT, others=(use.table,), type="for update" if use.what == "select for update" else "")
    events = ("insert", "update") if use.what == "insert" and use.columns else (use.what,)
    return Action(KINDS[use.what], use.table, columns=use.columns, events=events)


def rule_doing(definition: str, catalogue: Catalogue) -> Doing:
    """Of pg_get_ruledef()."""
    try:
        [node] = parse(definition)
    except UnparsableScript:
        return Doing(opaque=True)
    return doing((action for found in node.actions for action in actions(found)), catalogue)


@dataclass(slots=True)
class Routines:
    """Functions by "schema.name", each with the definitions of all that are called so; `steady` ones PostgreSQL keeps from writing."""

    definitions: Mapping[str, Sequence[str]]
    steady: frozenset[str]
    catalogue: Catalogue
    _known: dict[str, tuple[Action, ...]] = field(default_factory=dict)  # by name without schema
    _texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # likewise
    _read: dict[str, tuple[Action, ...]] = field(default_factory=dict)  # by text

    def __post_init__(self) -> None:
        for name, texts in self.definitions.items():
            self._texts[name.rpartition(".")[2]] += texts

    def doing(self, name: str) -> Doing:
        self._learn(name.rpartition(".")[2])
        return doing((action for text in self.definitions.get(name, ()) for action in self._actions(text)), self._seen_by(name))

    def _seen_by(self, name: str) -> Catalogue:
        """With the search path that the function sets for itself."""
        for text in self.definitions.get(name, ()):
            given = option(parse(text)[0].options, "set")
            if given and given.arg.name == "search_path":
                schemas = tuple(str(found.sval.sval) for found in given.arg.args if found.sval)
                return self.catalogue.with_path(schemas)
        return self.catalogue

    def _learn(self, name: str) -> None:
        """What the function calls, before what it does itself. One that calls itself does nothing new by it."""
        if name in self._known:
            return
        self._known[name] = ()
        for called in called_in(self._texts[name]):
            if called in self._texts:
                self._learn(called)
            elif called in self.steady:
                self._known[called] = ()
        self._known[name] = tuple(dict.fromkeys(action for text in self._texts[name] for action in self._actions(text)))

    def _actions(self, text: str) -> tuple[Action, ...]:
        if text not in self._read:
            self._read[text] = tuple(self._parsed(text))
        return self._read[text]

    def _parsed(self, text: str) -> Iterator[Action]:
        try:
            [node] = parse(text)
        except UnparsableScript:
            yield Action(Kind.OPAQUE)
        else:
            yield from (inner for action in actions_of(node, text, self._known) for inner in action.does)
