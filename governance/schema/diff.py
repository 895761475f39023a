"""What leads from one schema to another, object by object, and how much it matters."""

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from governance.schema.model import Kind, Schema, SchemaObject

SHOWN = 80  # characters of a value in a sentence
PRESENT = "present"

# Quoted text and comments are kept as they are; the rest is split at white space.
_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?:(?!--|/\*|\$\w*\$)[^\s'"])+|\S""", re.DOTALL)
_FREE_FORM = {"sql", "plpgsql"}  # languages in which white space means nothing
_RELATIONS = {Kind.TABLE, Kind.VIEW, Kind.MATERIALIZED_VIEW, Kind.TYPE}


class What(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Severity(StrEnum):
    IDENTICAL = "identical"
    COSMETIC = "cosmetic"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One object that came or went, or one attribute of it that changed."""

    kind: Kind
    name: str
    what: What
    parent: str = ""
    attribute: str = ""
    before: str = ""
    after: str = ""
    severity: Severity = Severity.DIFFERENT

    @property
    def object(self) -> str:
        """What the entry is about, down to the attribute: “public.bids.amount: default”."""
        return f"{self.name}: {self.attribute}" if self.attribute else self.name

    def as_json(self) -> dict[str, str]:
        """With what came or went as “present” on one side."""
        before, after = {What.ADDED: ("", PRESENT), What.REMOVED: (PRESENT, "")}.get(self.what, (self.before, self.after))
        return {"object": self.object, "kind": str(self.kind), "before": before, "after": after, "severity": str(self.severity)}

    def in_words(self) -> str:
        match self.what:
            case What.ADDED:
                return f"{self.kind} {self.name} is new"
            case What.REMOVED:
                return f"{self.kind} {self.name} is gone"
            case What.CHANGED:
                return f"{self.kind} {self.name}: {self.attribute} was {_shown(self.before)}, is now {_shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Difference:
    entries: tuple[Entry, ...]

    @property
    def severity(self) -> Severity:
        if not self.entries:
            return Severity.IDENTICAL
        return Severity.DIFFERENT if any(entry.severity is Severity.DIFFERENT for entry in self.entries) else Severity.COSMETIC

    def in_words(self) -> str:
        """One line per entry; what came or went with its parent is not repeated. Empty when identical."""
        whole = {(entry.what, entry.name) for entry in self.entries if entry.what is not What.CHANGED}
        return "\n".join(entry.in_words() for entry in self.entries if (entry.what, entry.parent) not in whole)


def compare(before: Schema, after: Schema) -> tuple[Entry, ...]:
    return diff(before, after).entries


def diff(before: Schema, after: Schema) -> Difference:
    old, new = before.by_key(), after.by_key()
    entries = [_entry(What.REMOVED, old[key]) for key in old.keys() - new.keys()]
    entries += [_entry(What.ADDED, new[key]) for key in new.keys() - old.keys()]
    for key in old.keys() & new.keys():
        entries += _changes(old[key], new[key])
    entries += _reordered(before, after)
    return Difference(tuple(sorted(entries)))


def _entry(what: What, item: SchemaObject) -> Entry:
    return Entry(item.kind, item.name, what, item.parent)


def _changes(old: SchemaObject, new: SchemaObject) -> Iterator[Entry]:
    if old.parent != new.parent:
        yield Entry(new.kind, new.name, What.CHANGED, new.parent, "parent", old.parent, new.parent)
    for attribute in sorted({name for name, _ in old.attributes + new.attributes} - {"position"}):
        was, now = old.get(attribute), new.get(attribute)
        if was != now:
            severity = _severity(old, new) if attribute == "body" else Severity.DIFFERENT
            yield Entry(new.kind, new.name, What.CHANGED, new.parent, attribute, was, now, severity)


def _severity(old: SchemaObject, new: SchemaObject) -> Severity:
    """Of two function bodies that are not the same text."""
    free = {old.get("language"), new.get("language")} <= _FREE_FORM
    return Severity.COSMETIC if free and _tokens(old.get("body")) == _tokens(new.get("body")) else Severity.DIFFERENT


def _tokens(body: str) -> list[str]:
    return [token.group().rstrip() for token in _TOKEN.finditer(body)]


def _reordered(before: Schema, after: Schema) -> Iterator[Entry]:
    """Columns that changed places among themselves: a position that moved because another column came or went does not count."""
    old, new = _columns(before), _columns(after)
    kinds = {item.name: item.kind for item in after.objects if item.kind in _RELATIONS}
    for parent in old.keys() & new.keys():
        was = [name for name in old[parent] if name in new[parent]]
        now = [name for name in new[parent] if name in old[parent]]
        if was != now:
            severity = Severity.COSMETIC if kinds[parent] is Kind.TABLE else Severity.DIFFERENT
            yield Entry(kinds[parent], parent, What.CHANGED, "", "column order", ", ".join(was), ", ".join(now), severity)


def _columns(schema: Schema) -> dict[str, list[str]]:
    """The names of the columns of each relation, without its own, in order."""
    columns: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item in schema.objects:
        if item.kind is Kind.COLUMN:
            columns[item.parent].append((int(item.get("position")), item.name.removeprefix(f"{item.parent}.")))
    return {parent: [name for _, name in sorted(pairs)] for parent, pairs in columns.items()}


def _shown(value: str) -> str:
    return f"“{textwrap.shorten(value, SHOWN, placeholder=' …')}”" if value else "absent"
