"""Columns: what of them is said with their table, what afterwards, and what can be changed."""

from collections.abc import Iterable, Iterator

from governance.schema.model import Key, Kind, SchemaObject
from governance.schema.recipes.recipe import Anew, Impossible, nothing
from governance.schema.recipes.sequences import options
from governance.schema.recipes.words import commented, foreign_options, regranted, reset
from governance.schema.tree import Tree

# What cannot be there before the table in every case: functions may be written for its rows.
_LATE = {Kind.FUNCTION, Kind.AGGREGATE, Kind.OPERATOR}
_DEFAULT_STORAGE = {"numeric": "MAIN", "inet": "MAIN", "cidr": "MAIN"}


def typed(column: SchemaObject) -> str:
    collation = column.get("collation")
    return f"{column.get('type')} COLLATE {collation}" if collation else column.get("type")


def waits(needs: Iterable[Key]) -> bool:
    return any(kind in _LATE for kind, _ in needs)


def definition(column: SchemaObject, tree: Tree) -> str:
    """As in CREATE TABLE and ADD COLUMN."""
    parts = [column.own_name, column.get("type")]
    if column.get("compression"):
        parts.append(f"COMPRESSION {column.get('compression')}")
    if column.get("foreign options"):
        parts.append(foreign_options("", column.get("foreign options")).replace("ADD ", ""))
    if column.get("collation"):
        parts.append(f"COLLATE {column.get('collation')}")
    if column.get("generated"):
        parts.append(_generated(column))
    if column.get("default") and not waits(column.needs):
        parts.append(f"DEFAULT {column.get('default')}")
    if column.get("not null"):
        parts += _not_null(column, tree)
    if column.get("identity") and tree.of(column.name, Kind.SEQUENCE):
        parts.append(_identity(column, tree))
    return " ".join(parts)


def _generated(column: SchemaObject) -> str:
    expression, _, form = column.get("generated").rpartition(" ")
    return f"GENERATED ALWAYS AS ({expression}) {form.upper()}"


def named_not_null(column: SchemaObject, tree: Tree) -> SchemaObject | None:
    wanted = f"NOT NULL {column.own_name}"
    constraints = tree.of(column.parent, Kind.CONSTRAINT)
    return next((item for item in constraints if f"{item.get('definition')} ".startswith(f"{wanted} ")), None)


def _not_null(column: SchemaObject, tree: Tree) -> Iterator[str]:
    named = named_not_null(column, tree)
    if named is None:
        yield "NOT NULL"
    elif not named.get("definition").endswith("NOT VALID"):
        yield f"CONSTRAINT {named.own_name} NOT NULL{' NO INHERIT' if named.get('definition').endswith('NO INHERIT') else ''}"


def _identity(column: SchemaObject, tree: Tree) -> str:
    [sequence] = tree.of(column.name, Kind.SEQUENCE)
    return f"GENERATED {column.get('identity').upper()} AS IDENTITY (SEQUENCE NAME {sequence.name} {options(sequence)})"


def make(column: SchemaObject, tree: Tree) -> Iterator[str]:
    """In a table that is there already, or was made without it."""
    above = tree.parent(column)
    if above is None or above.kind is Kind.TYPE:
        yield f"ALTER TYPE {column.parent} ADD ATTRIBUTE {column.own_name} {typed(column)}"
    elif above.kind is Kind.TABLE and not tree.copied_from(column):
        yield f"ALTER TABLE {column.parent} ADD COLUMN {definition(column, tree)}"
    yield from make_rest(column, tree)


def make_rest(column: SchemaObject, tree: Tree) -> Iterator[str]:
    above, bare = tree.parent(column), SchemaObject(column.kind, column.name, column.parent, ())
    inherited = _inherited(column, tree)
    if inherited:
        for attribute in sorted({name for name, _ in inherited.attributes + column.attributes} & INHERITABLE.keys()):
            if inherited.get(attribute) != column.get(attribute):
                yield from INHERITABLE[attribute](inherited, column, tree)
    elif column.get("default") and (above is None or above.kind is not Kind.TABLE or waits(column.needs)):
        yield from change_default(bare, column, tree)
    for attribute, change in (("storage", change_storage), ("statistics target", change_statistics), ("options", change_options)):
        if column.get(attribute):
            yield from change(bare, column, tree)
    yield from commented(column)
    yield from regranted(None, column)


def _inherited(column: SchemaObject, tree: Tree) -> SchemaObject | None:
    """What the column is by its parent table alone."""
    found = tree.copied_from(column)
    return SchemaObject(column.kind, column.name, column.parent, tree.objects[found[0]].attributes) if found else None


