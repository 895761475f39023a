"""In which order objects can be made: what is needed comes first, and kinds in their usual order where nothing is."""

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes import RECIPES
from governance.schema.recipes.columns import waits
from governance.schema.tree import Tree

Piece = tuple[Kind, str, int]  # an object, and which part of making it: 0, or 1 for what has to wait
_FOREIGN_KEYS = 17  # once every key and every partition's index is there
Name = TypeVar("Name", bound=Hashable)


def ordered(needs: Mapping[Name, Iterable[Name]], rank: Mapping[Name, tuple[int, str]]) -> Iterator[Name]:
    """Every key of `needs` once. Where needs go round in a circle, it is entered at its lowest rank."""
    waiting = {name: {other for other in others if other in needs and other != name} for name, others in needs.items()}
    needing: dict[Name, list[Name]] = defaultdict(list)
    for name, others in waiting.items():
        for other in others:
            needing[other].append(name)
    ready = [(rank[name], name) for name, others in waiting.items() if not others]
    heapq.heapify(ready)
    while waiting:
        name = heapq.heappop(ready)[1] if ready else min(_circle(waiting, rank), key=rank.__getitem__)
        if waiting.pop(name, None) is None:
            continue
        yield name
        for other in needing[name]:
            if other in waiting and name in waiting[other]:
                waiting[other].discard(name)
                if not waiting[other]:
                    heapq.heappush(ready, (rank[other], other))


def _circle(waiting: Mapping[Name, Iterable[Name]], rank: Mapping[Name, tuple[int, str]]) -> list[Name]:
    """Names each of which needs the next, and the last the first; every name has to need something."""
    walked = {next(iter(waiting)): 0}
    while True:
        needed = min(waiting[next(reversed(walked))], key=rank.__getitem__)
        if needed in walked:
            return list(walked)[walked[needed] :]
        walked[needed] = len(walked)


def in_order(tree: Tree) -> list[Piece]:
    needs: dict[Piece, set[Piece]] = {}
    for item in tree.schema.objects:
        needs[*item.key, 0] = set(_needs(item, tree))
        if RECIPES[item.kind].late_rank:
            needs[*item.key, 1] = {(*item.key, 0), *_late_needs(item, tree)}
    return list(ordered(needs, {piece: _rank(piece, tree) for piece in needs}))


def _rank(piece: Piece, tree: Tree) -> tuple[int, str]:
    kind, name, part = piece
    if kind is Kind.CONSTRAINT and tree.objects[kind, name].get("definition").startswith("FOREIGN KEY"):
        return _FOREIGN_KEYS, name
    if kind is Kind.COLUMN:
        column = tree.objects[kind, name]
        return RECIPES[kind].rank, f"{column.parent} {int(column.get('position') or 0):05}"
    return RECIPES[kind].late_rank if part else RECIPES[kind].rank, name


def _needs(item: SchemaObject, tree: Tree) -> Iterator[Piece]:
    above = tree.parent(item)
    if item.kind is not Kind.SEQUENCE:  # its column needs it, it belongs to the column afterwards
        yield from ((*key, 0) for key in item.needs)
        yield from ((*other.key, 0) for other in [above] if other)
    elif above and above.kind is Kind.SCHEMA:
        yield (*above.key, 0)
    if item.kind in {Kind.TABLE, Kind.TYPE}:
        for column in tree.of(item.name, Kind.COLUMN):
            inline = (key for key in column.needs if key[0] is not Kind.COLUMN and (column.get("generated") or not waits([key])))
            yield from ((*key, 0) for key in inline)
    if item.kind in {Kind.CONSTRAINT, Kind.INDEX, Kind.TRIGGER} and above:
        relation = tree.parent(above) if above.kind is Kind.CONSTRAINT else above
        yield from ((*partition.key, 1) for partition in tree.partitions(relation.name if relation else ""))
    yield from ((*key, 0) for key in tree.copied_from(item))
    if item.kind is Kind.TABLE:
        yield from ((*column.key, 0) for parent in tree.parents(item.name) for column in tree.of(parent, Kind.COLUMN))


def _late_needs(item: SchemaObject, tree: Tree) -> Iterator[Piece]:
    yield from ((*key, 0) for key in item.needs)
    if above := tree.parent(item):
        yield (*above.key, 0)
