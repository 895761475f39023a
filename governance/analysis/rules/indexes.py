"""Rules about indexes."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule, safe

INDEX = re.compile(r"\bINDEX\b", re.IGNORECASE)
ON = re.compile(r"\bON\s+(?!ONLY\b)", re.IGNORECASE)
REINDEXED = re.compile(r"\b(REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE|SYSTEM))\b", re.IGNORECASE)
CONCURRENTLY = re.compile(r"\bCONCURRENTLY\s+", re.IGNORECASE)
IF_NOT_EXISTS = re.compile(r"\s+IF\s+NOT\s+EXISTS\b", re.IGNORECASE)
OWN_SCRIPT = ";  -- in a script of its own"


@rule("require-concurrent-index-creation", Level.BLOCKING, rollback=True, on=[Kind.CREATE_INDEX])
def require_concurrent_index_creation(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.CREATE_INDEX):
        if not place.action.concurrently and not place.is_new:
            yield hit(
                place,
                f"Building the index {place.action.name or 'of this statement'} stops every write to {place.table} until it is done.",
                f"CREATE INDEX holds a SHARE lock while it reads the whole table, here {place.size}; CONCURRENTLY lets writes go on.",
                _leaf_by_leaf(place) if _is_partitioned(place) else _concurrently(place),
                by_size(place),
            )


def _concurrently(place: Place) -> str:
    if place.node.node_type not in ("IndexStmt", "DropStmt"):
        return f"-- outside of this statement:\n-- {'DROP' if place.action.kind is Kind.DROP_INDEX else 'CREATE'} INDEX CONCURRENTLY …"
    return INDEX.sub("INDEX CONCURRENTLY", place.statement.text, count=1) + OWN_SCRIPT


def _is_partitioned(place: Place) -> bool:
    table = place.facts
    return table is not None and table.kind == "p"


def _leaf_by_leaf(place: Place) -> str:
    on_parent = ON.sub("ON ONLY ", CONCURRENTLY.sub("", place.statement.text, count=1), count=1)
    return (
        "-- PostgreSQL has no CONCURRENTLY on a partitioned table: create the index on the parent alone,\n"
        "-- build it concurrently on each partition, then attach those with ALTER INDEX … ATTACH PARTITION.\n"
        f"{on_parent};"
    )


@rule("concurrently-on-partitioned-table", Level.BLOCKING, rollback=True, on=[Kind.CREATE_INDEX])
def concurrently_on_partitioned_table(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.CREATE_INDEX):
        if place.action.concurrently and _is_partitioned(place):
            yield hit(
                place,
                f"{place.table} is partitioned, and PostgreSQL refuses to build an index on it concurrently.",
                "It stops with “cannot create index on partitioned table concurrently” (0A000).",
                _leaf_by_leaf(place),
            )


@rule("require-concurrent-index-deletion", Level.WARNING, rollback=True, on=[Kind.DROP_INDEX])
def require_concurrent_index_deletion(read: Read) -> Iterator[Hit]:
    made = {place.action.name for place in read.of(Kind.CREATE_INDEX)}
    for place in read.of(Kind.DROP_INDEX):
        action = place.action
        owner = place.scene.catalogue.owner_of_index(action.name)
        if not action.concurrently and not (owner and place.scene.is_new(owner)) and action.name not in made:
            yield hit(
                place,
                f"Dropping the index {action.name} waits for every query on {owner or 'its table'}, and whoever comes later waits for it.",
                "DROP INDEX takes an ACCESS EXCLUSIVE lock on the table; CONCURRENTLY waits without holding anybody up.",
                _concurrently(place),
            )


@rule("require-concurrent-reindex", Level.BLOCKING, rollback=True, on=[Kind.REINDEX])
def require_concurrent_reindex(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.REINDEX):
        if not place.action.concurrently and not place.is_new:
            yield hit(
                place,
                f"Building {place.action.name or 'these indexes'} anew stops writes to the table, and reads that would use the index.",
                f"REINDEX holds a SHARE lock on the table and an ACCESS EXCLUSIVE lock on the index; the table has {place.size}.",
                REINDEXED.sub(r"\1 CONCURRENTLY", place.statement.text, count=1) + OWN_SCRIPT,
                by_size(place),
            )


@rule("if-not-exists-hides-invalid-index", Level.WARNING, rollback=True, on=[Kind.CREATE_INDEX])
def if_not_exists_hides_invalid_index(read: Read) -> Iterator[Hit]:
    dropped = {place.action.name for place in read.of(Kind.DROP_INDEX)}
    for place in read.of(Kind.CREATE_INDEX):
        action = place.action
        if action.concurrently and action.conditional and action.name not in dropped:
            table = place.facts
            found = next((index for index in table.indexes if index.name == action.name), None) if table else None
            invalid = found is not None and not found.valid
            state = "is there and invalid: nothing will be built" if invalid else "may be there and invalid"
            yield hit(
                place,
                f"IF NOT EXISTS hides that {action.name} {state}.",
                "A concurrent build that was stopped leaves an index that is written but never used; IF NOT EXISTS takes it for done.",
                safe("DROP INDEX CONCURRENTLY IF EXISTS {name};\n", name=action.name)
                + IF_NOT_EXISTS.sub("", place.statement.text, count=1)
                + OWN_SCRIPT,
                Level.BLOCKING if invalid else None,
            )


@rule("unique-index-may-fail", Level.NOTICE, on=["IndexStmt"])
def unique_index_may_fail(read: Read) -> Iterator[Hit]:
    for place in read.statements("IndexStmt"):
        if place.node.unique and not place.is_new and place.rows != 0:
            columns = [part.name for part in place.node.index_params]
            listed = ", ".join(map(str, columns)) if all(columns) else "…"
            yield hit(
                place,
                f"The unique index fails if two rows of {place.table} are alike, and what clients write may be refused from then on.",
                "Built concurrently, it leaves an invalid index behind that has to be dropped.",
                f"-- look first:\n-- SELECT {listed}, count(*) FROM {place.table} GROUP BY {listed} HAVING count(*) > 1;",
            )
