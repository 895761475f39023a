"""Rules about columns."""

from collections.abc import Iterator

from governance.analysis.actions import Column, Kind
from governance.analysis.refinements import is_filled_row_by_row
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe


@rule("set-not-null-scans", Level.BLOCKING, rollback=True)
def set_not_null_scans(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.SET_NOT_NULL):
        if place.scans:
            table, column = place.table, place.action.name
            yield hit(
                place,
                f"Making {column} NOT NULL reads all of {table} while nobody can read or write it.",
                f"PostgreSQL looks for NULLs under an ACCESS EXCLUSIVE lock, here in {place.size}; a valid CHECK spares it the search.",
                safe(
                    "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;\n"
                    "ALTER TABLE {table} VALIDATE CONSTRAINT {check};  -- in a later script\n"
                    "ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n"
                    "ALTER TABLE {table} DROP CONSTRAINT {check};",
                    table=table,
                    column=column,
                    check=f"{column}_not_null",
                ),
                by_size(place.rows),
            )


@rule("column-type-rewrites", Level.BLOCKING, rollback=True)
def column_type_rewrites(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ALTER_COLUMN_TYPE):
        if place.rewrites:
            table, column, new = place.table, place.action.name, place.action.type
            old = place.scene.column_type(table, column)
            certain = f"from {old} to {new} copies" if old else f"to {new} may copy"
            yield hit(
                place,
                f"Changing {column} {certain} all of {table} while nobody can read or write it.",
                f"PostgreSQL writes {place.size} and every index anew under an ACCESS EXCLUSIVE lock; only a few changes, such as a longer "
                "varchar, are free" + ("." if old else ", and without facts about the target this one cannot be told."),
                _shadow_column(place),
                by_size(place.rows),
            )


def _shadow_column(place: Place) -> str:
    return safe(
        f"ALTER TABLE {{table}} ADD COLUMN {{new}} {place.action.type};\n"
        "-- keep both in step with a trigger and fill {new} in batches, move the clients over,\n"
        "-- and drop {old} in a later change",
        table=place.table,
        old=place.action.name,
        new=f"{place.action.name}_new",
    )


def _plain_column(place: Place, column: Column, rest: str) -> str:
    return safe(f"ALTER TABLE {{table}} ADD COLUMN {{column}} {column.type};\n-- {rest}", table=place.table, column=column.name)


@rule("add-column-rewrites", Level.BLOCKING, rollback=True)
def add_column_rewrites(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_COLUMN):
        column = place.action.column
        if column and place.rewrites and is_filled_row_by_row(column):
            yield hit(
                place,
                f"Adding {column.name} copies all of {place.table} while nobody can read or write it.",
                f"The new column has a value of its own in each row, here {place.size}; a constant default would be metadata only.",
                _plain_column(place, column, "then set the default for new rows and fill the existing ones in batches"),
                by_size(place.rows),
            )


@rule("add-required-column", Level.BLOCKING)
def add_required_column(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_COLUMN):
        column = place.action.column
        if column and column.is_required and not place.is_new and place.rows != 0:
            yield hit(
                place,
                f"Adding {column.name} as NOT NULL without a default fails as soon as {place.table} holds a row.",
                f"The existing rows, {place.size}, have no value for it, and clients that do not know the column can no longer insert.",
                _plain_column(place, column, "fill it, then make it NOT NULL by way of a CHECK constraint that is added NOT VALID"),
            )


@rule("drop-column", Level.WARNING)
def drop_column(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_COLUMN):
        if not place.is_new:
            yield hit(
                place,
                f"Dropping {place.action.name} breaks clients that still name it, and what it holds in {place.table} is lost.",
                "A rollback can bring the column back, but not its values.",
                safe(
                    "COMMENT ON COLUMN {table}.{column} IS 'deprecated';  -- drop it once no live client reads it",
                    table=place.table,
                    column=place.action.name,
                ),
            )
