"""Forecast: seconds as an interval, with reasons."""

import math

import pytest

from governance.forecast import SCAN, forecast_lock, forecast_statement
from tests.governance.analysis.samples import FACTS, analysed

LOCK_LIMIT = 0.3


def _forecast(forecast, text, facts=FACTS):
    return forecast(analysed(text, facts).statements[-1], facts)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE bids ADD COLUMN a int",
        "ALTER TABLE bids ADD CHECK (amount > 0) NOT VALID",
        "CREATE TABLE t (id bigint REFERENCES users (id))",
        "ALTER TABLE users ALTER email TYPE text",
    ],
)
def test_change_of_the_catalogue_fits_the_lock_limit(text):
    interval = _forecast(forecast_lock, text)

    assert (interval.likely, interval.p90) == (0.02, 0.1)
    assert interval.p90 < LOCK_LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE bids ALTER amount TYPE bigint",
        "ALTER TABLE bids ALTER amount SET NOT NULL",
        "CREATE INDEX ON bids (amount)",
        "UPDATE bids SET amount = 1 WHERE status = 'x'",
    ],
)
def test_work_on_a_large_table_does_not_fit_the_lock_limit(text):
    interval = _forecast(forecast_lock, text)

    assert LOCK_LIMIT < interval.p90 < math.inf
    assert interval.likely < interval.p90
    assert "public.bids: 60.0 MB" in interval.reasons[0]


def test_rewrite_takes_longer_than_index_build_and_that_longer_than_scan():
    rewrite, index, scan = (
        _forecast(forecast_statement, text).p90
        for text in (
            "ALTER TABLE bids ALTER amount TYPE bigint",
            "CREATE INDEX ON bids (amount)",
            "ALTER TABLE bids ALTER amount SET NOT NULL",
        )
    )

    assert rewrite > index > scan


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX CONCURRENTLY ON bids (amount)",
        "ALTER TABLE bids VALIDATE CONSTRAINT c",
        "SELECT * FROM bids",
        "CREATE TABLE t (id int); CREATE INDEX ON t (id)",
    ],
)
def test_what_stops_nobody_has_no_lock_time(text):
    interval = _forecast(forecast_lock, text)

    assert (interval.likely, interval.p90) == (0.0, 0.0)


def test_concurrent_build_takes_time_all_the_same():
    assert _forecast(forecast_statement, "CREATE INDEX CONCURRENTLY ON bids (amount)").p90 > 1


@pytest.mark.parametrize("text", ["CREATE INDEX ON bids (amount)", "UPDATE bids SET amount = 1"])
def test_without_facts_nobody_can_know(text):
    interval = _forecast(forecast_lock, text, None)

    assert interval.p90 == math.inf
    assert "not known" in interval.reasons[0]


def test_opaque_statement_has_no_bound():
    assert _forecast(forecast_lock, "DO $$ BEGIN EXECUTE x; END $$").p90 == math.inf
    assert _forecast(forecast_statement, "DO $$ BEGIN EXECUTE x; END $$").p90 == math.inf


def test_change_of_the_catalogue_is_forecast_without_facts():
    assert _forecast(forecast_lock, "ALTER TABLE bids ADD COLUMN a int", None).p90 == 0.1


def test_inserting_literal_rows_stays_short():
    assert _forecast(forecast_statement, "INSERT INTO bids (id) VALUES (1)").p90 == 0.1


@pytest.mark.parametrize(
    ("text", "work"),
    [
        ("CREATE UNIQUE INDEX ON bids (amount)", "builds an index over"),
        ("ALTER TABLE bids ADD PRIMARY KEY (id)", "builds an index over"),
        ("ALTER TABLE bids ADD EXCLUDE USING gist (amount WITH =)", "compares the rows of"),
        ("ALTER TABLE bids ADD CHECK (amount > 0)", "reads"),
        ("ALTER TABLE bids ALTER amount TYPE bigint", "rewrites"),
        ("UPDATE bids SET amount = 1", "updates"),
    ],
)
def test_reason_names_the_class_of_work(text, work):
    assert _forecast(forecast_statement, text).reasons[0].startswith(f"it {work} public.bids")


def test_runs_pull_the_shipped_throughput_to_what_was_measured():
    learned = SCAN.learned([1_700.0] * 20)

    assert SCAN.likely < learned.p90 < learned.likely < 1_750
    assert learned.runs == 20
