"""Nine runs in ten shall keep to their forecast: whether they did is told once enough have ended."""

import pytest

from governance.calibration import ENOUGH, kept
from governance.pages.figures import DOTS, forecasts_kept


def test_share_is_that_of_runs_within_what_was_promised():
    found = kept([(1.0, 2.0)] * 9 + [(3.0, 2.0)])

    assert (found.share, found.holds) == (0.9, True)


def test_share_of_too_few_runs_is_not_told():
    found = kept([(1.0, 2.0)] * (ENOUGH - 1))

    assert (found.share, found.holds) == (None, False)


def test_a_run_without_a_forecast_of_any_time_counts_for_nothing():
    assert kept([(1.0, 0.0)]).ratios == ()


@pytest.mark.parametrize(("took", "y", "late"), [(0.0, 26, False), (2.0, 6, False), (4.0, 3, True)])
def test_dot_of_a_run_lies_in_the_band_or_above_it(took, y, late):
    dot = forecasts_kept(kept([(took, 2.0)]))["dots"][0]

    assert (dot["y"], dot["late"]) == (y, late)


def test_the_latest_runs_are_drawn_and_all_are_counted():
    page = forecasts_kept(kept([(3.0, 2.0)] * 10 + [(1.0, 2.0)] * DOTS))

    assert (page["percent"], page["holds"], page["ended"]) == (80, False, "50 runs")
    assert (len(page["dots"]), page["outside"]) == (DOTS, 0)


def test_what_is_lacking_is_said():
    page = forecasts_kept(kept([(1.0, 2.0)] * 3))

    assert (page["percent"], page["ended"], page["lacking"]) == (None, "3 runs", "7 more runs")
