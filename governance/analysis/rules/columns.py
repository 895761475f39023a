"""Rules about adding, dropping and renaming columns."""

from collections.abc import Iterator

from governance.analysis.actions import Column, Kind
from governance.analysis.refinements import is_filled_row_by_row
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe


def _plain_column(place: Place, column: Column, rest: str) -> str:
    return safe(f"ALTER TABLE {{table}} ADD COLUMN {{column}} {column.type};\n-- {rest}", table=place.table, column=column.name)


@rule("adding-field-with-default", Level.BLOCKING, rollback=True, on=[Kind.ADD_COLUMN])
def adding_field_with_default(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_COLUMN):
        column = place.action.column
        if column and place.rewrites and is_filled_row_by_row(column) and not _is_key(column):
            yield hit(
                place,
                f"Adding {column.name} copies all of {place.table} while nobody can read or write it.",
                f"The new column has a value of its own in each row, here {place.size}; a constant default would be metadata only.",
                _plain_column(place, column, "then set the default for new rows and fill the existing ones in batches"),
                by_size(place),
            )


def _is_key(column: Column) -> bool:
    return any(found.kind is Kind.ADD_PRIMARY_KEY for found in column.constraints)


@rule("adding-required-field", Level.BLOCKING, on=[Kind.ADD_COLUMN])
def adding_required_field(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_COLUMN):
        column = place.action.column
        if column and column.is_required and not place.is_new and place.rows != 0 and not _is_key(column):
            yield hit(
                place,
                f"Adding {column.name} as NOT NULL without a default fails as soon as {place.table} holds a row.",
                f"The existing rows, {place.size}, have no value for it, and clients that do not know the column can no longer insert.",
                _plain_column(place, column, "fill it, then make it NOT NULL by way of a CHECK constraint that is added NOT VALID"),
            )


@rule("ban-drop-column", Level.WARNING, on=[Kind.DROP_COLUMN, Kind.ALTER_OBJECT])
def ban_drop_column(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_COLUMN):
        if not place.is_new and not _added_here(read, place):
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

    for place, name in _attributes(read, "AT_DropColumn"):
        says = f"Dropping {name} of the type {place.action.name} breaks clients and functions that still name it, and its values are lost."
        yield hit(place, says, "Every column of that type loses them; a rollback cannot bring them back.")


def _attributes(read: Read, subtype: str) -> Iterator[tuple[Place, str]]:
    """Where ALTER TYPE changes an attribute of a composite type."""
    for place in read.statements("AlterTableStmt"):
        if place.node.objtype == "OBJECT_TYPE":
            yield from ((place, command.name) for command in place.node.cmds if command.subtype == subtype)


def _added_here(read: Read, dropped: Place) -> bool:
    return any(
        (added.table, added.action.name) == (dropped.table, dropped.action.name)
        and (added.script, added.statement.line) <= (dropped.script, dropped.statement.line)
        for added in read.of(Kind.ADD_COLUMN)
        if added.script == dropped.script
    )


@rule("renaming-column", Level.BLOCKING, on=[Kind.RENAME_COLUMN, Kind.RENAME_OBJECT])
def renaming_column(read: Read) -> Iterator[Hit]:
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

    for place in read.statements("RenameStmt"):
        if place.node.rename_type == "OBJECT_ATTRIBUTE":
            says = f"Renaming {place.action.name} of a type to {place.action.new_name} breaks functions and clients that know the old name."
            yield hit(place, says, "There is no moment at which all of them change over.")


@rule("breaks-prepared-statements", Level.NOTICE, on=[Kind.ALTER_COLUMN_TYPE, Kind.DROP_COLUMN])
def breaks_prepared_statements(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ALTER_COLUMN_TYPE, Kind.DROP_COLUMN):
        if not place.is_new and not _added_here(read, place):
            yield hit(
                place,
                f"Sessions that prepared SELECT * FROM {place.table} fail once with “cached plan must not change result type” (0A000).",
                "A prepared statement keeps its result's columns; drivers and poolers that prepare by themselves are hit too.",
                "-- name the columns in the clients' queries, or after the change, in each pooled session:\nDEALLOCATE ALL;",
            )


