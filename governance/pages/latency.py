"""The chart of what a client waits for one row: over time, with what was usual and where something happens by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor, log10
from typing import Any, TypeVar

from governance.models import Sample
from governance.monitoring import Action, Metric, Period, Threshold, bound, in_words

T = TypeVar("T")
POINTS = 180  # of a line
LEFT, RIGHT, TOP, FLOOR = 56.0, 690.0, 22.0, 166.0
PAINFUL = frozenset({Action.PAUSE, Action.STOP, Action.ROLL_BACK})
FAR = 20  # times the highest latency: a limit beyond would press the line to the floor


@dataclass(frozen=True, slots=True)
class Axes:
    first: datetime
    last: datetime
    top: float  # seconds

    def x(self, at: datetime) -> float:
        seconds = max((self.last - self.first).total_seconds(), 0.001)
        return round(LEFT + (RIGHT - LEFT) * (at - self.first).total_seconds() / seconds, 1)

    def y(self, seconds: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * min(seconds, self.top) / self.top, 1)

    @property
    def grid(self) -> list[dict[str, Any]]:
        """At round values, three to seven of them."""
        scale = 10.0 ** floor(log10(self.top / 3))
        step = next(each * scale for each in (5, 2, 1) if each * scale <= self.top / 3)
        heights = [step * number for number in range(int(self.top / step) + 1)]
        return [{"y": self.y(seconds), "label": f"{seconds * 1000:,.4g} ms" if seconds else "0"} for seconds in heights]

    @property
    def times(self) -> list[dict[str, Any]]:
        moments = (self.first + (self.last - self.first) * share for share in (0.0, 0.5, 1.0))
        return [{"x": self.x(at), "at": at} for at in moments]


def chart(samples: Sequence[Sample], before: Mapping[str, float], thresholds: Sequence[Threshold]) -> dict[str, Any]:
    """Empty for fewer than two figures."""
    known = thinned([(sample.at, sample.values[Metric.LATENCY], sample.period) for sample in samples if Metric.LATENCY in sample.values])
    if len(known) < 2:
        return {}
    highest, usual = max(value for _, value, _ in known), before.get(Metric.LATENCY)
    limit = _limit(before, thresholds, highest)
    axes = Axes(known[0][0], known[-1][0], 1.15 * max(highest, limit or 0.0, 0.001))
    points = [(axes.x(at), axes.y(value)) for at, value, _ in known]
    now = in_words(Metric.LATENCY, known[-1][1])
    return {
        "points": " ".join(f"{x},{y}" for x, y in points),
        "x": points[-1][0],
        "y": points[-1][1],
        "now": now,
        "grid": axes.grid,
        "times": axes.times,
        "usual": axes.y(usual) if usual is not None else None,
        "limit": {"y": axes.y(limit), "label": in_words(Metric.LATENCY, limit)} if limit else None,
        "begun": next((axes.x(at) for at, _, period in known if period != Period.BEFORE), None),
        "alt": f"Latency of the slowest touched table, highest {in_words(Metric.LATENCY, highest)}, now {now}",
    }


def thinned(values: Sequence[T]) -> Sequence[T]:
    """At most so many of them, the last one always."""
    step = max(1, -(-len(values) // POINTS))
    return values[::-step][::-1]


def _limit(before: Mapping[str, float], thresholds: Sequence[Threshold], highest: float) -> float | None:
    """The lowest at which a run is steered, where it is in sight."""
    edges = (bound(each, before) for each in thresholds if each.metric is Metric.LATENCY and each.action in PAINFUL)
    return min((edge for edge in edges if edge is not None and edge < FAR * highest), default=None)
