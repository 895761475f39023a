"""The calendar over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.models import Booking, Dependency, Window
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def target(cast):
    return factories.make_targets()[1]


def test_state_says_whether_all_are_open_why_and_until_when(cast, target, api):
    window = factories.make_window(target, hours=4)
    factories.make_blackout(target, starts_in=1, hours=1)

    answer = api.get(cast.auditor, "/calendar/state?targets=staging_db,production_db").json()

    assert answer["open"]
    assert "window “night”" in answer["why"]
    assert answer["changes_at"][:16] == f"{window.starts + 2 * HOUR:%Y-%m-%dT%H:%M}"
    assert answer["first_slot"]["starts"][:16] == answer["at"][:16]


def test_state_of_a_closed_moment_names_the_blackout_and_the_first_slot_after_it(cast, target, api):
    window = factories.make_window(target, hours=8, rule="FREQ=DAILY")
    factories.make_blackout(target, starts_in=1, hours=1, tier="hard")
    inside = window.starts + 2.5 * HOUR

    answer = api.get(cast.auditor, f"/calendar/state?targets=production_db&at={inside:%Y-%m-%dT%H:%M:%SZ}").json()

    assert not answer["open"]
    assert "production_db: blackout “sale”" in answer["why"]
    assert answer["first_slot"]["starts"][:16] == f"{window.starts + 3 * HOUR:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("targets=nowhere", 404),
        ("targets=production_db&at=9000-01-01T00:00:00Z", 422),
        ("targets=production_db&at=2026-01-01T00:00:00", 422),
    ],
)
def test_state_of_nothing_or_never_is_refused(cast, target, api, query, status):
    assert api.get(cast.auditor, f"/calendar/state?{query}").status_code == status


def test_next_slot_is_given_for_a_duration_and_people(cast, target, api):
    window = factories.make_window(target, starts_in=1, hours=4)
    factories.make_availability(cast.operator, starts_in=2, hours=10)

    slot = api.get(cast.auditor, "/calendar/next-slot?targets=production_db&duration=7200&people=otto").json()["slot"]
    none = api.get(cast.auditor, "/calendar/next-slot?targets=production_db&duration=20000").json()

    assert slot["starts"][:16] == f"{window.starts + HOUR:%Y-%m-%dT%H:%M}"
    assert none["slot"] is None
    assert api.get(cast.auditor, "/calendar/next-slot?targets=production_db").status_code == 422


def test_next_slot_of_a_change_takes_its_targets_and_its_forecast(cast, target, api):
    phase = factories.bring_to_window(cast, factories.make_spec(cast))
    factories.make_window(target)

    answer = api.get(cast.auditor, f"/calendar/next-slot?change={phase.spec.number}").json()

    assert answer["targets"] == ["production_db"]
    assert answer["seconds"] > 0
    assert answer["slot"]


def window(**given):
    starts = timezone.now().replace(microsecond=0)
    usual = {"name": "night", "environment": "production", "starts": starts.isoformat(), "ends": (starts + HOUR).isoformat()}
    return {**usual, **given}


def test_windows_are_added_over_http_by_operators(cast, target, api):
    added = api.post(cast.operator, "/windows", window(rule="FREQ=WEEKLY;BYDAY=SA", zone="Europe/Berlin", capacity=2))
    refused = api.post(cast.engineer, "/windows", window())

    assert (added.status_code, refused.status_code) == (201, 403)
    assert Window.objects.get().rule == "FREQ=WEEKLY;BYDAY=SA"
    assert api.get(cast.auditor, "/windows").json()[0]["capacity"] == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rule": "FREQ=HOURLY"}, "HOURLY is too often. Use DAILY"),
        ({"zone": "Berlin"}, "no time zone has this name. Write one of IANA's"),
        ({"environment": ""}, "choose exactly one of them"),
        ({"target": "production_db"}, "choose exactly one of them"),
        ({"ends": "2020-01-01T00:00:00Z"}, "A window ends after it starts"),
    ],
)
def test_what_is_wrong_with_a_window_is_said_in_words(cast, target, api, given, why):
    answer = api.post(cast.operator, "/windows", window(**given))

    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert not Window.objects.exists()


def test_holidays_are_added_over_http(cast, target, api):
    answer = api.post(cast.operator, "/holidays", {"environment": "production", "country": "us", "year": 2026, "tier": "advisory"})
    unknown = api.post(cast.operator, "/holidays", {"environment": "production", "country": "ZZ", "year": 2026})

    assert answer.status_code == 201
    assert any("Independence Day" in each["name"] for each in answer.json())
    assert (unknown.status_code, unknown.json()["code"]) == (422, "BadRecurrence")


def test_a_booking_is_made_acknowledged_and_withdrawn_over_http(cast, target, api):
    phase = factories.bring_to_window(cast, factories.make_spec(cast))
    given = {"target": "production_db", "window": factories.make_window(target).pk, "operator": "otto", "on_call": "rosa"}

    booked = api.post(cast.operator, f"/changes/{phase.spec.number}/bookings", given).json()
    nothing = api.post(cast.operator, f"/bookings/{booked['id']}/acknowledge", {})
    collisions = api.get(cast.auditor, f"/bookings/{booked['id']}/collisions").json()
    withdrawn = api.post(cast.operator, f"/bookings/{booked['id']}/withdraw", {"reason": "the sale goes on"})

    assert (nothing.status_code, nothing.json()["code"]) == (409, "NotReady")
    assert collisions == []
    assert withdrawn.json()["cancelled_at"]
    assert not Booking.objects.live().exists()


def test_dependencies_are_said_and_taken_back_over_http_and_circles_are_refused(cast, target, api):
    one, other = (factories.make_spec(cast, factories.script_files(f"2026010{day}_0900")) for day in (1, 2))
    path = f"/changes/{one.number}/dependencies"

    added = api.post(cast.engineer, path, {"other": other.number})
    circle = api.post(cast.engineer, f"/changes/{other.number}/dependencies", {"other": one.number})
    listed = api.get(cast.auditor, path).json()
    removed = api.send(api.token(cast.engineer), "DELETE", f"{path}/{other.number}")

    assert added.status_code == 201
    assert (circle.status_code, circle.json()["path"]) == (409, [other.number, one.number, other.number])
    assert [(each["kind"], each["other"]) for each in listed] == [("requires", other.number)]
    assert removed.status_code == 200
    assert not Dependency.objects.exists()
