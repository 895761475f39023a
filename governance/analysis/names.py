"""A set of names that only grows: each addition is a new value, and all of them share what they have in common."""

from collections.abc import Iterable, Iterator


class Names:
    """Ten thousand statements that each create a table would otherwise copy ten thousand sets."""

    __slots__ = ("_positions", "_size")

    def __init__(self, positions: dict[str, int] | None = None) -> None:
        self._positions = {} if positions is None else positions
        self._size = len(self._positions)

    def __contains__(self, name: object) -> bool:
        return self._positions.get(name, self._size) < self._size  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[str]:
        return (name for name, position in self._positions.items() if position < self._size)

    def __or__(self, more: Iterable[str]) -> "Names":
        """With more names. This value stays as it is: it does not see what is added behind its own end."""
        positions = self._positions if len(self._positions) == self._size else {name: number for number, name in enumerate(self)}
        for name in more:
            positions.setdefault(name, len(positions))
        return Names(positions)
