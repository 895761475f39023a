"""Open or closed at a moment, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.windows import Interval, WindowKind, state_at

NIGHT = Interval(WindowKind.MAINTENANCE, "night", datetime(2026, 12, 5, 1, tzinfo=UTC), datetime(2026, 12, 5, 5, tzinfo=UTC))
SALE = Interval(WindowKind.BLACKOUT, "sale", datetime(2026, 12, 5, 3, tzinfo=UTC), datetime(2026, 12, 5, 4, tzinfo=UTC))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "is_open", "changes_at"),
    [
        (NIGHT.starts - SECOND, False, NIGHT.starts),
        (NIGHT.starts, True, SALE.starts),
        (SALE.starts, False, SALE.ends),
        (SALE.ends - SECOND, False, SALE.ends),
        (SALE.ends, True, NIGHT.ends),
        (NIGHT.ends, False, None),
    ],
)
def test_a_window_opens_and_a_blackout_closes_at_their_half_open_edges(moment, is_open, changes_at):
    state = state_at([NIGHT, SALE], moment)

    assert state.open is is_open
    assert state.changes_at == changes_at


def test_a_blackout_is_named_even_inside_a_window():
    assert "sale" in state_at([NIGHT, SALE], SALE.starts).why


def test_without_any_window_the_gate_is_closed():
    state = state_at([], NIGHT.starts)

    assert not state.open
    assert state.changes_at is None


def test_touching_intervals_do_not_overlap():
    assert not NIGHT.overlaps(NIGHT.ends, NIGHT.ends + SECOND)
    assert NIGHT.overlaps(NIGHT.ends - SECOND, NIGHT.ends + SECOND)
