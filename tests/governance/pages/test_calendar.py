"""The month: windows, blackouts and bookings with their forecast, and what speaks against them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from governance.models import StartMode, Target
from governance.pages.calendar import calendar_page
from governance.windows import WindowKind
from tests import factories
from tests.factories import Cast
from tests.governance.pages.scenes import REWRITE, analysed, book, browser, html, make_window, words

NIGHT = datetime(2030, 12, 4, 1, tzinfo=UTC)
MONTH = "/calendar/?month=2030-12"

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(cast: Cast) -> Target:
    return factories.make_targets()[1]


def cell(page: str, day: str) -> str:
    found = re.search(rf'<div class="([^"]*)"><time datetime="{day}">.*?(?=<div class="[^"]*"><time|</section>)', page, re.DOTALL)
    assert found
    return found.group()


def test_month_without_anything_says_what_would_stand_there(cast, production):
    page = html(cast.engineer, MONTH)

    assert "No window, blackout or booking in December 2030. An operator adds windows" in words(page)


def test_operator_gets_links_that_add_windows_and_blackouts(cast, production):
    page = html(cast.operator, MONTH)

    assert 'href="/governance/window/add/?kind=maintenance"' in page
    assert 'href="/governance/window/add/?kind=blackout"' in page


def test_others_get_no_link_to_a_form_that_would_refuse_them(cast, production):
    page = html(cast.engineer, MONTH)

    assert "/governance/window/add/" not in page


def test_booking_shows_its_forecast_in_words_and_as_a_bar(cast, production):
    phase = analysed(cast, production, "20260101_0900", REWRITE, rows=1_000_000)
    book(cast.operator, phase, production, make_window(production, NIGHT))

    day = cell(html(cast.engineer, MONTH), "2030-12-04")

    assert "01:00, 3 min 15 to 13 min 01" in words(day)
    assert re.search(r'class="c-bar" width="2"', day)
    assert re.search(r'class="c-bar soft" x="2" width="3.4"', day)
    assert 'class="c-mark" x1="100"' in day


def test_booking_that_was_never_analysed_there_is_of_unknown_duration(cast, production):
    phase = factories.phase_of(factories.make_spec(cast))
    book(cast.operator, phase, production, make_window(production, NIGHT))

    day = cell(html(cast.engineer, MONTH), "2030-12-04")

    assert "duration unknown" in words(day)
    assert "Not known: it was not analysed on this target yet" in day
    assert "c-unknown" in day


def test_booking_that_would_outlast_its_window_is_a_conflict(cast, production):
    phase = analysed(cast, production, "20260101_0900", REWRITE, rows=20_000_000)
    book(cast.operator, phase, production, make_window(production, NIGHT))

    page = html(cast.engineer, MONTH)

    assert "in one run of ten it would end 20 min 25 after the window “night”" in words(page)
    assert 'class="bk clash"' in cell(page, "2030-12-04")


def test_blackout_added_over_a_booking_is_a_conflict(cast, production):
    phase = analysed(cast, production, "20260101_0900")
    book(cast.operator, phase, production, make_window(production, NIGHT))
    make_window(production, NIGHT, hours=1, kind=WindowKind.BLACKOUT, name="Freeze")

    page = html(cast.engineer, MONTH)

    assert "the blackout “Freeze” lies over it" in words(page)
    assert "01:00, in a blackout" in words(cell(page, "2030-12-04"))


def test_window_that_was_moved_away_is_a_conflict(cast, production):
    phase = analysed(cast, production, "20260101_0900")
    window = make_window(production, NIGHT)
    book(cast.operator, phase, production, window, ends=window.ends + timedelta(hours=1))

    page = html(cast.engineer, MONTH)

    assert "it is no longer inside its window “night”" in words(page)


@pytest.mark.parametrize(("start", "clash"), [(StartMode.MANUAL, True), (StartMode.AUTOMATIC, False)])
def test_two_changes_at_once_for_one_operator_are_a_conflict_unless_one_starts_itself(cast, production, start, clash):
    staging = Target.objects.get(name="staging_db")
    book(cast.operator, analysed(cast, production, "20260101_0900"), production, make_window(production, NIGHT))
    book(cast.operator, analysed(cast, staging, "20260102_0900"), staging, make_window(staging, NIGHT), start=start)

    page = html(cast.engineer, MONTH)

    assert ("same operator" in words(page)) is clash


def test_what_is_over_is_in_no_conflict(cast, production):
    past = datetime(2020, 12, 4, 1, tzinfo=UTC)
    phase = analysed(cast, production, "20260101_0900")
    book(cast.operator, phase, production, make_window(production, past))
    make_window(production, past, kind=WindowKind.BLACKOUT)

    page = calendar_page("2020-12", keeper=False, mover=False)

    assert page["booked"] == 1
    assert page["conflicts"]["count"] == 0


def test_blackout_hatches_its_days_and_is_named_on_the_first(cast, production):
    make_window(production, datetime(2030, 12, 18, tzinfo=UTC), hours=72, kind=WindowKind.BLACKOUT, name="Holiday freeze")

    page = html(cast.engineer, MONTH)

    assert 'class="hard"' in cell(page, "2030-12-18")
    assert 'class="hard"' in cell(page, "2030-12-20")
    assert "Holiday freeze, production to 20 Dec" in words(cell(page, "2030-12-18"))
    assert "Holiday freeze" not in cell(page, "2030-12-19")
    assert 'class="bare"' in cell(page, "2030-12-21")


def test_blackout_of_some_hours_names_them(cast, production):
    make_window(production, datetime(2030, 12, 3, 8, tzinfo=UTC), hours=10, kind=WindowKind.BLACKOUT, name="Payouts")

    day = cell(html(cast.engineer, MONTH), "2030-12-03")

    assert 'class="soft"' in day
    assert "Payouts, production, 08:00 to 18:00" in words(day)


def test_free_window_is_shown_and_one_that_is_booked_whole_is_not(cast, production):
    phase = analysed(cast, production, "20260101_0900")
    book(cast.operator, phase, production, make_window(production, NIGHT))
    make_window(production, NIGHT + timedelta(days=1))

    page = html(cast.engineer, MONTH)

    assert 'class="win"' not in cell(page, "2030-12-04")
    assert "01:00 to 05:00 free production" in words(cell(page, "2030-12-05"))


def test_months_lead_to_their_neighbours(cast, production):
    page = html(cast.engineer, MONTH)

    assert 'href="?month=2030-11"' in page
    assert 'href="?month=2031-01"' in page


@pytest.mark.parametrize("wanted", ["", "2030-13", "nonsense", "0001-01", "9999-12"])
def test_unreadable_month_is_the_present_one(cast, production, wanted):
    page = calendar_page(wanted, keeper=False, mover=False)

    assert f"{page['month']:%Y-%m}" == f"{timezone.localdate():%Y-%m}"


def test_times_are_local_and_the_zone_is_named(cast, production):
    book(cast.operator, analysed(cast, production, "20260101_0900"), production, make_window(production, NIGHT))

    with timezone.override("America/New_York"):
        page = calendar_page("2030-12", keeper=False, mover=False)

    assert page["zone"] == "New York, UTC−5"
    assert [day["date"] for day in page["days"] if day["booked"]] == ["2030-12-03"]


def test_gate_of_production_opens_with_its_window_and_says_until_when(cast, production):
    window = factories.make_window(production)

    page = calendar_page("", keeper=False, mover=False)

    gates = {gate["name"]: gate for gate in page["gates"]}
    assert gates["staging_db"]["open"]
    assert gates["production_db"]["open"]
    assert gates["production_db"]["changes_at"] == window.ends
    assert gates["production_db"]["why"] == "Maintenance “night”"


def test_gate_closes_under_a_blackout_even_in_a_window(cast, production):
    factories.make_window(production)
    make_window(production, timezone.now() - timedelta(hours=1), kind=WindowKind.BLACKOUT, name="Freeze")

    page = calendar_page("", keeper=False, mover=False)

    gate = next(gate for gate in page["gates"] if gate["name"] == "production_db")
    assert (gate["open"], gate["why"]) == (False, "Blackout “Freeze”")


def test_cancelled_booking_is_not_shown(cast, production):
    phase = analysed(cast, production, "20260101_0900")
    book(cast.operator, phase, production, make_window(production, NIGHT), cancelled_at=timezone.now())

    page = calendar_page("2030-12", keeper=False, mover=False)

    assert page["booked"] == 0


def test_more_bookings_take_no_more_queries(cast, production, django_assert_max_num_queries):
    for day in range(3):
        phase = analysed(cast, production, f"2026010{day + 1}_0900")
        book(cast.operator, phase, production, make_window(production, NIGHT + timedelta(days=day)))

    with django_assert_max_num_queries(8):
        calendar_page("2030-12", keeper=False, mover=False)
    client = browser(cast.operator)
    with django_assert_max_num_queries(15):
        client.get(MONTH)
