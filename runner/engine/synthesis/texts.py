"""The parts of an expression as the texts that they stand for, each of which has a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce


@dataclass(frozen=True)
class Text:
    """One character out of some."""

    characters: str  # to choose from
    python: str  # what Python's `re` calls all that are accepted, which may be more

    size = 1

    @property
    def count(self) -> int:
        return len(self.characters)

    def nth(self, number: int) -> str:
        return self.characters[number]


@dataclass(frozen=True)
class Anchor:
    """Nothing, where the whole text begins or ends."""

    at_end: bool

    size, count = 1, 1

    def nth(self, number: int) -> str:
        return ""


@dataclass(frozen=True)
class Row:
    """One part behind the other."""

    parts: "tuple[Part, ...]"

    @cached_property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @cached_property
    def count(self) -> int:
        return reduce(lambda product, part: product * part.count, self.parts, 1)

    def nth(self, number: int) -> str:
        found = []
        for part in self.parts:
            number, place = divmod(number, part.count)
            found.append(part.nth(place))
        return "".join(found)


@dataclass(frozen=True)
class Choice:
    """One of the parts."""

    parts: "Sequence[Part]"

    @cached_property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @cached_property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    def nth(self, number: int) -> str:
        for part in self.parts:
            if number < part.count:
                return part.nth(number)
            number -= part.count
        raise IndexError(number)


@dataclass(frozen=True)
class Repeated:
    """A part several times; what is `open` is accepted more often than `most`, too."""

    part: "Part"
    least: int
    most: int
    open: bool

    @property
    def size(self) -> int:
        """Of what is needed to recognise it: parts of parts, each as often as it may stand there."""
        return self.part.size * max(self.most, 1)

    @cached_property
    def _choice(self) -> Choice:
        return Choice([Row((self.part,) * times) for times in range(self.least, self.most + 1)])

    @property
    def count(self) -> int:
        return self._choice.count

    def nth(self, number: int) -> str:
        return self._choice.nth(number)


Part = Text | Anchor | Row | Choice | Repeated
