"""Sequences. One of an identity column is made and dropped with it."""

from collections.abc import Iterator

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.words import commented, owner, regranted
from governance.schema.tree import Tree


def options(sequence: SchemaObject) -> str:
    parts = (("START WITH", "start"), ("INCREMENT BY", "increment"), ("MINVALUE", "minimum"), ("MAXVALUE", "maximum"), ("CACHE", "cache"))
    given = [f"{words} {sequence.get(attribute)}" for words, attribute in parts]
    return " ".join([*given, "CYCLE" if sequence.get("cycle") else "NO CYCLE"])


def of_identity(sequence: SchemaObject, tree: Tree) -> bool:
    above = tree.parent(sequence)
    return above is not None and above.kind is Kind.COLUMN and bool(above.get("identity"))


def make(sequence: SchemaObject, tree: Tree) -> Iterator[str]:
    if not of_identity(sequence, tree):
        persistence = f"{sequence.get('persistence').upper()} " if sequence.get("persistence") else ""
        yield f"CREATE {persistence}SEQUENCE {sequence.name} AS {sequence.get('type')} {options(sequence)}"
        yield from owner(sequence)
        yield from commented(sequence)
        yield from regranted(None, sequence)


def give_away(sequence: SchemaObject, tree: Tree) -> Iterator[str]:
    """Once its column is there."""
    if of_identity(sequence, tree):
        yield from commented(sequence)
        yield from regranted(None, sequence)
    elif isinstance(above := tree.parent(sequence), SchemaObject) and above.kind is Kind.COLUMN:
        yield f"ALTER SEQUENCE {sequence.name} OWNED BY {above.name}"


def change(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER SEQUENCE {after.name} AS {after.get('type')} {options(after)}"


def change_persistence(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if not of_identity(after, tree):
        yield f"ALTER SEQUENCE {after.name} SET {'UNLOGGED' if after.get('persistence') else 'LOGGED'}"


def change_parent(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    above = tree.parent(after)
    yield f"ALTER SEQUENCE {after.name} OWNED BY {above.name if above and above.kind is Kind.COLUMN else 'NONE'}"


def change_owner(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """One that belongs to a column has the owner of its table."""
    if before.parent != after.parent or (Kind.COLUMN, after.parent) not in tree.objects:
        yield from owner(after)


def drop(sequence: SchemaObject, tree: Tree) -> Iterator[str]:
    if not of_identity(sequence, tree):
        yield f"DROP SEQUENCE {sequence.name}"


CHANGES = {
    **dict.fromkeys(("type", "start", "increment", "minimum", "maximum", "cache", "cycle"), change),
    "persistence": change_persistence,
    "owner": change_owner,
    "parent": change_parent,
}
