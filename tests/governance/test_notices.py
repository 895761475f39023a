"""People are told once, in the transaction of what happened, by the way that they chose."""

import pytest
from django.db import transaction
from django.test import Client

from governance import bell, workflow
from governance.models import Delivery, Notice, NoticeChoice, Webhook
from governance.notices import NoticeKind, notify
from governance.policy import ApprovalKind
from governance.telling import KINDS, Way
from tests import factories
from tests.governance.pages.scenes import keep


def tell(*people, kind=NoticeKind.RUN_FAILED, **given):
    notify(kind=kind, people=people, subject="The run failed", text="A lock was not granted.", **given)


def test_everything_that_people_are_told_of_is_labelled():
    assert set(KINDS) == set(NoticeKind)


def test_each_person_is_told_once_and_who_has_left_is_not(cast):
    cast.auditor.is_active = False

    tell(cast.engineer, cast.operator, cast.engineer, cast.auditor)

    assert sorted(Notice.objects.values_list("person__username", flat=True)) == ["erin", "otto"]


def test_mail_goes_to_who_chose_it_and_only_where_there_is_a_mail_server(cast, settings):
    NoticeChoice.objects.create(person=cast.operator, kind=NoticeKind.RUN_FAILED, way=Way.PORTAL)
    tell(cast.engineer, cast.operator)
    settings.EMAIL_HOST = "localhost"

    tell(cast.engineer, cast.operator)

    assert Delivery.objects.get().person == cast.engineer
    assert Notice.objects.count() == 4


def test_webhook_is_told_once_of_what_it_listens_for_whoever_is_told(cast):
    listening = keep(Webhook(name="all", address="https://a.example.com/", made_by=cast.operator))
    keep(Webhook(name="drift", address="https://b.example.com/", made_by=cast.operator, kinds=[NoticeKind.DRIFT_FOUND]))

    tell(cast.engineer, cast.operator)

    assert Delivery.objects.get().webhook == listening


def test_the_bell_rings_once_after_the_commit_and_not_without_it(cast, settings, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(bell, "_callbacks", [lambda kind, row: rung.append(kind)])
    settings.EMAIL_HOST = "localhost"

    with django_capture_on_commit_callbacks(execute=True):
        tell(cast.engineer, cast.operator)
        before = list(rung)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        tell(cast.engineer)
        transaction.set_rollback(True)

    assert (before, rung) == ([], ["deliver"])
    assert Notice.objects.count() == 2


@pytest.mark.at("approval")
def test_who_wrote_a_change_is_told_of_a_decision_and_led_to_the_change(cast, spec):
    phase = factories.phase_of(spec)
    digest = workflow.digest_for(phase, ApprovalKind.TECHNICAL)

    workflow.reject(actor=cast.reviewer, phase=phase, kind=ApprovalKind.TECHNICAL, digest=digest, reason="No index.")

    told = Notice.objects.get(kind=NoticeKind.REJECTED)
    assert (told.person, told.link) == (cast.engineer, f"/governance/spec/{spec.pk}/change/")
    assert "No index." in told.text


def test_page_shows_ones_own_and_marks_them(cast):
    tell(cast.engineer, cast.operator, link="/calendar/")
    browser = Client()
    browser.force_login(cast.engineer)
    mine, other = (Notice.objects.get(person=person) for person in (cast.engineer, cast.operator))

    page = browser.get("/notices/").content.decode()
    led = browser.get(f"/notices/{mine.pk}/")
    after = browser.get("/notices/?unread").content.decode()
    refused = browser.get(f"/notices/{other.pk}/")
    browser.post("/notices/", {"unread": other.pk, "read": other.pk})

    assert page.count("The run failed</a>") == 1
    assert "Notices, 1 unread" in page
    assert led.headers["Location"] == "/calendar/"
    assert "Nothing fits" in after
    assert refused.status_code == 404
    assert Notice.objects.get(pk=other.pk).read_at is None


def test_all_are_marked_read_at_once(cast):
    for _ in range(3):
        tell(cast.engineer, cast.operator)

    read = workflow.mark_read(actor=cast.engineer)

    assert read == 3
    assert Notice.objects.unread().count() == 3


def test_link_takes_nobody_anywhere_who_is_not_signed_in(cast):
    tell(cast.engineer, link="/calendar/")

    answer = Client().get(f"/notices/{Notice.objects.get().pk}/")

    assert answer.headers["Location"].startswith("/login/")
    assert Notice.objects.unread().count() == 1
