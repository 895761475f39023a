"""Whether an expression accepts a text, in time that grows with the text and never explodes, as trying one way after the other would.

Where a reading of the text may stand after each character is a set of places; the sets are made as they are needed, and kept.
"""

import re
from collections.abc import Iterable

from runner.engine.synthesis.texts import Anchor, Choice, Part, Repeated, Row, Text

KEPT = 50_000  # steps from set to set

Places = frozenset[int]


class Automaton:
    def __init__(self, part: Part, flags: re.RegexFlag) -> None:
        self._flags = flags
        self._steps: list[list[tuple[re.Pattern[str], int]]] = [[]]  # from each place, over which character to which place
        self._free: list[list[int]] = [[]]  # to which without any
        self._anchored: list[list[tuple[bool, int]]] = [[]]  # to which at the beginning, or (True) the end
        self._last = self._add(part, 0)
        self._first = self._reached([0])
        self._known: dict[tuple[Places, str], Places] = {}

    def accepts(self, text: str) -> bool:
        """Anywhere in it."""
        places = self._reached([0], at_start=True)
        for character in text:
            if self._last in places:
                return True
            if (after := self._known.get((places, character))) is None:
                after = self._after(places, character)
            places = after
        return self._last in self._reached(places, at_start=not text, at_end=True)

    def _after(self, places: Places, character: str) -> Places:
        met = (to for place in places for pattern, to in self._steps[place] if pattern.match(character))
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[places, character] = after = self._reached(met) | self._first
        return after

    def _reached(self, places: Iterable[int], at_start: bool = False, at_end: bool = False) -> Places:
        found, waiting = set[int](), list(places)
        while waiting:
            place = waiting.pop()
            if place not in found:
                found.add(place)
                waiting += self._free[place]
                waiting += [to for end, to in self._anchored[place] if (at_end if end else at_start)]
        return frozenset(found)

    def _new(self) -> int:
        self._steps.append([])
        self._free.append([])
        self._anchored.append([])
        return len(self._steps) - 1

    def _add(self, part: Part, place: int) -> int:
        """From that place on; answers where it ends."""
        match part:
            case Text():
                self._steps[place].append((re.compile(part.python, self._flags), end := self._new()))
                return end
            case Anchor():
                self._anchored[place].append((part.at_end, end := self._new()))
                return end
            case Row():
                for each in part.parts:
                    place = self._add(each, place)
                return place
            case Choice():
                end = self._new()
                for each in part.parts:
                    self._free[self._add(each, self._behind(place))].append(end)
                return end
            case Repeated():
                return self._add_repeated(part, place)

    def _add_repeated(self, part: Repeated, place: int) -> int:
        for _ in range(part.least):
            place = self._add(part.part, place)
        end = self._behind(place)
        if part.open:
            self._free[self._add(part.part, self._behind(end))].append(end)
            return end
        for _ in range(part.most - part.least):
            place = self._add(part.part, self._behind(place))
            self._free[place].append(end)
        return end

    def _behind(self, place: int) -> int:
        self._free[place].append(self._new())
        return self._free[place][-1]
