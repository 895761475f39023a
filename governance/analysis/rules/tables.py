"""Rules about whole tables: dropped, renamed, copied, split into partitions."""

from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe

COPYING = {
    Kind.SET_TABLESPACE: "Moving {table} to another tablespace",
    Kind.SET_LOGGED: "Changing whether {table} is logged",
    Kind.SET_ACCESS_METHOD: "Changing the access method of {table}",
}


@rule("ban-drop-table", Level.WARNING, on=[Kind.DROP_TABLE])
def ban_drop_table(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DROP_TABLE):
        if not place.is_new:
            others = [lock.relation for lock in place.locks if lock.relation != place.identity]
            also = f" Nobody can read or write {', '.join(others)} meanwhile either." if others else ""
            yield hit(
                place,
                f"Dropping {place.table} breaks clients that still use it, and its rows are lost.",
                f"It holds {place.size}; a rollback can bring the table back, but not its rows.{also}",
                safe(
                    "ALTER TABLE {table} RENAME TO {aside};  -- drop it once nobody has missed it",
                    table=place.table,
                    aside=f"{place.table.rpartition('.')[2]}_dropped",
                ),
            )


@rule("renaming-table", Level.BLOCKING, on=[Kind.RENAME_TABLE])
def renaming_table(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.RENAME_TABLE):
        if not place.is_new and not kept_by_view(read, place) and place.action.type in ("OBJECT_TABLE", ""):
            yield _renamed(place)


@rule("ban-set-schema", Level.BLOCKING, on=[Kind.SET_SCHEMA])
def ban_set_schema(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.SET_SCHEMA):
        if not place.is_new and not kept_by_view(read, place):
            yield _renamed(place)


def _renamed(place: Place) -> Hit:
    return hit(
        place,
        f"Renaming {place.table} to {place.action.new_name} breaks every client that knows the old name.",
        "There is no moment at which all clients change over; a view under the old name serves those that have not.",
        f"{place.statement.text};\n"
        + safe("CREATE VIEW {old} AS SELECT * FROM {new};  -- in the same script", old=place.table, new=_moved(place)),
    )


def _moved(place: Place) -> str:
    """The new name with the schema that the old one was written with."""
    schema, _, _ = place.table.rpartition(".")
    return f"{schema}.{place.action.new_name}" if schema and "." not in place.action.new_name else place.action.new_name


def kept_by_view(read: Read, renamed: Place) -> bool:
    old = renamed.identity
    return any(view.identity == old and view.script == renamed.script for view in read.of(Kind.CREATE_VIEW))


@rule("copying-table", Level.BLOCKING, rollback=True, on=[*COPYING])
def copying_table(read: Read) -> Iterator[Hit]:
    for place in read.of(*COPYING):
        if place.rewrites:
            yield hit(
                place,
                f"{COPYING[place.action.kind].format(table=place.table)} copies all of it while nobody can read or write it.",
                f"PostgreSQL writes {place.size} and the indexes anew under an ACCESS EXCLUSIVE lock.",
                safe(
                    "-- create {new} as it shall be, copy the rows in batches while a trigger keeps both in step,\n"
                    "-- then let {new} take the place of {table}; the extension pg_repack can do it",
                    table=place.table,
                    new=f"{place.table.rpartition('.')[2]}_new",
                ),
                by_size(place),
            )


@rule("prefer-repack", Level.BLOCKING, rollback=True, on=[Kind.VACUUM_FULL])
def prefer_repack(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.VACUUM_FULL):
        if not (place.table and place.is_new):
            yield hit(
                place,
                f"{place.statement.tag} copies {place.table or 'every table'} while nobody can read or write it.",
                f"It writes {place.size} and every index anew under an ACCESS EXCLUSIVE lock.",
                safe("VACUUM {table};  -- makes the space usable again and stops nobody; pg_repack gives it back", table=place.table)
                if place.table
                else "VACUUM;",
                by_size(place),
            )


@rule("refreshing-view-not-concurrently", Level.BLOCKING, rollback=True, on=[Kind.REFRESH_MATERIALIZED_VIEW])
def refreshing_view_not_concurrently(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.REFRESH_MATERIALIZED_VIEW):
        if not place.action.concurrently and not place.is_new:
            yield hit(
                place,
                f"Nobody can read {place.table} while its query runs.",
                f"REFRESH holds an ACCESS EXCLUSIVE lock while it fills the view anew, {place.size} at the last count.",
                safe(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {view} (id);  -- once, over columns that identify a row\n"
                    "REFRESH MATERIALIZED VIEW CONCURRENTLY {view};",
                    view=place.table,
                    index=f"{place.table.rpartition('.')[2]}_once",
                ),
                by_size(place),
            )


@rule("require-concurrent-partition-detach", Level.WARNING, rollback=True, on=[Kind.DETACH_PARTITION])
def require_concurrent_partition_detach(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.DETACH_PARTITION):
        facts = place.scene.catalogue.facts
        if not place.action.concurrently and not place.is_new and (facts is None or facts.server_version >= 140000):
            yield hit(
                place,
                f"Detaching {place.action.others[0]} waits for every query on {place.table}, and whoever comes later waits for it.",
                "DETACH takes an ACCESS EXCLUSIVE lock on the whole partitioned table; CONCURRENTLY, since PostgreSQL 14, does not.",
                f"{place.statement.text} CONCURRENTLY;  -- in a script of its own",
            )


@rule("attaching-partition-scans", Level.BLOCKING, rollback=True, on=[Kind.ATTACH_PARTITION, Kind.CREATE_PARTITION])
def attaching_partition_scans(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.ATTACH_PARTITION, Kind.CREATE_PARTITION):
        for lock in place.locks:
            if lock.scan and not lock.fresh:
                rows = place.scene.rows(lock.relation)
                yield hit(
                    place,
                    f"{lock.relation} is read from end to end while nobody can read or write it.",
                    f"PostgreSQL makes sure that its rows, {'an unknown number' if rows is None else f'about {rows:,}'}, belong where they "
                    "are; a valid CHECK that says so spares it the search.",
                    safe(
                        "-- ALTER TABLE {table} ADD CONSTRAINT {check} CHECK (… as the bounds …) NOT VALID;\n"
                        "ALTER TABLE {table} VALIDATE CONSTRAINT {check};  -- before this script",
                        table=lock.relation,
                        check=f"{lock.relation.rpartition('.')[2]}_bounds",
                    ),
                    Level.NOTICE if rows == 0 else None,
                )
