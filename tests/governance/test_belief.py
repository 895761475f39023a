"""What is believed of a rate, before and after runs."""

import math
import random

import pytest

from governance.belief import Belief, student_quantile

PRIOR = Belief.from_rates(900, 220)


@pytest.mark.parametrize(
    ("probability", "freedom", "value"),
    [(0.9, 1, 3.0777), (0.9, 2, 1.8856), (0.9, 3, 1.6377), (0.9, 4, 1.5332), (0.9, 5, 1.4759), (0.975, 30, 2.0423), (0.1, 4, -1.5332)],
)
def test_quantiles_are_those_of_the_tables(probability, freedom, value):
    assert student_quantile(probability, freedom) == pytest.approx(value, abs=1e-4)


def test_prior_says_what_it_was_given():
    assert (PRIOR.rate(0.5), PRIOR.rate(0.9)) == pytest.approx((900, 220))


def test_order_of_the_runs_does_not_matter_and_neither_does_learning_them_in_parts():
    rates = [1_200.0, 800.0, 1_500.0]

    at_once = PRIOR.learned(rates)
    in_parts = PRIOR.learned(reversed(rates[1:])).learned(rates[:1])

    assert (in_parts.mean, in_parts.scale) == pytest.approx((at_once.mean, at_once.scale))


def test_more_runs_make_the_interval_narrower():
    widths = [math.log(found.rate(0.5) / found.rate(0.9)) for found in (PRIOR, PRIOR.learned([900.0] * 3), PRIOR.learned([900.0] * 30))]

    assert widths == sorted(widths, reverse=True)


def test_nine_of_ten_runs_are_as_fast_as_foretold():
    """Rolling origin: each run is foretold from those before it only."""
    chance = random.Random(7)
    met = 0
    for _ in range(40):
        seen: list[float] = []
        for _ in range(25):
            rate = 500 * math.exp(chance.gauss(0, 0.4))
            met += rate >= PRIOR.learned(seen).rate(0.9)
            seen.append(rate)

    assert 0.87 < met / 1_000 < 0.95
