"""In which order changes go: what one needs of another, circles, and the layers of those that wait. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a change does to tables, by the analysis of its scripts."""

    change: int
    creates: frozenset[str]
    touches: frozenset[str]
    locks: frozenset[str] = frozenset()  # in a way that makes others wait

    @classmethod
    def of(cls, change: int, report: Mapping[str, object]) -> "Footprint":
        """`report`: an analysis as it is kept, or those of its keys that are read here."""
        statements: list = report.get("statements") or []  # type: ignore[assignment]
        locks = (lock for statement in statements for lock in statement["locks"] if lock["blocks"] != "nothing" and not lock["fresh"])
        created: list = report.get("created") or []  # type: ignore[assignment]
        tables: list = report.get("tables") or []  # type: ignore[assignment]
        return cls(change, frozenset(created), frozenset(tables), frozenset(lock["relation"] for lock in locks))


def needed(one: Footprint, other: Footprint) -> frozenset[str]:
    """Tables that `one` touches and only `other` creates."""
    return (one.touches - one.creates) & other.creates


def locked_by_both(one: Footprint, other: Footprint) -> frozenset[str]:
    return one.locks & other.locks


def circle(edges: Mapping[int, Iterable[int]], start: int, added: int) -> tuple[int, ...]:
    """The way from `start` over `added` back to `start`, if there is one: what requiring `added` would close."""
    waiting: list[tuple[int, ...]] = [(start, added)]
    seen: set[int] = set()
    while waiting:
        path = waiting.pop()
        if path[-1] == start:
            return path
        if path[-1] not in seen:
            seen.add(path[-1])
            waiting += [(*path, each) for each in sorted(edges.get(path[-1], ()))]
    return ()


def layers(edges: Mapping[int, Iterable[int]]) -> list[list[int]]:
    """Those that wait for nobody, then those that wait for them only, and so on. A circle, which is refused, would come last as one."""
    left = {change: set(others) & edges.keys() for change, others in edges.items()}
    found: list[list[int]] = []
    while left:
        ready = sorted(change for change, others in left.items() if not others) or sorted(left)
        found.append(ready)
        left = {change: others - set(ready) for change, others in left.items() if change not in ready}
    return found