@rule("changing-column-type", Level.BLOCKING, rollback=True, on=[Kind.ALTER_COLUMN_TYPE, Kind.ALTER_OBJECT])
def changing_column_type(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ALTER_COLUMN_TYPE):
        if place.rewrites or place.scans:
            table, column, new = place.table, place.action.name, place.action.type
            old = place.scene.column_type(table, column)
            does = "copies" if place.rewrites else "reads"
            certain = f"from {old} to {new} {does}" if old else f"to {new} may copy"
            yield hit(
                place,
                f"Changing {column} {certain} all of {table} while nobody can read or write it.",
                f"PostgreSQL goes over {place.size} and the indexes under an ACCESS EXCLUSIVE lock; only a few changes, such as a longer "
                "varchar, are free" + ("." if old else ", and without facts about the target this one cannot be told."),
                _shadow_column(place),
                by_size(place),
            )

    for place, name in _attributes(read, "AT_AlterColumnType"):
        says = f"Changing {name} of the type {place.action.name} is refused while a table uses the type, and breaks functions that do."
        yield hit(place, says, "CASCADE changes tables made of the type along with it, and copies them.")


def _shadow_column(place: Place) -> str:
    return safe(
        f"ALTER TABLE {{table}} ADD COLUMN {{new}} {place.action.type};\n"
        "-- keep both in step with a trigger and fill {new} in batches, move the clients over,\n"
        "-- and drop {old} in a later change",
        table=place.table,
        old=place.action.name,
        new=f"{place.action.name}_new",
    )


@rule("ban-alter-generated-expression", Level.BLOCKING, rollback=True, on=[Kind.ALTER_TABLE_OTHER])
def ban_alter_generated_expression(read: Read) -> Iterator[Hit]:
    for place, command in _commands(read, "AT_SetExpression"):
        yield hit(
            place,
            f"A new expression for {command} computes it anew in every row of {place.table}, and nobody can read or write meanwhile.",
            f"PostgreSQL copies {place.size} and every index under an ACCESS EXCLUSIVE lock, unless the column is virtual.",
            safe(
                "ALTER TABLE {table} ADD COLUMN {new} integer;  -- of its type\n"
                "-- keep it filled with a trigger and in batches, move the clients over, drop {old} in a later change",
                table=place.table,
                new=f"{command}_new",
                old=command,
            ),
            by_size(place),
        )


@rule("ban-drop-generated-expression", Level.WARNING, on=[Kind.ALTER_TABLE_OTHER])
def ban_drop_generated_expression(read: Read) -> Iterator[Hit]:
    for place, command in _commands(read, "AT_DropExpression"):
        yield hit(
            place,
            f"{command} of {place.table} is no longer computed: clients that rely on it find old values.",
            "From then on whoever writes a row has to write this column too, and clients of the version before do not.",
            "-- let every client write the column, or fill it with a trigger, in a change before this one",
        )


@rule("ban-alter-identity", Level.WARNING, on=[Kind.ALTER_TABLE_OTHER])
def ban_alter_identity(read: Read) -> Iterator[Hit]:
    for place, command in _commands(read, "AT_AddIdentity", "AT_SetIdentity", "AT_DropIdentity"):
        yield hit(
            place,
            f"Changing how {command} of {place.table} gets its numbers can make clients' INSERTs fail or collide.",
            "GENERATED ALWAYS refuses values that clients give; a new identity starts at 1, whatever the rows hold already.",
            safe(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}));  -- right after it",
                table=place.table,
                column=command,
            ),
        )


def _commands(read: Read, *subtypes: str) -> Iterator[tuple[Place, str]]:
    """Where ALTER TABLE has such a subcommand, and its column."""
    for place in read.statements("AlterTableStmt"):
        if not place.is_new:
            yield from ((place, command.name) for command in place.node.cmds if command.subtype in subtypes)
