"""Rules about indexes."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.rule import Hit, Level, Place, Read, by_size, hit, rule

INDEX = re.compile(r"\bINDEX\b", re.IGNORECASE)
ON = re.compile(r"\bON\s+(?!ONLY\b)", re.IGNORECASE)


@rule("create-index-not-concurrently", Level.BLOCKING, rollback=True)
def create_index_not_concurrently(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.CREATE_INDEX):
        if not place.action.concurrently and not place.is_new:
            yield hit(
                place,
                f"Building the index {place.action.name or 'of this statement'} stops every write to {place.table} until it is done.",
                f"CREATE INDEX holds a SHARE lock while it reads the whole table, here {place.size}; CONCURRENTLY lets writes go on.",
                _concurrent_form(place),
                by_size(place.rows),
            )


def _concurrent_form(place: Place) -> str:
    table, text = place.scene.table(place.table), place.statement.text
    if table and table.kind == "p":
        return (
            "-- PostgreSQL has no CONCURRENTLY on a partitioned table: create the index on the parent alone,\n"
            "-- build it concurrently on each partition, then attach those with ALTER INDEX … ATTACH PARTITION.\n"
            f"{ON.sub('ON ONLY ', text, count=1)};"
        )
    return f"{INDEX.sub('INDEX CONCURRENTLY', text, count=1)};  -- in a script of its own"
