"""Rules about constraints."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule


@rule("add-foreign-key-scans", Level.BLOCKING, rollback=True)
def add_foreign_key_scans(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_FOREIGN_KEY):
        if place.scans and place.action.constraint:
            partner = place.action.constraint.references
            yield hit(
                place,
                f"Adding this foreign key stops writes to {place.table} and to {partner} while every row is checked.",
                f"PostgreSQL compares both tables under SHARE ROW EXCLUSIVE locks on both; {place.table} has {place.size}.",
                not_valid_form(place),
                by_size(place.rows, unknown=Level.WARNING),
            )


@rule("add-check-scans", Level.BLOCKING, rollback=True)
def add_check_scans(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_CHECK):
        if place.scans:
            yield hit(
                place,
                f"Adding this CHECK reads all of {place.table} while nobody can read or write it.",
                f"PostgreSQL verifies {place.size} under an ACCESS EXCLUSIVE lock; VALIDATE does it later and stops nobody.",
                not_valid_form(place),
                by_size(place.rows, unknown=Level.WARNING),
            )


@rule("add-unique-builds-index", Level.BLOCKING, rollback=True)
def add_unique_builds_index(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY):
        constraint = place.action.constraint
        if constraint and place.scans and not constraint.using_index:
            word = "UNIQUE" if place.action.kind is Kind.ADD_UNIQUE else "PRIMARY KEY"
            name = constraint.name or f"{place.table.rpartition('.')[2]}_{'_'.join(constraint.columns)}_key"
            yield hit(
                place,
                f"Adding this {word} constraint builds an index while nobody can read or write {place.table}.",
                f"The index is built over {place.size} under an ACCESS EXCLUSIVE lock; one built CONCURRENTLY before can be taken over.",
                f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {place.table} ({', '.join(constraint.columns)});  -- in a script of its own\n"
                f"ALTER TABLE {place.table} ADD CONSTRAINT {name} {word} USING INDEX {name};",
                by_size(place.rows, unknown=Level.WARNING),
            )


def not_valid_form(place: Place) -> str:
    name = place.action.name or "the_new_constraint"
    add = (
        f"{place.statement.text} NOT VALID;" if place.action.count == 1 else f"ALTER TABLE {place.table} ADD CONSTRAINT {name} … NOT VALID;"
    )
    return f"{add}\nALTER TABLE {place.table} VALIDATE CONSTRAINT {name};  -- in a later script"
