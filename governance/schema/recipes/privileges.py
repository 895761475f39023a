"""Privileges on what PostgreSQL or an extension made: only where they are not what these gave."""

import re
from collections.abc import Iterator

from governance.schema.model import SchemaObject
from governance.schema.recipes.words import privileges
from governance.schema.tree import Tree

_COLUMN = re.compile(r'(?P<table>.*)\.(?P<column>"(?:[^"]|"")*"|[^."]+)')
# how GRANT calls what the catalogue calls otherwise
_WORDS = {
    "view": "TABLE", "materialized view": "TABLE", "foreign table": "TABLE", "function": "ROUTINE", "procedure": "ROUTINE",
    "aggregate": "ROUTINE", "foreign-data wrapper": "FOREIGN DATA WRAPPER", "server": "FOREIGN SERVER",
}  # fmt: skip
_TYPES = ("foreign-data wrapper", "materialized view", "foreign table")  # of more than one word


def make(item: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from change(SchemaObject(item.kind, item.name, "", ()), item, tree)


def drop(item: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from change(item, SchemaObject(item.kind, item.name, "", ()), tree)


def change(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    had, lacked, has, lacks = (privileges(item.get(name)) for item in (before, after) for name in ("given", "withdrawn"))
    for what, whom, _ in sorted((had - has) | (lacks - lacked)):
        yield f"REVOKE {_on(what, after)} FROM {whom}"
    for what, whom, grantable in sorted((has - had) | (lacked - lacks)):
        yield f"GRANT {_on(what, after)} TO {whom}{' WITH GRANT OPTION' if grantable else ''}"
    if had - has or lacks - lacked:
        yield from _of_columns(after, tree)


def _of_columns(table: SchemaObject, tree: Tree) -> Iterator[str]:
    """What a table loses its columns lose too."""
    start = f"on table column {table.name.partition(' table ')[2]}."
    for column in tree.schema.objects:
        if column.kind is table.kind and column.name.startswith(start):
            for what, whom, grantable in sorted(privileges(column.get("given"))):
                yield f"GRANT {_on(what, column)} TO {whom}{' WITH GRANT OPTION' if grantable else ''}"


def _on(privilege: str, item: SchemaObject) -> str:
    words = item.name.removeprefix("on ")
    form = next((known for known in _TYPES if words.startswith(known)), words.partition(" ")[0])
    named = words.removeprefix(form).lstrip()
    if named.startswith("column "):
        found = _COLUMN.fullmatch(named.removeprefix("column "))
        return f"{privilege} ({found['column']}) ON TABLE {found['table']}" if found else ""
    return f"{privilege} ON {_WORDS.get(form, form.upper())} {named}"


CHANGES = dict.fromkeys(("given", "withdrawn"), change)
