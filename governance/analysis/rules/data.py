"""Rules about statements that write rows."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile

from governance.analysis.actions import Kind
from governance.analysis.queried import parts_acting
from governance.analysis.rule import SMALL_TABLE, Hit, Level, Place, Read, hit, rule, safe
from governance.batched import is_batched

WRITING = (Kind.INSERT, Kind.INSERT_VALUES, Kind.UPDATE, Kind.DELETE, Kind.MERGE, Kind.COPY, Kind.TRUNCATE)
VERBS = {Kind.UPDATE: "Updating", Kind.DELETE: "Deleting"}


@rule("whole-table-update", Level.WARNING, rollback=True, on=[*VERBS])
def whole_table_update(read: Read) -> Iterator[Hit]:
    for place in read.of(*VERBS):
        if place.action.everything and not place.is_new and not _is_batched(place):
            small = place.rows is not None and place.rows < SMALL_TABLE
            yield hit(
                place,
                f"{VERBS[place.action.kind]} all of {place.table} in one statement keeps its rows locked until the script ends.",
                f"{place.size.capitalize()} are written in one transaction: writers wait, the table grows, and nothing can be paused.",
                f"-- lockgate: batched\n{place.statement.text};",
                Level.NOTICE if small else None,
            )


def _is_batched(place: Place) -> bool:
    """The directive stands in the statement's text, or among the comments on the lines before it."""
    before = _lines(place.script.text)[: place.statement.line - 1]
    comments = list(takewhile(lambda line: not line.strip() or line.lstrip().startswith("--"), reversed(before)))
    return is_batched("\n".join([*reversed(comments), place.statement.text]))


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    return text.split("\n")


@rule("truncate-loses-rows", Level.WARNING, on=[Kind.TRUNCATE])
def truncate_loses_rows(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.TRUNCATE):
        if not place.is_new and place.rows != 0 and not place.action.cascade:
            yield hit(
                place,
                f"TRUNCATE empties {place.table}.",
                f"It loses {place.size}, which no rollback script brings back, and nobody can read or write meanwhile.",
                safe(
                    "CREATE TABLE {copy} AS TABLE {table};  -- before, in an earlier script", copy=f"{place.table}_kept", table=place.table
                ),
            )


@rule("ban-truncate-cascade", Level.BLOCKING, on=[Kind.TRUNCATE])
def ban_truncate_cascade(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.TRUNCATE):
        if place.action.cascade and not place.is_new:
            others = [lock.relation for lock in place.locks if lock.relation != place.identity]
            yield hit(
                place,
                f"TRUNCATE … CASCADE empties {place.table} and every table that refers to it: {', '.join(others) or 'nobody knows which'}.",
                "It follows foreign keys as far as they go, stops nowhere, and no rollback script brings the rows back.",
                safe("TRUNCATE {table};  -- names every table that is to be emptied, and fails where one was forgotten", table=place.table),
            )


@rule("unreadable-trigger", Level.NOTICE, rollback=True, on=WRITING)
def unreadable_trigger(read: Read) -> Iterator[Hit]:
    for place in read.of(*WRITING):
        table, action = place.facts, place.action
        acting = parts_acting(action.events, table, action.columns, place.scene) if table else ()
        for part in acting:
            if place.scene.catalogue.is_opaque(part):
                yield hit(
                    place,
                    f"This statement makes the trigger {part.name} of {part.on} call {part.function}, which cannot be read in full.",
                    "The function is in another language, calls what is not known, or puts statements together while it runs: "
                    "which further tables are locked and written is not known.",
                    safe("-- look at what {function} does with other tables, and say it in the head of the script", function=part.function),
                )
