"""Mails and webhooks against real servers that refuse, hang, send elsewhere, and recover: nothing is lost, nothing arrives unseen twice."""

import base64
import logging
import threading
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db import connections
from django.test import Client
from django.utils import timezone

from governance import handoff, workflow
from governance.models import Delivery, DeliveryAttempt, DeliveryState, DigestPlan, Notice, NoticeChoice, Webhook
from governance.notices import NoticeKind, notify
from governance.sending import Call, Letter, signature
from governance.telling import ATTEMPTS, Way
from runner import tasks
from runner.engine import post as posting
from tests import factories
from tests.factories import Cast
from tests.runner.receivers import mail_server, web_server


@pytest.fixture
def cast(db) -> Cast:
    return factories.make_cast()


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    with web_server() as found:
        yield found


@pytest.fixture
def mailbox(settings):
    with mail_server() as (box, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield box


def hook(cast: Cast, address: str, name: str = "Chat", **given) -> str:
    return workflow.make_webhook(actor=cast.operator, name=name, address=address, form="full", **given)


def tell(*people, subject="The run failed", kind=NoticeKind.RUN_FAILED):
    notify(kind=kind, people=people, subject=subject, text="No lock.", link="/calendar/")


def later(**times) -> None:
    """As if so much time had passed for everything that waits."""
    Delivery.objects.waiting().update(due_at=timezone.now() - timedelta(seconds=1), **times)


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("subject", "state"))


def test_call_arrives_signed_with_the_secret_that_was_shown_once(cast, receiver):
    secret = hook(cast, receiver.url)
    tell()

    tasks.deliver()

    headers, body = receiver.got[0]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == f"v1,{signature(key, headers['webhook-id'], int(headers['webhook-timestamp']), body)}"
    assert states() == {"The run failed": "delivered"}
    assert DeliveryAttempt.objects.get().answer == "200 OK"


def test_what_is_refused_is_sent_again_with_its_id_until_it_arrives(cast, receiver):
    hook(cast, receiver.url)
    receiver.answers = [503, 500, 200]
    tell()

    for _ in range(3):
        tasks.deliver()
        later()

    assert len(set(receiver.ids)) == 1
    assert [each.answer for each in DeliveryAttempt.objects.order_by("pk")] == [
        "503 Service Unavailable. said", "500 Internal Server Error. said", "200 OK",
    ]  # fmt: skip
    assert states() == {"The run failed": "delivered"}


def test_who_does_not_answer_is_left_alone_and_gets_everything_in_order_when_back(cast, receiver):
    hook(cast, receiver.url)
    receiver.answers = [503, 200]
    for number in range(5):
        tell(subject=f"Event {number}")

    tasks.deliver()
    asked_while_away = len(receiver.got)
    tasks.deliver()
    asked_too_early = len(receiver.got)
    Delivery.objects.filter(subject="Event 0").update(due_at=timezone.now())
    tasks.deliver()

    assert (asked_while_away, asked_too_early) == (1, 1)
    assert [text.splitlines()[0] for text in receiver.texts] == ["Event 0", *(f"Event {number}" for number in range(5))]
    assert set(states().values()) == {"delivered"}


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_who_hangs_is_cut_off_and_asked_again(cast, receiver, monkeypatch, answer):
    monkeypatch.setattr(posting, "STEP", 0.3)
    monkeypatch.setattr(posting, "WHOLE", 0.4)
    hook(cast, receiver.url)
    receiver.answers = [answer, 200]
    tell()

    tasks.deliver()
    waiting = states()
    later()
    tasks.deliver()

    first = DeliveryAttempt.objects.earliest("pk")
    assert waiting == {"The run failed": "waiting"}
    assert first.answer.startswith("No answer")
    assert 0.2 < first.seconds < 2
    assert states() == {"The run failed": "delivered"}


def test_server_that_is_down_loses_nothing(cast, receiver, settings):
    with web_server() as gone:
        pass
    hook(cast, gone.url)
    tell()

    tasks.deliver()
    down = states()
    later()
    with web_server(int(gone.url.split(":")[2].split("/")[0])) as back:
        tasks.deliver()

    assert down == {"The run failed": "waiting"}
    assert len(back.got) == 1
    assert states() == {"The run failed": "delivered"}


def test_redirect_is_not_followed(cast, receiver):
    hook(cast, receiver.url)
    receiver.answers = [302]
    tell()

    tasks.deliver()

    assert len(receiver.got) == 1
    assert DeliveryAttempt.objects.get().answer.startswith("302")


def test_gone_means_gone_and_operators_are_told_and_may_send_it_again(cast, receiver):
    hook(cast, receiver.url)
    receiver.answers = [410, 200]
    tell()

    tasks.deliver()
    given_up = Delivery.objects.get(subject="The run failed")
    told = Notice.objects.get(kind=NoticeKind.DELIVERY_FAILED)
    workflow.send_again(actor=cast.operator, delivery=given_up)
    tasks.deliver()

    assert given_up.state == DeliveryState.GIVEN_UP
    assert told.person == cast.operator
    assert len(set(receiver.ids)) == 1
    assert states() == {"The run failed": "delivered"}


def test_it_is_given_up_after_the_last_attempt(cast, receiver):
    hook(cast, receiver.url)
    receiver.answers = [500]
    tell()
    Delivery.objects.update(attempts=ATTEMPTS - 1)

    tasks.deliver()

    assert states() == {"The run failed": "given_up"}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://127.0.0.1:9/", "network of one's own"),
        ("https://localhost/", "network of one's own"),
        ("https://169.254.169.254/latest/", "network of one's own"),
        ("https://[::1]/", "network of one's own"),
        ("http://example.com/", "https only"),
    ],
)
def test_address_of_ones_own_network_is_called_only_when_an_operator_of_the_portal_named_it(address, why):
    answer = posting.post(Call(factories.uuid.uuid4(), 1, address, b"{}", b"key"), ())

    assert (answer.arrived, answer.final) == (False, True)
    assert why in answer.answer


