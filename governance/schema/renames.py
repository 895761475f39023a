"""Columns that have only got another name: to drop and add them would lose what they hold."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from governance.schema.model import Key, Kind, Schema, SchemaObject
from governance.schema.tree import Tree


def renamed_columns(before: Schema, after: Schema) -> dict[Key, SchemaObject]:
    """From the old key to the new column: the same place in the same table, and the same in everything else."""
    old, new = Tree(before), Tree(after)
    found: dict[Key, SchemaObject] = {}
    for table in before.objects:
        if table.kind is Kind.TABLE and table.key in new.objects:
            gone = {item.attributes: item for item in old.columns(table.name) if item.key not in new.objects}
            came = {item.attributes: item for item in new.columns(table.name) if item.key not in old.objects}
            found |= {gone[same].key: came[same] for same in gone.keys() & came.keys()}
    return found


def statements(before: Schema, renames: Mapping[Key, SchemaObject]) -> Iterator[str]:
    """Tables that inherit the column follow."""
    tree = Tree(before)
    for key, column in sorted(renames.items()):
        item = tree.objects[key]
        if not any(other in renames for other in tree.copied_from(item)):
            yield f"ALTER TABLE {item.parent} RENAME COLUMN {item.own_name} TO {column.own_name}"


def with_names(before: Schema, renames: Mapping[Key, SchemaObject]) -> Schema:
    """The schema once the columns are renamed; texts that mention them stay as they are."""
    names = {name: column.name for (_, name), column in renames.items()}

    def now(item: SchemaObject) -> SchemaObject:
        needs = tuple(sorted(renames[key].key if key in renames else key for key in item.needs))
        name = names.get(item.name, item.name) if item.kind is Kind.COLUMN else item.name
        parent = names.get(item.parent, item.parent) if item.kind is Kind.SEQUENCE else item.parent
        return replace(item, name=name, parent=parent, needs=needs)

    return Schema.of(map(now, before.objects)) if renames else before
