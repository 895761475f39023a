"""Which rows differ, when of the rows before only their hashes are known, in the order of their keys."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    hash: bytes
    writer: int = 0  # pg_class.xmin


@dataclass(frozen=True, slots=True)
class Differing:
    changed: tuple[Row, ...] = ()
    added: tuple[Row, ...] = ()
    lost: tuple[str, ...] = ()  # as places, because the key of a row that is gone is not known: "between 41 and 43"

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.lost)

    def __add__(self, other: "Differing") -> "Differing":
        return Differing(self.changed + other.changed, self.added + other.added, self.lost + other.lost)


def align(before: Sequence[bytes], after: Sequence[Row]) -> Differing:
    """Rows whose hash is the same are anchors; what lies between two of them was changed, added or lost there.

    A hash contains the key, so equal ones are the same row, and anchors keep their order.
    """
    there, here = Counter(before), Counter(row.hash for row in after)
    common = there & here
    old = _between(before, common)
    new = _between([row.hash for row in after], common)
    found, place = Differing(), 0
    for was, now in zip(old, new, strict=True):
        rows = after[place : place + now]
        changed = min(was, now)
        low = after[place - 1].key if place else ""
        place += now
        high = after[place].key if place < len(after) else ""
        found += Differing(tuple(rows[:changed]), tuple(rows[changed:]), tuple(_place(low, high) for _ in range(was - changed)))
        place += 1  # the anchor
    return found


def by_key(before: Sequence[Row], after: Sequence[Row]) -> Differing:
    """The same where the keys of both are known."""
    old, new = {row.key: row for row in before}, {row.key: row for row in after}
    return Differing(
        tuple(row for row in after if row.key in old and old[row.key].hash != row.hash),
        tuple(row for row in after if row.key not in old),
        tuple(row.key for row in before if row.key not in new),
    )


def _between(hashes: Sequence[bytes], common: Counter[bytes]) -> Iterator[int]:
    """How many hashes that are no anchors stand before each anchor, and behind the last."""
    left, number = Counter(common), 0
    for each in hashes:
        if left[each] > 0:
            left[each] -= 1
            yield number
            number = 0
        else:
            number += 1
    yield number


def _place(low: str, high: str) -> str:
    if low.isdecimal() and high.isdecimal() and int(high) - int(low) == 2:
        return str(int(low) + 1)
    if low and high:
        return f"between {low} and {high}"
    return f"behind {low}" if low else f"before {high}" if high else "somewhere"
