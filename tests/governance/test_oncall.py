"""Who runs what is booked, and who is called while it runs and while the change is watched."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from governance import oncall, workflow
from governance.models import Booking, Environment
from tests import factories
from tests.factories import on, phase_of
from tests.governance.api.caller import Caller


@pytest.fixture
def booking(cast, spec) -> Booking:
    """Booked anew with people, and watched for a day afterwards."""
    with factories.transaction.atomic():
        factories.audit.append(factories.System.FIXTURES, "test.set_up", "", "A day of watching.")
        production = Environment.objects.get(production=True)
        production.monitoring_seconds = 86400
        factories.save(factories.System.FIXTURES, production)
    target = on(phase_of(spec), production=True).target
    window = Booking.objects.live().get().window
    return workflow.book(
        actor=cast.operator, phase=phase_of(spec), target=target, window=window, operator=cast.operator, on_call=cast.engineer
    )


@pytest.mark.at("production")
def test_who_is_on_call_is_so_until_the_change_is_not_watched_any_more(booking):
    last = booking.ends + timedelta(days=1)

    moments = (booking.starts, last - timedelta(seconds=1), last)

    assert [[row.person.username for row in oncall.on_call(moment)] for moment in moments] == [["erin"], ["erin"], []]
    assert list(oncall.on_call(booking.starts, ["staging_db"])) == []


@pytest.mark.at("production")
def test_pages_say_who_runs_it_and_who_is_on_call(cast, spec, booking):
    browser = Client()
    browser.force_login(cast.auditor)

    pages = [
        browser.get(path).content.decode()
        for path in (f"/governance/spec/{spec.pk}/change/?tab=schedule", "/calendar/", "/calendar/?view=agenda")
    ]

    assert [page.count("otto runs it; erin is on call until") for page in pages] == [1, 1, 1]


@pytest.mark.at("production")
def test_it_is_said_over_http(cast, booking):
    api = Caller()

    now = api.get(cast.auditor, f"/calendar/on-call?targets=production_db&at={booking.starts + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")
    later = api.get(cast.auditor, f"/calendar/on-call?at={timezone.now() + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}")
    unknown = api.get(cast.auditor, "/calendar/on-call?targets=nowhere")

    assert [(each["person"], each["target"]) for each in now.json()] == [("erin", "production_db")]
    assert later.json() == []
    assert unknown.status_code == 404
