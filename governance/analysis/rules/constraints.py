"""Rules about constraints."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Constraint, Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe
from governance.analysis.statements import quoted

ADD = re.compile(r"\bADD\s+", re.IGNORECASE)
UNIQUE_KINDS = (Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY)
WORDS = {Kind.ADD_UNIQUE: "UNIQUE", Kind.ADD_PRIMARY_KEY: "PRIMARY KEY"}


@rule("adding-foreign-key-constraint", Level.BLOCKING, rollback=True, on=[Kind.ADD_FOREIGN_KEY, Kind.ADD_COLUMN])
def adding_foreign_key_constraint(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_FOREIGN_KEY):
        if place.scans and place.action.constraint:
            partner = place.action.constraint.references
            yield hit(
                place,
                f"Adding this foreign key stops writes to {place.table} and to {partner} while every row is checked.",
                f"PostgreSQL compares both tables under SHARE ROW EXCLUSIVE locks on both; {place.table} has {place.size}.",
                not_valid_form(place, "fkey"),
                by_size(place),
            )
    for place, constraint in _with_new_column(read, Kind.ADD_FOREIGN_KEY):
        yield hit(
            place,
            f"Adding {place.action.name} with REFERENCES stops writes to {constraint.references} as well, until the script ends.",
            "The lock on both is short only if nothing else follows; where the column has a default, all rows are compared under it.",
            _column_first(place, constraint, f"REFERENCES {quoted(constraint.references)}"),
            by_size(place) if place.scans else Level.WARNING,
        )


@rule("constraint-missing-not-valid", Level.BLOCKING, rollback=True, on=[Kind.ADD_CHECK, Kind.ADD_FOREIGN_KEY, Kind.ADD_COLUMN])
def constraint_missing_not_valid(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_CHECK):
        if place.scans:
            yield hit(
                place,
                f"Adding this CHECK reads all of {place.table} while nobody can read or write it.",
                f"PostgreSQL verifies {place.size} under an ACCESS EXCLUSIVE lock; VALIDATE does it later and stops nobody.",
                not_valid_form(place, "check"),
                by_size(place),
            )
    for place in read.of(Kind.ADD_FOREIGN_KEY):
        if place.scans:
            yield hit(
                place,
                f"This foreign key checks every row of {place.table} at once; NOT VALID leaves the existing ones for later.",
                "From the moment it is there new rows are checked either way, and VALIDATE then stops nobody.",
                not_valid_form(place, "fkey"),
                Level.NOTICE,
            )
    for place, constraint in _with_new_column(read, Kind.ADD_CHECK):
        if place.scans:
            yield hit(
                place,
                f"Adding {place.action.name} with a CHECK reads all of {place.table} while nobody can read or write it.",
                f"PostgreSQL verifies {place.size} under an ACCESS EXCLUSIVE lock, although the column is new.",
                _column_first(place, constraint, "CHECK (…)"),
                by_size(place),
            )


def _with_new_column(read: Read, kind: Kind) -> Iterator[tuple[Place, Constraint]]:
    for place in read.of(Kind.ADD_COLUMN):
        column = place.action.column
        if column and not place.is_new:
            yield from ((place, found) for found in column.constraints if found.kind is kind and not _is_new(place, found))


def _is_new(place: Place, constraint: Constraint) -> bool:
    return bool(constraint.references) and place.scene.is_new(constraint.references)


def _column_first(place: Place, constraint: Constraint, body: str) -> str:
    column = place.action.column
    name = constraint.name or f"{place.table.rpartition('.')[2]}_{place.action.name}_{'fkey' if constraint.references else 'check'}"
    plain = safe(
        f"ALTER TABLE {{table}} ADD COLUMN {{column}} {column.type if column else 'text'};\n", table=place.table, column=place.action.name
    )
    written = f"FOREIGN KEY ({quoted(place.action.name)}) {body}" if constraint.references else body
    rest = safe("ALTER TABLE {table} ADD CONSTRAINT {name} ", table=place.table, name=name) + f"{written} NOT VALID;\n"
    hidden = "".join(f"-- {line}\n" for line in rest.splitlines()) if "…" in rest else rest
    return plain + hidden + safe("ALTER TABLE {table} VALIDATE CONSTRAINT {name};  -- in a later script", table=place.table, name=name)


@rule("disallowed-unique-constraint", Level.BLOCKING, rollback=True, on=[Kind.ADD_UNIQUE, Kind.ADD_COLUMN])
def disallowed_unique_constraint(read: Read) -> Iterator[Hit]:
    yield from _index_builders(read, Kind.ADD_UNIQUE)


@rule("adding-serial-primary-key-field", Level.BLOCKING, rollback=True, on=[Kind.ADD_PRIMARY_KEY, Kind.ADD_COLUMN])
def adding_serial_primary_key_field(read: Read) -> Iterator[Hit]:
    yield from _index_builders(read, Kind.ADD_PRIMARY_KEY)


def _index_builders(read: Read, kind: Kind) -> Iterator[Hit]:
    for place in read.of(kind):
        constraint = place.action.constraint
        if constraint and place.scans and not constraint.using_index:
            yield _builds_index(place, constraint)
    for place, constraint in _with_new_column(read, kind):
        yield _builds_index(place, constraint)


def _builds_index(place: Place, constraint: Constraint) -> Hit:
    word, column = WORDS[constraint.kind], place.action.column
    name = constraint.name or "_".join([place.table.rpartition(".")[2], *constraint.columns, "key"])
    columns = ", ".join(map(quoted, constraint.columns))
    first = safe(f"ALTER TABLE {{table}} ADD COLUMN {{column}} {column.type};\n", table=place.table, column=column.name) if column else ""
    return hit(
        place,
        f"Adding this {word} constraint builds an index while nobody can read or write {place.table}.",
        f"The index is built over {place.size} under an ACCESS EXCLUSIVE lock; one built CONCURRENTLY before can be taken over.",
        first
        + safe(
            f"CREATE UNIQUE INDEX CONCURRENTLY {{name}} ON {{table}} ({columns});  -- in a script of its own\n"
            f"ALTER TABLE {{table}} ADD CONSTRAINT {{name}} {word} USING INDEX {{name}};",
            name=name,
            table=place.table,
        ),
        by_size(place),
    )


@rule("primary-key-looks-for-nulls", Level.BLOCKING, rollback=True, on=[Kind.ADD_PRIMARY_KEY])
def primary_key_looks_for_nulls(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_PRIMARY_KEY):
        constraint = place.action.constraint
        if constraint and constraint.using_index and not place.is_new and not _columns_not_null(place, constraint.using_index):
            yield hit(
                place,
                f"This PRIMARY KEY reads all of {place.table} for NULLs while nobody can read or write it.",
                f"The index is there, but its columns may be NULL: PostgreSQL looks through {place.size} under an ACCESS EXCLUSIVE lock.",
                safe(
                    "-- for each column of {index}, in scripts before this one:\n"
                    "-- ALTER TABLE {table} ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL",
                    table=place.table,
                    index=constraint.using_index,
                ),
                by_size(place),
            )


def _columns_not_null(place: Place, index: str) -> bool:
    table = place.facts
    found = next((found for found in table.indexes if found.name == index), None) if table else None
    return found is not None and bool(found.columns) and all(place.scene.is_not_null(place.table, name) for name in found.columns)


@rule("adding-exclusion-constraint", Level.BLOCKING, rollback=True, on=[Kind.ADD_EXCLUDE])
def adding_exclusion_constraint(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_EXCLUDE):
        if place.scans:
            yield hit(
                place,
                f"Adding this EXCLUDE constraint builds an index while nobody can read or write {place.table}.",
                f"PostgreSQL compares {place.size} with each other under an ACCESS EXCLUSIVE lock, and has no way to do it concurrently.",
                safe(
                    "-- create {new} with the constraint, copy the rows in batches while a trigger keeps both in step,\n"
                    "-- then let {new} take the place of {table}",
                    table=place.table,
                    new=f"{place.table.rpartition('.')[2]}_new",
                ),
                by_size(place),
            )


@rule("ban-drop-constraint", Level.WARNING, on=[Kind.DROP_CONSTRAINT])
def ban_drop_constraint(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_CONSTRAINT):
        if not place.is_new and not _served_its_purpose(read, place):
            others = [lock.relation for lock in place.locks if lock.relation != place.identity]
            also = f" and {', '.join(others)}" if others else ""
            yield hit(
                place,
                f"Without {place.action.name}, {place.table} takes rows that clients may not expect.",
                f"Nobody can read or write {place.table}{also} while it is dropped: short, once the lock has been got.",
                f"SET lock_timeout = '1s';\n{place.statement.text};  -- try again when it times out",
            )


def _served_its_purpose(read: Read, dropped: Place) -> bool:
    """A CHECK that only helped to SET NOT NULL, or one that the change itself has added."""
    name, table = dropped.action.name, dropped.facts
    added = any(
        place.action.name == name and place.table == dropped.table
        for place in read.of(Kind.ADD_CHECK, Kind.ADD_NOT_NULL, Kind.ADD_FOREIGN_KEY, *UNIQUE_KINDS, Kind.ADD_EXCLUDE)
    )
    again = [found for found in table.constraints if found.name == name and "IS NOT NULL" in found.definition] if table else []
    helped = any(set_.action.name in found.definition for found in again for set_ in read.of(Kind.SET_NOT_NULL))
    return added or helped


@rule("foreign-key-locks-partner", Level.NOTICE, on=[Kind.CREATE_TABLE])
def foreign_key_locks_partner(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.CREATE_TABLE):
        partners = [lock.relation for lock in place.locks if lock.blocks_writes and not lock.blocks_reads]
        if partners:
            yield hit(
                place,
                f"Creating {place.table} stops writes to {', '.join(partners)} until the script ends, because of its foreign key.",
                "The new table is empty, but PostgreSQL takes a SHARE ROW EXCLUSIVE lock on the one it refers to.",
                safe(
                    "-- create {table} without the foreign key, and add it in a short script of its own:\nSET lock_timeout = '1s';\n"
                    "-- ALTER TABLE {table} ADD FOREIGN KEY … NOT VALID, then VALIDATE it",
                    table=place.table,
                ),
            )


def not_valid_form(place: Place, suffix: str) -> str:
    name = place.action.name or _default_name(place, suffix)
    validate = safe("ALTER TABLE {table} VALIDATE CONSTRAINT {name};  -- in a later script", table=place.table, name=name)
    if place.action.count > 1 or place.node.node_type != "AlterTableStmt":
        return (
            safe("-- in a statement of its own:\n-- ALTER TABLE {table} ADD CONSTRAINT {name} … NOT VALID;\n", table=place.table, name=name)
            + validate
        )
    named = place.statement.text if place.action.name else ADD.sub(f"ADD CONSTRAINT {quoted(name)} ", place.statement.text, count=1)
    return f"{named} NOT VALID;\n{validate}"


def _default_name(place: Place, suffix: str) -> str:
    """As PostgreSQL would name it, or nearly so."""
    columns = place.action.constraint.columns if place.action.constraint else ()
    return "_".join([place.table.rpartition(".")[2], *columns, suffix])
