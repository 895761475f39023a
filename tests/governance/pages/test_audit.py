"""The time line: who did what, what was and is, and finding it again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance import audit, workflow
from governance.audit import System
from governance.errors import Refusal
from governance.models import AuditEvent
from governance.pages.audit import PAGE, Wanted, audit_page
from tests import factories
from tests.governance.pages.scenes import browser, html, words

pytestmark = pytest.mark.django_db
DIGEST = "0123456789ab" + "c" * 52


@pytest.fixture
def events(cast):
    """Nothing but what a test tells."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        AuditEvent.objects.all().delete()
        cursor.execute("SET session_replication_role = DEFAULT")


def shown(page: str) -> str:
    """The time line itself, in words."""
    found = re.search(r'<ol class="log">.*</ol>', page, re.DOTALL)
    return words(found.group()) if found else ""


def test_empty_history_says_what_would_stand_there(cast, events):
    page = words(html(cast.auditor, "/audit/"))

    assert "Whatever happens stands here" in page


def test_event_names_the_person_and_leads_to_the_change(cast, events):
    cast.reviewer.first_name, cast.reviewer.last_name = "Rosa", "Diaz"
    cast.reviewer.save()
    audit.append(cast.reviewer, "approval.approved", "CHG-7", "rosa approved Levels (technical).", digest=DIGEST)

    page = html(cast.auditor, "/audit/")

    assert "Rosa Diaz approved Levels (technical)." in shown(page)
    assert 'href="/governance/spec/7/change/">CHG-7</a>' in page
    assert f'<span class="mono" title="{DIGEST}">0123456789ab</span>' in page


def test_sentence_that_does_not_begin_with_its_actor_is_put_behind_the_name(cast, events):
    audit.append(System.RUNNER, "observation.done", "CHG-7", "observation of staging: facts read.", id="x")

    page = html(cast.auditor, "/audit/?readings=on")

    assert "The runner: observation of staging: facts read." in shown(page)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("script.edit", {"before": 12, "after": 15}, "Checksum 12 15"),
        ("spec.edit", {"before": {"purpose": "Old."}, "after": {"purpose": "New."}}, "Purpose Old. New."),
        ("target.change", {"difference": {"owner_role": ["", "owner"]}, "changed": ["owner_role"]}, "Owner role owner"),
        ("spec.submit", {"scripts": ["V1__a.sql", "V2__b.sql"]}, "Scripts V1__a.sql, V2__b.sql"),
        ("run.claim", {"again": False, "applied": []}, ""),
    ],
)
def test_data_are_read_as_rows_of_what_was_and_is(cast, events, kind, data, expected):
    audit.append(cast.engineer, kind, "CHG-7", "erin did something.", **data)

    page = html(cast.auditor, "/audit/")

    assert expected in shown(page)
    assert ('<dl class="diff">' in page) is bool(expected)


def test_what_was_and_is_are_marked_as_such(cast, events):
    audit.append(cast.engineer, "script.edit", "CHG-7", "erin edited a script.", before=12, after=15)

    page = html(cast.auditor, "/audit/")

    assert re.search(r"<del><span>12</span></del>\s*<ins><span>15</span></ins>", page)


def test_values_of_an_event_are_escaped(cast, events):
    audit.append(cast.engineer, "spec.edit", "<b>", "erin wrote <script>x</script>", before={"purpose": "<img onerror=x>"})

    page = html(cast.auditor, "/audit/")

    assert "<img onerror" not in page
    assert "<script>x" not in page


def test_refusal_stands_on_tinted_ground_and_can_be_looked_for(cast, events):
    audit.append(cast.engineer, "spec.submit", "CHG-7", "erin submitted it.")
    audit.append(cast.engineer, "refused.approve", "CHG-7", "Authors cannot approve their own change.", code="own-change")

    everything, refusals = html(cast.auditor, "/audit/"), html(cast.auditor, "/audit/?refused=on")

    assert everything.count('<li class="refused">') == 1
    assert "erin submitted it." in shown(everything)
    assert "erin was refused: Authors cannot approve their own change. CHG-7 Code own-change" in shown(refusals)
    assert "submitted" not in shown(refusals)


def test_real_refusal_is_in_the_history(cast):
    factories.make_targets()
    phase = factories.bring_to_approval(cast, factories.make_spec(cast))
    with pytest.raises(Refusal):
        workflow.approve(actor=cast.engineer, phase=phase, kind="technical", digest="")

    page = html(cast.auditor, "/audit/?kind=Approvals")

    assert page.count('<li class="refused">') == 1


