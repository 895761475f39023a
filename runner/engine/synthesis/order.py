"""In which order tables are filled, so that what a row points at is there: parents first, and cycles cut where they give way."""

from collections.abc import Iterable
from dataclasses import dataclass

from runner.engine.synthesis.tables import ForeignKey, Table


@dataclass(frozen=True, slots=True)
class Turn:
    """A table, and its foreign keys that cannot be filled while its rows are made."""

    table: Table
    later: frozenset[str]  # names: stay NULL, and are set when all tables are filled
    promised: frozenset[str]  # names: get values that the parent's rows will have


def turns(tables: Iterable[Table]) -> tuple[Turn, ...]:
    """A key into the own table, or into one of a cycle, is set later when it may be NULL; otherwise its values are agreed upon before."""
    waiting = {table.oid: table for table in tables}
    known = frozenset(waiting)
    done = {table.oid for table in waiting.values() if table.filled}  # their rows can be pointed at from the beginning
    order: list[Turn] = []
    while waiting:
        ready = [table for table in waiting.values() if not _missing(table, known, done)]
        for table in ready or [_easiest(waiting.values(), known, done)]:
            order.append(_turn(table, known, done))
            done.add(table.oid)
            del waiting[table.oid]
    return tuple(order)


def _missing(table: Table, known: frozenset[int], done: set[int]) -> list[ForeignKey]:
    """Foreign keys whose parent still has no rows; a key into the own table never holds it up."""
    return [key for key in table.foreign_keys if key.parent in known and key.parent not in done and key.parent != table.oid]


def _easiest(tables: Iterable[Table], known: frozenset[int], done: set[int]) -> Table:
    """Where a cycle is cut: where the fewest keys insist."""

    def insisting(table: Table) -> tuple[int, int]:
        held = [key for key in _missing(table, known, done) if not table.nullable(key)]
        return sum(not key.deferrable for key in held), len(held)

    return min(tables, key=insisting)


def _turn(table: Table, known: frozenset[int], done: set[int]) -> Turn:
    own = [key for key in table.foreign_keys if key.parent == table.oid and not table.filled]
    held = [*_missing(table, known, done), *own]
    later = frozenset(key.name for key in held if table.nullable(key))
    return Turn(table, later, frozenset(key.name for key in held) - later)
