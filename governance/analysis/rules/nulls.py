"""Rules about NOT NULL and defaults: what clients may leave out."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe


@rule("adding-not-nullable-field", Level.BLOCKING, rollback=True, on=[Kind.SET_NOT_NULL, Kind.ADD_NOT_NULL])
def adding_not_nullable_field(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.SET_NOT_NULL, Kind.ADD_NOT_NULL):
        column = _column(place)
        if place.scans and column:
            yield hit(
                place,
                f"Making {column} NOT NULL reads all of {place.table} while nobody can read or write it.",
                f"PostgreSQL looks for NULLs under an ACCESS EXCLUSIVE lock, here in {place.size}; a valid CHECK spares it the search.",
                safe(
                    "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;\n"
                    "ALTER TABLE {table} VALIDATE CONSTRAINT {check};  -- in a later script\n"
                    "ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n"
                    "ALTER TABLE {table} DROP CONSTRAINT {check};",
                    table=place.table,
                    column=column,
                    check=f"{column}_not_null",
                ),
                by_size(place),
            )


def _column(place: Place) -> str:
    constraint = place.action.constraint
    return next(iter(constraint.columns), "") if constraint else place.action.name


@rule("ban-drop-not-null", Level.WARNING, on=[Kind.DROP_NOT_NULL])
def ban_drop_not_null(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_NOT_NULL):
        if not place.is_new:
            yield hit(
                place,
                f"{place.action.name} of {place.table} may be NULL from now on, which clients of the version before do not expect.",
                "They read a column that always had a value; the first NULL that somebody writes reaches them.",
                "-- let every client cope with NULL in a change before this one",
            )


@rule("ban-drop-default", Level.WARNING, on=[Kind.DROP_DEFAULT])
def ban_drop_default(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_DEFAULT):
        if not place.is_new and not _set_here(read, place):
            required = place.scene.is_not_null(place.table, place.action.name)
            yield hit(
                place,
                f"Clients that leave {place.action.name} out when they insert into {place.table} "
                + ("fail from now on." if required else "write NULL from now on."),
                "The default was theirs to rely on, and nobody can change all clients at one moment.",
                "-- let every client write the column in a change before this one",
            )


def _set_here(read: Read, dropped: Place) -> bool:
    """A default that only served to fill a new column."""
    return any(
        (place.table, place.action.name) == (dropped.table, dropped.action.name) for place in read.of(Kind.ADD_COLUMN, Kind.SET_DEFAULT)
    )