@pytest.mark.parametrize(
    ("query", "all_of_them"), [("", False), ("?readings=on", True), ("?kind=Analyses+and+rehearsals", True), ("?q=read", True)]
)
def test_routine_readings_stand_aside_until_they_are_asked_for(cast, events, query, all_of_them):
    audit.append(System.CLOCK, "observation.request", "staging", "It is time to read staging.")
    audit.append(System.RUNNER, "observation.done", "staging", "observation of staging: facts read.", id="x")
    audit.append(System.RUNNER, "observation.failed", "staging", "observation of staging: nobody could read it.", id="y")

    page = shown(html(cast.auditor, f"/audit/{query}"))

    assert "nobody could read it." in page
    assert ("facts read." in page) == all_of_them


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=rosa", {"rosa approved it."}),
        ("kind=Approvals", {"rosa approved it."}),
        ("kind=Changes", {"erin submitted it."}),
        ("subject=8", {"rosa approved it."}),
        ("subject=chg-7", {"erin submitted it."}),
        ("q=APPROVED", {"rosa approved it."}),
        ("q=approved&subject=7", set()),
        ("kind=nonsense", {"erin submitted it.", "rosa approved it."}),
        ("since=2000-01-01&until=2000-01-02", set()),
        ("since=nonsense", {"erin submitted it.", "rosa approved it."}),
    ],
)
def test_filters_leave_out_what_does_not_fit(cast, events, query, found):
    audit.append(cast.engineer, "spec.submit", "CHG-7", "erin submitted it.")
    audit.append(cast.reviewer, "approval.approved", "CHG-8", "rosa approved it.")

    page = html(cast.auditor, f"/audit/?{query}")

    assert {text for text in ("erin submitted it.", "rosa approved it.") if text in shown(page)} == found
    assert ("Nothing in the history fits." in words(page)) is not bool(found)


def test_period_takes_its_last_day_whole(cast, events):
    audit.append(cast.engineer, "spec.submit", "CHG-7", "erin submitted it.")
    today = timezone.localdate()

    inside = audit_page(Wanted(since=today, until=today))
    outside = audit_page(Wanted(until=today - timedelta(days=1)))

    assert inside["shown"] == 1
    assert outside["shown"] == 0


def test_pages_follow_each_other_without_gap_or_repetition(cast, events):
    for number in range(2 * PAGE + 10):
        audit.append(cast.engineer, "run.step", "CHG-7", f"step {number}")

    first = audit_page(Wanted())
    audit.append(cast.engineer, "run.step", "CHG-7", "meanwhile")
    second = audit_page(Wanted(before=first["older"]))
    third = audit_page(Wanted(before=second["older"]))
    back = audit_page(Wanted(after=third["newer"]))

    pages = [[event["text"] for day in page["days"] for event in day["events"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [PAGE, PAGE, 10]
    assert [text for page in pages for text in page] == [f"step {number}" for number in reversed(range(2 * PAGE + 10))]
    assert (first["newer"], third["older"]) == (None, None)
    assert back["days"] == second["days"]


def test_links_between_pages_keep_the_filters(cast, events):
    for number in range(PAGE + 1):
        audit.append(cast.engineer, "run.step", "CHG-7", f"step {number}")

    page = html(cast.auditor, "/audit/?subject=CHG-7")

    assert re.search(r'href="\?subject=CHG-7&amp;before=\d+"', page)


@pytest.mark.parametrize("position", ["-1", "x", "9" * 30, "²"])
def test_unreadable_position_is_the_newest_page(cast, events, position):
    audit.append(cast.engineer, "spec.submit", "CHG-7", "erin submitted it.")

    page = html(cast.auditor, f"/audit/?before={position}")

    assert "erin submitted it." in shown(page)


def test_full_page_takes_two_queries(cast, events, django_assert_num_queries, django_assert_max_num_queries):
    for number in range(PAGE):
        audit.append(cast.engineer, "spec.edit", f"CHG-{number}", "erin edited it.", before={"purpose": "x"})

    with django_assert_num_queries(2):
        audit_page(Wanted())
    client = browser(cast.reviewer)
    with django_assert_max_num_queries(15):
        client.get("/audit/")
