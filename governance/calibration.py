"""How well forecasts are kept: of the runs that ended well, how many took no longer than nine in ten were said to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

PROMISED = 0.9
ENOUGH = 10  # fewer runs tell nine in ten apart from nothing


@dataclass(frozen=True, slots=True)
class Kept:
    ratios: tuple[float, ...]  # what each run took over what it was said to take at most, in order of time

    @property
    def share(self) -> float | None:
        """None while too few have ended."""
        return sum(ratio <= 1 for ratio in self.ratios) / len(self.ratios) if len(self.ratios) >= ENOUGH else None

    @property
    def holds(self) -> bool:
        return self.share is not None and self.share >= PROMISED


def kept(runs: Iterable[tuple[float, float]]) -> Kept:
    """`runs`: seconds that each took, and that nine in ten were said to take at most."""
    return Kept(tuple(took / promised for took, promised in runs if promised > 0))
