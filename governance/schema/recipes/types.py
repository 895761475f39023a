"""Types, domains and collations."""

import re
from collections.abc import Iterator
from itertools import pairwise

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.columns import typed
from governance.schema.recipes.recipe import Anew, Impossible
from governance.schema.recipes.words import commented, literal, owner, regranted
from governance.schema.tree import Tree

_LABEL = re.compile(r"E?'(?:[^']|'')*'")
_RANGE = (
    ("SUBTYPE", "subtype"), ("SUBTYPE_OPCLASS", "operator class"), ("COLLATION", "subtype collation"),
    ("SUBTYPE_DIFF", "difference function"), ("MULTIRANGE_TYPE_NAME", "multirange"),
)  # fmt: skip


def make(kind: SchemaObject, tree: Tree) -> Iterator[str]:
    match kind.get("form"):
        case "enum":
            yield f"CREATE TYPE {kind.name} AS ENUM ({kind.get('labels')})"
        case "composite":
            yield f"CREATE TYPE {kind.name} AS ({', '.join(f'{item.own_name} {typed(item)}' for item in tree.columns(kind.name))})"
        case "range" if not kind.get("canonical function"):
            parts = (f"{word} = {kind.get(attribute).partition('(')[0]}" for word, attribute in _RANGE if kind.get(attribute))
            yield f"CREATE TYPE {kind.name} AS RANGE ({', '.join(parts)})"
        case _:
            raise Impossible("a type with functions of its own in C, or a range with a canonical function, is made by hand")
    yield from owner(kind)
    yield from commented(kind)
    yield from regranted(None, kind)


def make_attribute(column: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from commented(column)


def change_labels(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """New labels are added in their place; as many others in the same places are renamed. A label that is gone makes a new type."""
    was, now = _LABEL.findall(before.get("labels")), _LABEL.findall(after.get("labels"))
    kept = [label for label in now if label in was]
    if len(was) == len(now):
        if set(was) & {new for old, new in zip(was, now, strict=True) if old != new}:
            raise Anew
        yield from (f"ALTER TYPE {after.name} RENAME VALUE {old} TO {new}" for old, new in zip(was, now, strict=True) if old != new)
    elif kept == was:
        if was and now[0] not in was:
            yield from _before(after.name, now, was)
        yield from (f"ALTER TYPE {after.name} ADD VALUE {label} AFTER {last}" for last, label in _added(now, was))
    else:
        raise Anew


def _before(name: str, now: list[str], was: list[str]) -> Iterator[str]:
    """Those ahead of the first that was there, each before it."""
    first = now.index(was[0])
    yield from (f"ALTER TYPE {name} ADD VALUE {label} BEFORE {was[0]}" for label in now[:first])


def _added(now: list[str], was: list[str]) -> Iterator[tuple[str, str]]:
    start = now.index(was[0]) if was else 0
    yield from ((last, label) for last, label in pairwise(now[start:]) if label not in was)


def make_domain(domain: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"CREATE DOMAIN {domain.name} AS {domain.get('base type')}"]
    if domain.get("collation"):
        parts.append(f"COLLATE {domain.get('collation')}")
    if domain.get("default"):
        parts.append(f"DEFAULT {domain.get('default')}")
    if domain.get("not null") and not any(item.get("definition") == "NOT NULL" for item in tree.of(domain.name, Kind.CONSTRAINT)):
        parts.append("NOT NULL")
    yield " ".join(parts)
    yield from owner(domain)
    yield from commented(domain)
    yield from regranted(None, domain)


def change_default(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    action = f"SET DEFAULT {after.get('default')}" if after.get("default") else "DROP DEFAULT"
    yield f"ALTER DOMAIN {after.name} {action}"


def change_not_null(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if not any(item.get("definition") == "NOT NULL" for item in tree.of(after.name, Kind.CONSTRAINT)):
        yield f"ALTER DOMAIN {after.name} {'SET' if after.get('not null') else 'DROP'} NOT NULL"


DOMAIN_CHANGES = {"default": change_default, "not null": change_not_null}


def make_collation(collation: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"PROVIDER = {collation.get('provider')}"]
    if collation.get("locale"):
        parts.append(f"LOCALE = {literal(collation.get('locale'))}")
    elif collation.get("provider") == "icu":  # before PostgreSQL 15
        parts.append(f"LOCALE = {literal(collation.get('collate'))}")
    else:
        parts += [f"LC_COLLATE = {literal(collation.get('collate'))}", f"LC_CTYPE = {literal(collation.get('ctype'))}"]
    if collation.get("nondeterministic"):
        parts.append("DETERMINISTIC = false")
    if collation.get("rules"):
        parts.append(f"RULES = {literal(collation.get('rules'))}")
    yield f"CREATE COLLATION {collation.name} ({', '.join(parts)})"
    yield from owner(collation)
    yield from commented(collation)
