"""Week, agenda and the order of changes."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from governance import workflow
from governance.models import Booking, DependencyKind, Target
from governance.pages.agenda import agenda_page
from governance.pages.week import WIDTH, week_page
from governance.windows import WindowKind
from tests import factories
from tests.factories import Cast
from tests.governance.pages.scenes import REWRITE, analysed, book, browser, html, make_window, words

NIGHT = datetime(2030, 12, 4, 1, tzinfo=UTC)  # a Wednesday
WEEK = "/calendar/?view=week&from=2030-12-05"

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(cast: Cast) -> Target:
    return factories.make_targets()[1]


def line_of(production: Target, **given):
    page = week_page("2030-12-05", keeper=False, mover=given.get("mover", False))
    return next(line for line in page["lines"] if line["target"] == production)


def shapes(line) -> list[tuple[str, float, float]]:
    """Look, left and width."""
    found = re.findall(r'<rect class="([\w-]+)" x="([\d.]+)" y="2" width="([\d.]+)"', "".join(line["times"]))
    return [(look, float(left), float(width)) for look, left, width in found]


def test_a_week_is_drawn_to_time(cast, production):
    phase = analysed(cast, production, "20260101_0900", REWRITE, rows=1_000_000)
    window = make_window(production, NIGHT)
    book(cast.operator, phase, production, window, starts=NIGHT + timedelta(hours=1))
    make_window(production, NIGHT + timedelta(days=1), hours=24, kind=WindowKind.BLACKOUT, name="Freeze")

    line = line_of(production)

    hour = WIDTH / 168
    assert shapes(line) == [("c-win", 49 * hour, 4 * hour), ("c-hard", 73 * hour, 24 * hour)]
    assert "Blackout Freeze, Thu 01:00 to Fri 01:00" in line["times"][0]
    drawn = line["booked"][0]
    assert (drawn["box"]["x"], drawn["box"]["width"]) == (50 * hour, 3 * hour)
    assert drawn["likely"]["x"] == drawn["p90"]["x"] == 50 * hour
    assert drawn["p90"]["width"] > drawn["likely"]["width"]


def test_a_recurring_window_is_there_each_time_and_what_touches_is_one(cast, production):
    make_window(production, NIGHT - timedelta(days=365))
    begin = NIGHT - timedelta(days=364)
    for hours in (0, 2):
        times = {"starts": begin + timedelta(hours=hours), "ends": begin + timedelta(hours=hours + 2)}
        factories.make_window(production, environment=None, target=production, rule="FREQ=DAILY", **times)

    assert len(shapes(line_of(production))) == 7


def test_what_can_be_moved_carries_the_address_of_its_form_for_operators_only(cast, production):
    phase = factories.bring_to_window(cast, factories.make_spec(cast))
    book(cast.operator, phase, production, make_window(production, NIGHT))

    theirs, others = html(cast.operator, WEEK), html(cast.engineer, WEEK)

    assert f'data-move="/governance/spec/{phase.spec_id}/{phase.pk}/form/book/"' in theirs
    assert 'data-begin="2030-12-04T01:00:00+00:00"' in theirs
    assert "data-move" not in others


def test_a_dragged_booking_opens_its_form_with_the_new_time_and_is_moved_there(cast, production):
    phase = factories.bring_to_window(cast, factories.make_spec(cast))
    first, second = make_window(production, NIGHT), make_window(production, NIGHT + timedelta(days=1), name="second")
    workflow.book(actor=cast.operator, phase=phase, target=production, window=first)
    form = f"/governance/spec/{phase.spec_id}/{phase.pk}/form/book/"
    asked = f"?target={production.pk}&starts=2030-12-05T02:00:00.000Z&ends=2030-12-05T03:00:00.000Z"

    page = html(cast.operator, form + asked)
    times = {"starts_0": "2030-12-05", "starts_1": "02:00", "ends_0": "2030-12-05", "ends_1": "03:00"}
    browser(cast.operator).post(form, {"target": production.pk, "window": second.pk, "start": "manual", **times})

    assert re.search(rf'<option value="{second.pk}" selected>', page)
    assert 'value="02:00' in page
    booking = Booking.objects.live().get()
    assert (booking.window, booking.starts) == (second, NIGHT + timedelta(days=1, hours=1))


def test_form_begins_with_what_is_booked(cast, production):
    phase = factories.bring_to_window(cast, factories.make_spec(cast))
    window = make_window(production, NIGHT)
    workflow.book(actor=cast.operator, phase=phase, target=production, window=window, operator=cast.operator)

    page = html(cast.operator, f"/governance/spec/{phase.spec_id}/{phase.pk}/form/book/")

    assert re.search(rf'<option value="{cast.operator.pk}" selected>', page)
    assert 'value="01:00' in page


def test_agenda_tells_day_by_day_what_begins(cast, production):
    phase = analysed(cast, production, "20260101_0900")
    book(cast.operator, phase, production, make_window(production, NIGHT))
    make_window(production, NIGHT - timedelta(days=30), hours=24 * 60, kind=WindowKind.BLACKOUT, name="Freeze")

    page = words(html(cast.engineer, "/calendar/?view=agenda&from=2030-12-02"))

    days = [day["date"].day for day in agenda_page("2030-12-02", keeper=False, mover=False)["days"]]
    assert days == [2, 4]  # what goes on since before stands on the first day
    assert "Freeze" in page
    assert "01:00 to 05:00" in page


@pytest.mark.parametrize("view", ["week", "agenda"])
def test_days_that_cannot_be_read_are_today(cast, production, view):
    for wanted in ("nonsense", "0001-01-01", "9999-12-31"):
        assert browser(cast.engineer).get(f"/calendar/?view={view}&from={wanted}").status_code == 200


def test_no_view_takes_more_queries_for_more_bookings(cast, production, django_assert_max_num_queries):
    for day in range(3):
        phase = analysed(cast, production, f"2026010{day + 1}_0900")
        book(cast.operator, phase, production, make_window(production, NIGHT + timedelta(days=day)))
    client = browser(cast.operator)

    for view in ("week", "agenda"):
        with django_assert_max_num_queries(15):
            client.get(f"/calendar/?view={view}&from=2030-12-02")


def test_order_of_changes_says_who_waits_for_whom_and_what_both_lock(cast, production):
    one, other, third = (factories.make_spec(cast, factories.script_files(f"2026010{day}_0900")) for day in (1, 2, 3))
    workflow.link(actor=cast.engineer, spec=other, other=one)
    workflow.link(actor=cast.engineer, spec=third, other=one, kind=DependencyKind.CONFLICTS)

    page = html(cast.engineer, "/calendar/order/")

    assert f"Requires {one.number} {one.title}" in words(page)
    assert f"Not together with {one.number}" in words(page)
    assert f"{one.number}, {other.number}, {third.number}: one after the other on each target" in words(page)
    assert page.count('class="o-requires"') == page.count('class="o-conflicts"') == 1


def test_schedule_tab_says_what_goes_before_and_why(cast, production):
    one, other = (factories.make_spec(cast, factories.script_files(f"2026010{day}_0900")) for day in (1, 2))
    workflow.link(actor=cast.engineer, spec=other, other=one)

    page = words(html(cast.engineer, f"/governance/spec/{other.pk}/change/?tab=schedule"))

    assert f"{one.number} {one.title} Goes before this one" in page