def test_worker_that_died_is_followed_by_another_with_the_same_id(cast, receiver):
    hook(cast, receiver.url)
    tell()
    taken = handoff.take_delivery()

    tasks.deliver()
    before = list(receiver.ids)
    Delivery.objects.update(taken_until=timezone.now())
    tasks.deliver()

    assert before == []
    assert receiver.ids == [str(taken.id)]
    assert list(DeliveryAttempt.objects.order_by("number").values_list("arrived", flat=True)) == [None, True]


def test_late_failure_of_an_older_attempt_changes_nothing(cast, receiver):
    hook(cast, receiver.url)
    tell()
    late = handoff.take_delivery()
    Delivery.objects.update(taken_until=timezone.now())
    tasks.deliver()

    handoff.sent(late, posting.Sent(False, "too late", final=True), 60.0)

    assert states() == {"The run failed": "delivered"}


def test_four_workers_at_once_send_each_delivery_once(committed, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    cast = factories.make_cast()
    with web_server() as receiver:
        hook(cast, receiver.url)
        for number in range(30):
            tell(subject=f"Event {number}")

        workers = [threading.Thread(target=_work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert len(receiver.ids) == len(set(receiver.ids)) == 30
    assert set(states().values()) == {"delivered"}


def _work() -> None:
    try:
        tasks.deliver()
    finally:
        connections.close_all()


def test_mail_goes_through_a_real_server_and_leads_to_a_page_that_asks_to_sign_in(cast, mailbox):
    tell(cast.engineer)

    tasks.deliver()

    to, message = mailbox.messages[0]
    assert to == "erin@example.com"
    assert "Subject: The run failed" in message
    assert "http://127.0.0.1:8000/calendar/" in message
    assert f"Message-ID: <{Delivery.objects.get().pk}@lockgate>" in message
    assert Client().get("/calendar/").headers["Location"].startswith("/login/")
    assert outbox.outbox == []


def test_mail_that_is_refused_for_now_comes_later_with_the_same_id(cast, mailbox):
    mailbox.refusals = ["451 Try again later"]
    tell(cast.engineer)

    tasks.deliver()
    waiting = states()
    later()
    tasks.deliver()

    assert waiting == {"The run failed": "waiting"}
    assert len(mailbox.messages) == 1
    assert DeliveryAttempt.objects.earliest("pk").answer.startswith("451")


def test_mailbox_that_does_not_exist_is_given_up_and_keeps_nobody_else_waiting(cast, mailbox):
    mailbox.unknown = {"erin@example.com"}
    tell(cast.engineer, cast.reviewer)

    tasks.deliver()

    assert dict(Delivery.objects.values_list("person__username", "state")) == {"erin": "given_up", "rosa": "delivered"}
    assert [to for to, _ in mailbox.messages] == ["rosa@example.com"]


def test_mail_server_that_is_down_is_asked_once_and_loses_nothing(cast, settings):
    with mail_server() as (_, port):
        pass
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    tell(cast.engineer, cast.reviewer)

    tasks.deliver()
    asked = DeliveryAttempt.objects.count()
    later()
    with mail_server(port) as (box, _):
        tasks.deliver()

    assert asked == 1
    assert sorted(to for to, _ in box.messages) == ["erin@example.com", "rosa@example.com"]


def test_mail_to_who_has_left_is_given_up(cast, mailbox):
    tell(cast.engineer)
    cast.engineer.is_active = False
    cast.engineer.save()

    tasks.deliver()

    assert mailbox.messages == []
    assert states() == {"The run failed": "given_up"}


def test_digest_gathers_what_was_put_aside_and_comes_once_at_its_hour(cast, mailbox):
    NoticeChoice.objects.create(person=cast.engineer, kind=NoticeKind.RUN_FAILED, way=Way.DIGEST)
    DigestPlan.objects.create(person=cast.engineer, days="daily", hour=0, zone="UTC")
    tell(cast.engineer, subject="First")
    tell(cast.engineer, subject="Second")

    handoff.make_digests()
    tasks.deliver()
    early = len(mailbox.messages)
    Notice.objects.update(at=timezone.now() - timedelta(days=1))
    handoff.make_digests()
    handoff.make_digests()
    tasks.deliver()

    assert early == 0
    (to, message) = mailbox.messages[0]
    assert (len(mailbox.messages), to) == (1, "erin@example.com")
    assert message.index("First") < message.index("Second", message.index("First"))


def test_neither_secret_nor_address_is_shown_again_or_logged(cast, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    secret = hook(cast, receiver.url)
    receiver.answers = [500]
    browser = Client()
    browser.force_login(cast.operator)
    row = Webhook.objects.get()
    browser.post(f"/notices/webhooks/{row.pk}/", {"test": "1"})

    tasks.deliver()
    pages = [
        browser.get(path).content.decode()
        for path in ("/notices/webhooks/", f"/notices/webhooks/{row.pk}/", "/notices/deliveries/", "/audit/")
    ]

    for text in (*pages, caplog.text):
        assert secret not in text
        assert "secret-path" not in text
    assert "500 Internal Server Error" in pages[1]


def test_letter_is_what_a_mail_becomes(cast, settings):
    settings.EMAIL_HOST = "localhost"
    tell(cast.engineer)

    assert isinstance(handoff.take_delivery(), Letter)
    assert handoff.take_delivery() is None
