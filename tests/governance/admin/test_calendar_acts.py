"""Windows, bookings and people, through the admin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import workflow
from governance.models import Availability, Booking, Collision, Target, Window
from tests import factories


@pytest.fixture
def phase(spec):
    return factories.phase_of(spec)


def window(**given):
    starts = {"starts_0": "2026-12-05", "starts_1": "01:00", "ends_0": "2026-12-05", "ends_1": "05:00"}
    return {"name": "night", "kind": "maintenance", "tier": "hard", "capacity": "1", "zone": "UTC", "rule": "", **starts, **given}


def test_operator_adds_a_window_that_recurs(cast, spec, sign_in):
    target = Target.objects.get(name="production_db")

    sign_in(cast.operator).post("/governance/window/add/", window(target=target.pk, rule="FREQ=WEEKLY;BYDAY=SA", zone="Europe/Berlin"))

    added = Window.objects.get()
    assert (added.target, added.environment, added.rule) == (target, None, "FREQ=WEEKLY;BYDAY=SA")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rule": "every Saturday"}, "it cannot be read"),
        ({"zone": "Berlin"}, "no time zone has this name"),
        ({}, "choose exactly one of them"),
    ],
)
def test_form_says_what_is_wrong_with_a_window(cast, spec, sign_in, given, why):
    scope = {"environment": Target.objects.get(name="production_db").environment_id} if given else {}

    answer = sign_in(cast.operator).post("/governance/window/add/", window(**scope, **given))

    assert why in answer.content.decode()
    assert not Window.objects.exists()


def test_operator_says_when_somebody_can_be_booked(cast, spec, sign_in):
    sign_in(cast.operator).post("/governance/availability/add/", window(person=cast.operator.pk, rule="FREQ=DAILY"))

    assert Availability.objects.get().person == cast.operator


def act(client, phase, name, **given):
    deployment = phase.deployments.get(target__environment__production=True)
    return client.post(f"/governance/spec/{phase.spec_id}/{phase.pk}/act/{name}/", {"deployment": deployment.pk, **given}, follow=True)


@pytest.mark.at("window")
def test_operator_withdraws_a_booking_with_a_reason(cast, phase, sign_in):
    target = factories.on(phase, production=True).target
    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target))
    client = sign_in(cast.operator)

    without = act(client, phase, "withdraw_booking").content.decode()
    done = act(client, phase, "withdraw_booking", reason="the sale goes on").content.decode()

    assert "write down why" in without
    assert "Withdrawn. The time is free again" in done
    assert not Booking.objects.live().exists()


@pytest.mark.at("window")
def test_operator_acknowledges_what_came_up_since(cast, phase, sign_in):
    target = factories.on(phase, production=True).target
    window = factories.make_window(target, capacity=2, hours=8)
    first = workflow.book(actor=cast.operator, phase=phase, target=target, window=window, ends=timezone.now() + timedelta(hours=1))
    other = factories.bring_to_window(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))
    later = workflow.book(actor=cast.operator, phase=other, target=target, window=window, starts=first.ends)
    columns = "INSERT INTO governance_collision (booking_id, other_id, score, why) VALUES (%s, %s, %s, %s)"
    factories.at_once(columns, [later.pk, first.pk, 0.4, "both are on production_db"])
    client = sign_in(cast.operator)

    page = client.get(f"/governance/spec/{other.spec_id}/change/?tab=schedule").content.decode()
    answer = act(client, other, "acknowledge_collision").content.decode()

    assert "Both are on production_db" in page
    assert "Acknowledge what a booking disturbs on production_db" in page
    assert "It is kept that you know." in answer
    assert Collision.objects.get().acknowledged_by == cast.operator


@pytest.mark.at("window")
def test_conflict_leads_to_a_form_with_the_next_time_that_fits(cast, phase, sign_in):
    target = factories.on(phase, production=True).target
    window = factories.make_window(target, starts_in=24, rule="FREQ=DAILY")
    workflow.book(actor=cast.operator, phase=phase, target=target, window=window)
    factories.make_blackout(target, starts_in=20, hours=12)
    client = sign_in(cast.operator)
    address = f"/governance/spec/{phase.spec_id}/{phase.pk}/form/book/?next=yes"

    calendars = [client.get(f"/calendar/?view={view}").content.decode() for view in ("month", "week", "agenda")]
    form = client.get(address).context["form"]

    assert any(f'<a href="{address}">Move it to the next time that fits</a>' in page for page in calendars)
    assert form.initial["starts"] == window.starts + timedelta(days=1)
    assert form.initial["ends"] - form.initial["starts"] == window.ends - window.starts
    assert form.initial["window"] == window


@pytest.mark.at("window")
def test_whoever_may_not_book_is_not_led_to_the_form(cast, phase, sign_in):
    target = factories.on(phase, production=True).target
    workflow.book(actor=cast.operator, phase=phase, target=target, window=factories.make_window(target, starts_in=24))
    factories.make_blackout(target, starts_in=20, hours=12)

    page = sign_in(cast.auditor).get("/calendar/?view=agenda").content.decode()

    assert "1 booking in conflict" in page
    assert "Move it" not in page
