"""A mapping that changes by layers: each change is a new value, and all of them share what they have in common."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Generic, TypeVar

V = TypeVar("V")
WHEN = itemgetter(0)


@dataclass
class _Log(Generic[V]):
    """What was changed when, by key; None: taken out."""

    changes: dict[str, list[tuple[int, V | None]]] = field(default_factory=dict)
    end: int = 0

    def until(self, moment: int) -> "_Log[V]":
        changes = {key: [change for change in found if change[0] <= moment] for key, found in self.changes.items()}
        return _Log(changes, moment)


class Layers(Generic[V]):
    """Ten thousand statements that each change a table would otherwise copy ten thousand dictionaries."""

    __slots__ = ("_base", "_log", "_moment")

    def __init__(self, base: Mapping[str, V], log: _Log[V] | None = None, moment: int = 0) -> None:
        self._base, self._log, self._moment = base, log, moment  # no log: nothing was changed yet

    def get(self, key: str) -> V | None:
        changes = self._log and self._log.changes.get(key)
        if not changes:
            return self._base.get(key)
        if changes[-1][0] <= self._moment:
            return changes[-1][1]
        place = bisect_right(changes, self._moment, key=WHEN)
        return changes[place - 1][1] if place else self._base.get(key)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def changed(self, key: str, value: V | None) -> "Layers[V]":
        """With another value, or without one. This mapping stays as it is: it does not see what happens behind its own moment."""
        log = self._log or _Log()
        if log.end != self._moment:
            log = log.until(self._moment)
        log.end += 1
        log.changes.setdefault(key, []).append((log.end, value))
        return Layers(self._base, log, log.end)

    def values(self) -> Iterator[V]:
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[str, V]]:
        for key in dict.fromkeys((*self._base, *(self._log.changes if self._log else ()))):
            value = self.get(key)
            if value is not None:
                yield key, value
