"""B21: what was changed in a target past the portal is found, named, shown, and has to be answered for."""

from governance.models import AuditEvent, Drift
from tests import factories
from tests.governance.behaviours.ways import browser, by_page
from tests.governance.test_drift import reading, see


def make_drift(cast) -> Drift:
    target = factories.make_targets()[1]
    see(target, reading("name"))
    see(target, reading("name", "hotfix"))
    return Drift.objects.get()


def test_b21_change_past_the_portal_is_found_and_named(cast):
    drift = make_drift(cast)

    event = AuditEvent.objects.get(kind="drift.found")
    assert "hotfix" in event.text
    assert drift.state == "open"


def test_b21_home_and_its_page_tell_of_it(cast):
    drift = make_drift(cast)

    home, page = (browser(cast.auditor).get(path).content.decode() for path in ("/", f"/drift/{drift.pk}/"))

    assert "changed outside Lockgate" in home
    assert "hotfix" in page


def test_b21_it_is_answered_for_with_a_reason_by_who_may(cast):
    drift = make_drift(cast)
    address = f"/drift/{drift.pk}/"

    refused = [
        by_page(cast.engineer, address, answer="accept", reason="Mine."),
        by_page(cast.operator, address, answer="accept", reason=" "),
        by_page(cast.operator, address, answer="accept", reason="Hotfix of INC-4711."),
    ]

    assert refused == ["MissingRole", "NeedsReason", ""]
    assert Drift.objects.get().reason == "Hotfix of INC-4711."
