"""What two readings say, what is usual, and when a trigger is pulled."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.monitoring import (
    ABOUT,
    DEFAULTS,
    Action,
    Counter,
    Measurement,
    Metric,
    Reading,
    Threshold,
    baseline,
    in_force,
    in_words,
    measured,
    pulled,
    sentence,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SLOW = Threshold(Metric.LATENCY, Action.PAUSE, limit=0.25, factor=10, times=2)


def reading(seconds: float = 0.0, **counters: float) -> Reading:
    return Reading(NOW + timedelta(seconds=seconds), counters)


def latencies(*values: float | None) -> list[Measurement]:
    return [Measurement(NOW, {} if value is None else {Metric.LATENCY: value}) for value in values]


def test_rates_are_what_was_counted_between_two_readings():
    found = measured(reading(wal=1000, commits=10), reading(2, wal=3000, commits=50))

    assert found.values == {Metric.WAL_RATE: 1000, Metric.TRANSACTIONS: 20}


def test_first_reading_has_no_rates():
    found = measured(None, Reading(NOW, {Counter.WAL: 5}, {Metric.SIZE: 8192}))

    assert found.values == {Metric.SIZE: 8192}


def test_counters_that_went_back_were_reset_and_say_nothing():
    found = measured(reading(wal=1000, commits=50), reading(2, wal=1500, commits=3))

    assert found.values == {}


def test_cache_hits_are_a_share_and_unknown_while_nothing_is_read():
    busy = measured(reading(hits=0, misses=0), reading(1, hits=30, misses=10))
    idle = measured(reading(hits=0, misses=0), reading(1, hits=0, misses=0))

    assert busy.values[Metric.CACHE_HITS] == 0.75
    assert Metric.CACHE_HITS not in idle.values


def test_latency_is_that_of_the_slowest_table():
    found = measured(None, Reading(NOW, latencies={"public.bids": 0.001, "public.users": 0.2}))

    assert found.values == {Metric.LATENCY: 0.2}


def test_baseline_is_the_median_so_that_one_outlier_moves_nothing():
    assert baseline(latencies(0.001, 0.9, 0.002)) == {Metric.LATENCY: 0.002}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.3, 0.3), True),
        ((0.1, 0.3), False),  # once only
        ((0.3, 0.1), False),  # over again
        ((0.3, None), False),  # unknown is not beyond
        ((0.3,), False),  # not measured often enough
    ],
)
def test_trigger_wants_every_one_of_the_last_measurements_beyond_its_limit(values, expected):
    assert bool(pulled([SLOW], {Metric.LATENCY: 0.01}, latencies(*values))) is expected


def test_factor_keeps_a_database_quiet_that_was_slow_before():
    slow = latencies(0.3, 0.3)

    assert pulled([SLOW], {Metric.LATENCY: 0.2}, slow) == ()
    assert pulled([SLOW], {}, slow) == (SLOW,)  # without a baseline the limit alone counts


def test_figures_that_must_not_fall_are_compared_the_other_way():
    disk = Threshold(Metric.HOST_DISK, Action.PAUSE, limit=0.1, times=1)

    assert pulled([disk], {}, [Measurement(NOW, {Metric.HOST_DISK: 0.05})]) == (disk,)
    assert pulled([disk], {}, [Measurement(NOW, {Metric.HOST_DISK: 0.5})]) == ()


def test_factor_alone_says_nothing_without_a_baseline():
    fallen = Threshold(Metric.TRANSACTIONS, Action.PAGE, factor=0.5, times=1)
    now = [Measurement(NOW, {Metric.TRANSACTIONS: 1.0})]

    assert pulled([fallen], {}, now) == ()
    assert pulled([fallen], {Metric.TRANSACTIONS: 10.0}, now) == (fallen,)
    assert sentence(fallen, {}) == "Transactions: 0.5 times the baseline, which is not known"


def test_environments_own_threshold_replaces_the_defaults_of_its_metric_only():
    own = Threshold(Metric.LATENCY, Action.ROLL_BACK, limit=1.0)

    found = in_force([own])

    assert [each for each in found if each.metric is Metric.LATENCY] == [own]
    assert {each.metric for each in found} == {each.metric for each in DEFAULTS}


def test_sentence_names_the_bound_that_counts():
    assert sentence(SLOW, {Metric.LATENCY: 0.1}) == "Latency of a query for one row above 1.0 s, 2 times in a row"


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        (Metric.LATENCY, 0.0123, "12.3 ms"),
        (Metric.LATENCY, 2.5, "2.5 s"),
        (Metric.CACHE_HITS, 0.994, "99.4 %"),
        (Metric.SIZE, 1_234_567, "1.2 MB"),
        (Metric.WAL_RATE, 500, "500 B/s"),
        (Metric.TRANSACTIONS, 1234.5, "1,234/s"),
        (Metric.TRANSACTIONS, 2.25, "2.2/s"),
        (Metric.BLOCKED, 3, "3"),
    ],
)
def test_values_are_written_with_their_unit(metric, value, words):
    assert in_words(metric, value) == words


def test_every_metric_says_what_it_is_and_what_makes_it_known():
    assert set(ABOUT) == set(Metric)
    assert all(about.title and about.unknown for about in ABOUT.values())
