"""Rules about whole tables and about names that clients use."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, hit, rule, safe


@rule("drop-table", Level.WARNING)
def drop_table(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_TABLE):
        if not place.is_new:
            yield hit(
                place,
                f"Dropping {place.table} breaks clients that still use it, and its rows are lost.",
                f"It holds {place.size}; a rollback can bring the table back, but not its rows.",
                safe(
                    "ALTER TABLE {table} RENAME TO {aside};  -- drop it once nobody has missed it",
                    table=place.table,
                    aside=f"{place.table.rpartition('.')[2]}_dropped",
                ),
            )


@rule("rename-breaks-clients", Level.BLOCKING)
def rename_breaks_clients(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.RENAME_TABLE, Kind.SET_SCHEMA):
        if not place.is_new and not _kept_by_view(read, place):
            yield hit(
                place,
                f"Renaming {place.table} to {place.action.new_name} breaks every client that knows the old name.",
                "There is no moment at which all clients change over; a view under the old name serves those that have not.",
                f"{place.statement.text};\n"
                + safe("CREATE VIEW {old} AS SELECT * FROM {new};  -- in the same script", old=place.table, new=_moved(place)),
            )
    for place in read.of(Kind.RENAME_COLUMN):
        if not place.is_new:
            old, new = place.action.name, place.action.new_name
            kind = place.scene.column_type(place.table, old) or "text /* its type */"
            yield hit(
                place,
                f"Renaming {old} of {place.table} to {new} breaks every client that knows the old name.",
                "There is no moment at which all clients change over; for a while both names have to work.",
                safe(
                    f"ALTER TABLE {{table}} ADD COLUMN {{new}} {kind};\n"
                    "-- keep both in step with a trigger, fill {new} in batches, move the clients over, drop {old} in a later change",
                    table=place.table,
                    old=old,
                    new=new,
                ),
            )


def _moved(place: Place) -> str:
    """The new name with the schema that the old one was written with."""
    schema, _, _ = place.table.rpartition(".")
    return f"{schema}.{place.action.new_name}" if schema and "." not in place.action.new_name else place.action.new_name


def _kept_by_view(read: Read, renamed: Place) -> bool:
    old = renamed.scene.identity(renamed.table)
    return any(view.scene.identity(view.table) == old and view.script == renamed.script for view in read.of(Kind.CREATE_VIEW))
