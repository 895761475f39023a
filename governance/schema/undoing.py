"""A schema with some of what happened to it taken back."""

from governance.schema.diff import Entry
from governance.schema.model import Schema


def undone(present: Schema, before: Schema, after: Schema) -> Schema:
    """The present schema, but every object that differs between `before` and `after` is as it was before."""
    old, new = before.by_key(), after.by_key()
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return Schema.of(
        [*(item for item in present.objects if item.key not in changed), *(item for key, item in old.items() if key in changed)]
    )


def touches(entry: Entry, table: str) -> bool:
    """Whether the entry is about the table, or about something that belongs to it."""
    return any(f"{name}.".startswith(f"{table}.") for name in (entry.name, entry.parent))
