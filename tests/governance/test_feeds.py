"""Calendar feeds: who reads them, what stands in them, and that other programs understand it."""

import re
from datetime import timedelta

import icalendar
import pytest
from django.test import Client
from ical.calendar_stream import IcsCalendarStream

from governance import workflow
from governance.errors import BadSpecification, MissingRole, NotReady
from governance.lifecycle import Role
from governance.models import AuditEvent, Booking, CalendarFeed, Domain, FeedKind
from portal.redaction import Redaction
from tests import factories
from tests.factories import Cast
from tests.governance.conftest import wanted_of
from tests.governance.pages.scenes import browser, html, words


def booked(cast: Cast) -> None:
    target = factories.make_targets()[1]
    phase = factories.bring_to_window(cast, factories.make_spec(cast, title="Levels, grades; and “more”"))
    window = factories.make_window(target, rule="FREQ=WEEKLY", zone="Europe/Berlin")
    factories.make_blackout(target, starts_in=48, name="Sale")
    workflow.book(actor=cast.operator, phase=phase, target=target, window=window, on_call=cast.reviewer)


@pytest.fixture
def beginning(request):
    return wanted_of(request, {"booking": booked})


@pytest.fixture
def booking(cast: Cast):
    return Booking.objects.get()


def read(secret: str) -> bytes:
    answer = Client().get(f"/feeds/{secret}.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return answer.content


def titles(secret: str) -> list[str]:
    """As the first parser reads them; the second has to agree."""
    text = read(secret)
    one = {str(event["uid"]): event for event in icalendar.Calendar.from_ical(text).walk("VEVENT")}
    other = {event.uid: event for event in IcsCalendarStream.calendar_from_ics(text.decode()).events}
    assert {key: (str(each["summary"]), each["dtstart"].dt, each["dtend"].dt) for key, each in one.items()} == {
        key: (each.summary, each.dtstart, each.dtend) for key, each in other.items()
    }
    return [str(event["summary"]) for event in one.values()]


def test_feed_of_a_target_has_its_bookings_windows_and_blackouts_for_two_parsers(cast, booking):
    secret = workflow.make_feed(actor=cast.auditor, kind=FeedKind.TARGET, target=booking.target)

    found = titles(secret)

    assert f"{booking.phase.spec.number} on production_db: Levels, grades; and “more”" in found
    assert "Hard blackout: Sale" in found
    assert found.count("Window: night") > 20


def test_feeds_of_a_person_a_role_and_a_domain_have_what_is_theirs(cast, booking):
    own = f"{booking.phase.spec.number} on production_db: {booking.phase}"
    labor, other = Domain.objects.get(slug="labor"), factories.make_domain("bidding")
    scopes = {
        ("author", cast.engineer): {"kind": FeedKind.PERSON},
        ("on call", cast.reviewer): {"kind": FeedKind.PERSON},
        ("stranger", cast.auditor): {"kind": FeedKind.PERSON},
        ("reviewers", cast.auditor): {"kind": FeedKind.ROLE, "role": Role.REVIEWER},
        ("stakeholders", cast.auditor): {"kind": FeedKind.ROLE, "role": Role.STAKEHOLDER},
        ("domain", cast.auditor): {"kind": FeedKind.DOMAIN, "domain": labor},
        ("other domain", cast.auditor): {"kind": FeedKind.DOMAIN, "domain": other},
    }

    having = {name for (name, person), scope in scopes.items() if own in titles(workflow.make_feed(actor=person, **scope))}

    assert having == {"author", "on call", "reviewers", "domain"}


def test_an_address_stops_working_when_it_is_revoked_or_its_owner_leaves(cast, booking):
    secrets = [workflow.make_feed(actor=person, kind=FeedKind.PERSON) for person in (cast.engineer, cast.auditor, cast.stakeholder)]
    workflow.revoke_feed(actor=cast.operator, feed=CalendarFeed.objects.get(owner=cast.engineer))
    type(cast.auditor).objects.filter(pk=cast.auditor.pk).update(is_active=False)
    cast.stakeholder.groups.clear()

    statuses = [Client().get(f"/feeds/{secret}.ics").status_code for secret in (*secrets, "lg_nobody-has-this")]

    assert statuses == [404, 404, 404, 404]


def test_only_the_owner_and_operators_revoke_and_only_once(cast, booking):
    workflow.make_feed(actor=cast.engineer, kind=FeedKind.PERSON)
    feed = CalendarFeed.objects.get()

    with pytest.raises(MissingRole):
        workflow.revoke_feed(actor=cast.reviewer, feed=feed)
    workflow.revoke_feed(actor=cast.engineer, feed=feed)
    with pytest.raises(NotReady, match="was revoked"):
        workflow.revoke_feed(actor=cast.engineer, feed=feed)

    assert list(AuditEvent.objects.filter(kind__startswith="feed.").values_list("kind", flat=True)) == ["feed.revoke", "feed.make"]


@pytest.mark.parametrize("scope", [{"kind": FeedKind.TARGET}, {"kind": FeedKind.ROLE}, {"kind": FeedKind.PERSON, "role": Role.AUDITOR}])
def test_a_feed_is_of_exactly_what_its_kind_says(cast, booking, scope):
    with pytest.raises(BadSpecification, match="name exactly what its kind says"):
        workflow.make_feed(actor=cast.engineer, **scope)


def test_a_feed_is_made_on_its_page_shown_once_and_revoked_there(cast, booking):
    client = browser(cast.engineer)

    made = client.post("/calendar/feeds/", {"kind": "target", "target": booking.target.pk, "role": "auditor"}).content.decode()
    secret = re.search(r"/feeds/(lg_[\w-]+)\.ics", made)[1]
    again = html(cast.engineer, "/calendar/feeds/")
    missing = client.post("/calendar/feeds/", {"kind": "domain"}).content.decode()
    client.post("/calendar/feeds/", {"revoke": CalendarFeed.objects.get().pk})

    assert secret not in again
    assert "production_db" in words(again)
    assert "Choose the domain that the feed is of." in missing
    assert CalendarFeed.objects.get().revoked_at
    assert CalendarFeed.objects.get().hash not in again


def test_no_log_shows_the_secret_of_an_address(cast, booking):
    secret = workflow.make_feed(actor=cast.engineer, kind=FeedKind.PERSON)

    assert secret not in Redaction({})(f"GET path=/feeds/{secret}.ics status=200")


def test_a_feed_keeps_what_is_soon_and_was_lately(cast, booking):
    target = booking.target
    factories.make_window(target, starts_in=24 * 400, name="far away")
    factories.make_window(target, starts_in=-24 * 60, name="long ago")

    found = titles(workflow.make_feed(actor=cast.auditor, kind=FeedKind.TARGET, target=target))

    assert not {"Window: far away", "Window: long ago"} & set(found)
    assert booking.ends - booking.starts == timedelta(hours=4)
