"""How far values have moved as a whole: effect sizes, not tests, whose answer at many rows is always that something moved."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

SMALL, LARGE = 0.1, 0.25  # conventional cut-offs of the index: they ignore how many rows there are, so this only warns
OTHER = "(others)"
NULL = "(null)"


@dataclass(frozen=True, slots=True)
class Movement:
    index: float  # population stability index: sum of (q - p) ln(q / p)
    moved: float  # share of rows in another bin: half the sum of |q - p|
    bin: str  # that moved most
    before: int
    after: int

    @property
    def size(self) -> str:
        return "none to speak of" if self.index < SMALL else "small" if self.index < LARGE else "large"


def movement(before: Mapping[str, int], after: Mapping[str, int]) -> Movement:
    """Between two counts of rows by bin. An empty bin counts as half a row, so that the index stays finite."""
    bins = {*before, *after}
    rows_before, rows_after = sum(before.values()), sum(after.values())
    index = moved = 0.0
    most, where = -1.0, ""
    for name in sorted(bins):
        p = max(before.get(name, 0), 0.5) / max(rows_before, 1)
        q = max(after.get(name, 0), 0.5) / max(rows_after, 1)
        real = abs(after.get(name, 0) / max(rows_after, 1) - before.get(name, 0) / max(rows_before, 1))
        index += (q - p) * math.log(q / p)
        moved += real / 2
        if real > most:
            most, where = real, name
    return Movement(index, moved, where, rows_before, rows_after)
