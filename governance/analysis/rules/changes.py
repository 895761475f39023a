"""Rules about a change as a whole, and about what runs beside it."""

from collections.abc import Iterator
from itertools import pairwise

from governance.analysis.actions import Kind
from governance.analysis.inverses import Trail, inverse_of
from governance.analysis.locks import locks
from governance.analysis.playing import played
from governance.analysis.rule import NEIGHBOURS, ROLLBACK, Hit, Level, Place, Read, hit, rule
from governance.analysis.scene import Scene
from governance.analysis.statements import parse
from governance.orders import Script

MOST_TABLES, MOST_STATEMENTS = 12, 60  # existing tables that are changed, and statements that change them


@rule("rollback-misses-inverse", Level.WARNING, on=[ROLLBACK])
def rollback_misses_inverse(read: Read) -> Iterator[Hit]:
    undoing = read.undone_by.places if read.undone_by else ()
    if not undoing or any(place.action.kind is Kind.OPAQUE for place in undoing):
        return
    back, forth = Trail(place.action for place in undoing), Trail(place.action for place in read.places)
    for number, place in enumerate(read.places):
        inverse = inverse_of(place)
        if inverse and not back.undoes(place.action, place.scene) and not forth.undoes(place.action, place.scene, since=number):
            yield hit(
                place,
                f"The rollback does not undo this: {_said(place)}.",
                "After it the database is not what it was before, and the next attempt may fail.",
                inverse,
            )


def _said(place: Place) -> str:
    action = place.action
    return f"{action.kind} {action.name or action.relation}" + (f" of {action.relation}" if action.name and action.relation else "")


@rule("change-too-large", Level.WARNING)
def change_too_large(read: Read) -> Iterator[Hit]:
    if len(read.places) <= MOST_TABLES:
        return
    changing = [place for place in read.places if place.stops_writes and not place.is_new]
    tables = {place.identity for place in changing if place.table}
    statements = {(place.script.name, place.statement.line, place.statement.column) for place in changing}
    if len(tables) > MOST_TABLES or len(statements) > MOST_STATEMENTS:
        yield Hit(
            changing[0].script,
            f"The change is too large to be incremental: {len(statements)} statements lock {len(tables)} existing tables.",
            "What fails in the middle of it is hard to find, and what goes wrong afterwards hard to undo; small changes are neither.",
            "-- one change per table, each with its own rollback, in the order in which clients need them",
        )


@rule("lock-order-differs", Level.WARNING, on=[NEIGHBOURS])
def lock_order_differs(read: Read) -> Iterator[Hit]:
    mine = _first_locks(read.places)
    for neighbour in read.surroundings.neighbours:
        if neighbour.name in {script.name for script in read.scripts} or not neighbour.transactional or not read.places:
            continue
        order = _order_of(neighbour, read.places[0].scene)
        common = [relation for relation in mine if relation in order]
        wrong = next(((a, b) for a, b in pairwise(common) if order.index(a) > order.index(b)), None)
        if wrong:
            first, second = wrong
            yield hit(
                mine[second],
                f"{neighbour.name} of the same window locks {second} before {first}, this change {first} before {second}.",
                "Two transactions that take the same locks in another order wait for each other until PostgreSQL ends one of them (40P01).",
                f"-- in both scripts: {first} first, then {second}",
            )


def _first_locks(places: tuple[Place, ...]) -> dict[str, Place]:
    """Where each relation is locked first, against writers."""
    found: dict[str, Place] = {}
    for place in places:
        for lock in place.locks:
            if lock.blocks_writes:
                found.setdefault(lock.relation, place)
    return found


def _order_of(script: Script, scene: Scene) -> list[str]:
    """Each statement locks what those before it have left."""
    statements = ((None, statement.text, node) for statement in script.statements for node in parse(statement.text, script.name)[:1])
    moves = played(statements, scene)
    held = (lock for _, _, action, now in moves for lock in locks(action, now.during(action)) if lock.blocks_writes)
    return list(dict.fromkeys(lock.relation for lock in held))
