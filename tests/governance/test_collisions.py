"""What two bookings do to each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.collisions import Work, collide

START = datetime(2026, 12, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Work("CHG-1", "main", START, START + 2 * HOUR, tables=frozenset({"public.bids"}))


def other(**given: object) -> Work:
    usual = replace(ONE, change="CHG-2", target="archive", tables=frozenset({"public.users"}))
    return replace(usual, **given)


@pytest.mark.parametrize(
    ("given", "score", "why"),
    [
        ({}, None, ""),
        ({"target": "main", "tables": ONE.tables}, 1.0, "both change public.bids on main"),
        ({"target": "main", "neighbours": ONE.tables}, 0.7, "a foreign key ties public.bids"),
        ({"target": "main"}, 0.4, "both are on main"),
        ({"requires": frozenset({"CHG-1"})}, None, ""),  # on another target
        ({"target": "main", "starts": START + 3 * HOUR, "ends": START + 4 * HOUR, "requires": frozenset({"CHG-1"})}, None, ""),
        ({"target": "main", "requires": frozenset({"CHG-1"})}, 1.0, "CHG-2 requires CHG-1, which is not over before"),
        ({"conflicts": frozenset({"CHG-1"})}, 1.0, "CHG-1 and CHG-2 must not run at the same time"),
        ({"conflicts": frozenset({"CHG-1"}), "starts": START + 2 * HOUR, "ends": START + 3 * HOUR}, None, ""),
        ({"change": "CHG-1", "target": "main"}, None, ""),  # one change on two targets, or in two phases, is one plan
    ],
)
def test_the_worst_reason_counts_and_is_said(given, score, why):
    found = collide(ONE, other(**given))

    assert (found.score if found else None) == score
    assert why in (found.why if found else "")


def test_server_and_person_count_only_where_both_need_them():
    one = replace(ONE, servers=frozenset({"pg-1"}), person="otto")

    server = collide(one, other(servers=frozenset({"pg-1", "pg-2"})))
    person = collide(one, other(person="otto"))
    by_itself = collide(one, other(person="otto", by_hand=False))

    assert (server.score, server.why) == (0.3, "both load pg-1; they share 100% of the shorter one's time")
    assert person.asks
    assert "otto would start and watch both" in person.why
    assert by_itself is None


def test_score_shrinks_with_the_share_of_time_that_is_common():
    late = other(target="main", tables=ONE.tables, starts=START + 1.5 * HOUR, ends=START + 3.5 * HOUR)

    found = collide(ONE, late)

    assert found.score == 0.25
    assert "they share 25% of the shorter one's time" in found.why


def test_the_end_that_nine_runs_in_ten_reach_counts_and_not_the_booked_one():
    next_door = other(target="main", tables=ONE.tables, starts=START + 2 * HOUR, ends=START + 3 * HOUR)

    assert collide(ONE, next_door) is None
    found = collide(replace(ONE, p90=3 * 3600), next_door)

    assert found.score == 1.0
    assert found.blocks


def test_what_starts_by_itself_is_over_early_and_what_waits_for_a_hand_may_start_late():
    quick = replace(ONE, p90=60)
    later = other(target="main", tables=ONE.tables, starts=START + HOUR, ends=START + 2 * HOUR)

    assert collide(replace(quick, by_hand=False), later) is None
    assert collide(quick, later)


def test_a_forecast_that_nobody_can_give_leaves_the_booked_end():
    assert replace(ONE, p90=float("inf")).over == ONE.ends
