"""How long a change takes, told from no more of a target's facts than that needs."""

import pytest

from governance.expectation import forecast, forecast_of, latest_analyses, latest_facts, latest_sizes
from tests import factories
from tests.governance.pages.scenes import REWRITE, analysed


@pytest.mark.parametrize("script", [factories.FORWARD, REWRITE])
def test_sizes_of_tables_forecast_the_same_as_all_facts(cast, script):
    target = factories.make_targets()[1]
    phase = analysed(cast, target, "20260101_0900", script, rows=1_000_000)
    report = latest_analyses([phase.pk]).get(target=target).report

    sizes, facts = (known([target.pk])[target.pk] for known in (latest_sizes, latest_facts))

    assert forecast(report, sizes) == forecast(report, facts) == forecast_of(phase.pk, target.pk)
    assert (sizes.taken_at, sizes.table("contractors")) == (facts.taken_at, facts.table("contractors"))


def test_target_that_nobody_has_looked_at_has_no_sizes_and_no_forecast(cast):
    target = factories.make_targets()[1]
    phase = factories.phase_of(factories.make_spec(cast))

    assert latest_sizes([target.pk]) == {}
    assert forecast_of(phase.pk, target.pk) is None
