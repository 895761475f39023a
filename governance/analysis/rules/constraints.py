"""Rules about constraints."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe
from governance.analysis.statements import quoted

ADD = re.compile(r"\bADD\s+", re.IGNORECASE)


@rule("add-foreign-key-scans", Level.BLOCKING, rollback=True)
def add_foreign_key_scans(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_FOREIGN_KEY):
        if place.scans and place.action.constraint:
            partner = place.action.constraint.references
            yield hit(
                place,
                f"Adding this foreign key stops writes to {place.table} and to {partner} while every row is checked.",
                f"PostgreSQL compares both tables under SHARE ROW EXCLUSIVE locks on both; {place.table} has {place.size}.",
                not_valid_form(place, "fkey"),
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
                not_valid_form(place, "check"),
                by_size(place.rows, unknown=Level.WARNING),
            )


@rule("add-unique-builds-index", Level.BLOCKING, rollback=True)
def add_unique_builds_index(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY):
        constraint = place.action.constraint
        if constraint and place.scans and not constraint.using_index:
            word = "UNIQUE" if place.action.kind is Kind.ADD_UNIQUE else "PRIMARY KEY"
            name = constraint.name or _default_name(place, "key")
            columns = ", ".join(map(quoted, constraint.columns))
            yield hit(
                place,
                f"Adding this {word} constraint builds an index while nobody can read or write {place.table}.",
                f"The index is built over {place.size} under an ACCESS EXCLUSIVE lock; one built CONCURRENTLY before can be taken over.",
                safe(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {{name}} ON {{table}} ({columns});  -- in a script of its own\n"
                    f"ALTER TABLE {{table}} ADD CONSTRAINT {{name}} {word} USING INDEX {{name}};",
                    name=name,
                    table=place.table,
                ),
                by_size(place.rows, unknown=Level.WARNING),
            )


def not_valid_form(place: Place, suffix: str) -> str:
    name = place.action.name or _default_name(place, suffix)
    validate = safe("ALTER TABLE {table} VALIDATE CONSTRAINT {name};  -- in a later script", table=place.table, name=name)
    if place.action.count > 1:
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
