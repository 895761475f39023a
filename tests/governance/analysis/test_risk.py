"""Risk: points with reasons."""

from dataclasses import replace

import pytest

from governance.analysis.risk import Situation
from tests.governance.analysis.samples import BIDS, FACTS, analysed


def _points(analysis):
    return {point.reason: point.points for point in analysis.risk.points}


@pytest.mark.parametrize(
    ("text", "change", "level", "total"),
    [
        ("CREATE TABLE t (id int)", {"rehearsed": True}, "low", 2),
        ("CREATE TABLE t (id int)", {}, "low", 17),
        ("CREATE INDEX CONCURRENTLY i ON bids (amount)", {"rehearsed": True}, "low", 10),
        ("ALTER TABLE bids ALTER amount SET NOT NULL", {"rehearsed": True}, "medium", 20),
        ("ALTER TABLE bids ALTER amount TYPE bigint", {}, "medium", 45),
        ("ALTER TABLE bids DROP COLUMN amount", {"irreversible": True, "rehearsed": True}, "high", 50),
        ("ALTER TABLE bids DROP COLUMN amount", {"irreversible": True, "data_class": "financial"}, "high", 75),
        ("DROP TABLE bids; DROP POLICY p ON users", {"irreversible": True, "data_class": "personal"}, "critical", 95),
        ("TRUNCATE bids", {}, "medium", 45),
        ("DO $$ BEGIN EXECUTE x; END $$", {}, "medium", 30),
        ("", {}, "low", 0),
    ],
)
def test_points_add_up_to_a_level(text, change, level, total):
    risk = analysed(text, **change).risk

    assert (risk.level, risk.total) == (level, total)
    assert sum(point.points for point in risk.points) == total


def test_public_data_adds_nothing():
    assert analysed("CREATE TABLE t (id int)", data_class="public").risk == analysed("CREATE TABLE t (id int)").risk


def test_size_adds_its_logarithm_and_at_most_fifteen():
    def points(gigabytes: int) -> int:
        huge = replace(FACTS, tables=(replace(BIDS, bytes=gigabytes * 2**30),))
        return analysed("ALTER TABLE bids ADD COLUMN a int", huge).risk.total - analysed("ALTER TABLE bids ADD COLUMN a int").risk.total

    assert [points(size) for size in (1, 8, 2**20)] == [0, 3, 15]


def test_unknown_size_is_said():
    assert any("unknown" in reason for reason in _points(analysed("DROP TABLE bids", None)))


@pytest.mark.parametrize(("name", "points"), [("failed", 10), ("unknown", 15), ("peak", 5)])
def test_what_it_meets_at_its_time_adds_points_with_its_reason(name, points):
    analysis = analysed("CREATE TABLE t (id int)", rehearsed=True, situation=Situation(**{name: "Something is so"}))

    assert _points(analysis)["Something is so"] == points
    assert analysis.risk.total == 2 + points


def test_what_does_not_fit_into_its_window_is_of_high_risk_at_least():
    late = Situation(overrun="It takes longer than is booked")
    small = analysed("CREATE TABLE t (id int)", rehearsed=True, situation=late).risk
    large = analysed("ALTER TABLE bids DROP COLUMN amount", irreversible=True, data_class="financial", situation=late).risk

    assert (small.level, small.total) == ("high", 50)
    assert (large.level, large.total) == ("high", 75)
    assert all(risk.points[-1].reason == "It takes longer than is booked" for risk in (small, large))
