"""What is believed of a rate, and how runs change it: a normal-inverse-gamma prior on its logarithm, in closed form. Pure.

Durations grow with bytes in a straight line on logarithmic paper, and classes of work differ far more than runs of one class do; so a
rate per class is the whole model. See Gelman et al., Bayesian Data Analysis, section 3.3, for the update.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

STRENGTH = 1.0  # runs that a shipped prior counts as
SHAPE = 2.0  # of the inverse gamma: four degrees of freedom
PRECISION = 1e-9


@dataclass(frozen=True, slots=True)
class Belief:
    """Of the logarithm of a rate."""

    mean: float
    strength: float
    shape: float
    scale: float

    @classmethod
    def from_rates(cls, likely: float, slow: float) -> Self:
        """One that says: half of the runs are faster than `likely`, nine of ten faster than `slow`."""
        spread = math.log(likely / slow) / student_quantile(0.9, 2 * SHAPE)
        return cls(math.log(likely), STRENGTH, SHAPE, spread**2 * SHAPE / (1 + 1 / STRENGTH))

    def learned(self, rates: Iterable[float]) -> "Belief":
        """After runs with these rates; their order does not matter."""
        seen = [math.log(rate) for rate in rates]
        if not seen:
            return self
        number, average = len(seen), sum(seen) / len(seen)
        strength = self.strength + number
        return Belief(
            mean=(self.strength * self.mean + number * average) / strength,
            strength=strength,
            shape=self.shape + number / 2,
            scale=self.scale
            + sum((each - average) ** 2 for each in seen) / 2
            + self.strength * number * (average - self.mean) ** 2 / (2 * strength),
        )

    def rate(self, share: float) -> float:
        """The rate that this share of runs reaches: 0.5 is the likely one, 0.9 one that few miss."""
        spread = math.sqrt(self.scale * (1 + 1 / self.strength) / self.shape)
        return math.exp(self.mean - spread * student_quantile(share, 2 * self.shape))


def student_quantile(probability: float, freedom: float) -> float:
    """Of Student's t, by bisection on its distribution function."""
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while _student(high, freedom) < probability:
        low, high = high, high * 2
    while high - low > PRECISION * max(1.0, high):
        middle = (low + high) / 2
        low, high = (middle, high) if _student(middle, freedom) < probability else (low, middle)
    return (low + high) / 2


def _student(value: float, freedom: float) -> float:
    """The distribution function for a whole number of degrees of freedom: https://dlmf.nist.gov/8.17, by its finite sums."""
    whole = round(freedom)
    angle = math.atan2(value, math.sqrt(whole))
    cosine, sine = math.cos(angle), math.sin(angle)
    if whole % 2:
        term, total = cosine, cosine if whole > 1 else 0.0
        for step in range(3, whole - 1, 2):
            term *= cosine * cosine * (step - 1) / step
            total += term
        return 0.5 + (angle + sine * total) / math.pi
    term, total = 1.0, 1.0
    for step in range(2, whole - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    return 0.5 + sine * total / 2