def _alter(column: SchemaObject, action: str, only: str = "") -> str:
    return f"ALTER TABLE {only}{column.parent} ALTER COLUMN {column.own_name} {action}"


def change_type(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    above = tree.parent(after)
    if above and above.kind is Kind.TYPE:
        if any(item.kind is Kind.COLUMN and above.key in item.needs for item in tree.schema.objects):
            raise Impossible("columns use its type, so PostgreSQL refuses to change it")
        yield f"ALTER TYPE {after.parent} ALTER ATTRIBUTE {after.own_name} TYPE {typed(after)}"
        return
    if above is None or above.kind is not Kind.TABLE or tree.copied_from(after):
        return  # it follows from a view's definition, or from the parent table
    kept = before.get("type") == after.get("type")
    if before.get("default") and not kept:
        yield _alter(after, "DROP DEFAULT")
    cast = "" if kept or after.get("generated") else f" USING {after.own_name}::{after.get('type')}"
    collation = f" COLLATE {after.get('collation')}" if after.get("collation") else ""
    yield _alter(after, f"TYPE {after.get('type')}{collation}{cast}")
    if after.get("default") and not kept:
        yield _alter(after, f"SET DEFAULT {after.get('default')}")
    for attribute, change in (("storage", change_storage), ("compression", change_compression)):
        if after.get(attribute):  # a new type begins with its own
            yield from change(before, after, tree)


def change_not_null(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if after.get("not null") and not named_not_null(after, tree):
        yield _alter(after, "SET NOT NULL")
    elif not after.get("not null"):
        yield _alter(after, "DROP NOT NULL")


def change_default(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    retyped = before.get("type") and before.get("type") != after.get("type")  # with which it has been given
    if not before.get("generated") and not retyped:
        yield _alter(after, f"SET DEFAULT {after.get('default')}" if after.get("default") else "DROP DEFAULT", "ONLY ")


def change_generated(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if tree.copied_from(after):
        return
    if not before.get("generated"):
        raise Impossible("PostgreSQL makes no existing column a generated one; add it anew and drop the old one")
    if not after.get("generated") and before.get("generated").endswith(" stored"):
        yield _alter(after, "DROP EXPRESSION")
        if after.get("default"):
            yield _alter(after, f"SET DEFAULT {after.get('default')}")
        return
    raise Anew


def change_identity(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    if not after.get("identity"):
        yield _alter(after, "DROP IDENTITY")
    elif before.get("identity"):
        yield _alter(after, f"SET GENERATED {after.get('identity').upper()}")
    elif tree.of(after.name, Kind.SEQUENCE):
        if before.get("default"):
            yield _alter(after, "DROP DEFAULT")
        yield _alter(after, "SET NOT NULL")
        yield _alter(after, f"ADD {_identity(after, tree)}")


def change_storage(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    usual = _DEFAULT_STORAGE.get(after.get("type").partition("(")[0], "EXTENDED")
    yield _alter(after, f"SET STORAGE {after.get('storage').upper() or usual}", "ONLY ")


def change_compression(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"SET COMPRESSION {after.get('compression') or 'default'}", "ONLY ")


def change_statistics(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, f"SET STATISTICS {after.get('statistics target') or -1}", "ONLY ")


def change_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield from (_alter(after, part) for part in reset(before.get("options"), after.get("options")))


def change_foreign_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _alter(after, foreign_options(before.get("foreign options"), after.get("foreign options")))


def change_inherited(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """It stops being an inherited one with the inheritance."""
    if after.get("inherited"):
        raise Impossible("PostgreSQL keeps a column that was the table's own as its own, although it is inherited too")
    return iter(())


def drop(column: SchemaObject, tree: Tree) -> Iterator[str]:
    if (Kind.TYPE, column.parent) in tree.objects:
        yield f"ALTER TYPE {column.parent} DROP ATTRIBUTE {column.own_name}"
    else:
        yield f"ALTER TABLE {column.parent} DROP COLUMN {column.own_name}"


INHERITABLE = {"not null": change_not_null, "default": change_default, "compression": change_compression}
CHANGES = {
    **INHERITABLE,
    "type": change_type,
    "collation": change_type,
    "generated": change_generated,
    "identity": change_identity,
    "storage": change_storage,
    "statistics target": change_statistics,
    "options": change_options,
    "foreign options": change_foreign_options,
    "inherited": change_inherited,
    "position": nothing,
}
