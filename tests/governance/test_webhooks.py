"""Operators set webhooks up; nobody is shown a secret or a whole address again."""

import pytest
from django.test import Client

from governance import workflow
from governance.errors import BadInput, MissingRole, NotReady
from governance.models import AuditEvent, Delivery, DigestPlan, NoticeChoice, Webhook
from governance.notices import NoticeKind
from governance.telling import Way
from tests.factories import Cast


def make(cast: Cast, address: str = "https://hooks.example.com/T/secret", **given: str) -> str:
    return workflow.make_webhook(actor=cast.operator, name="Chat", form="slack", **{"address": address, **given})


def browser_of(person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.mark.parametrize("name", ["engineer", "reviewer", "stakeholder", "auditor"])
def test_only_operators_set_up_webhooks(cast, name):
    make(cast)
    person, row = getattr(cast, name), Webhook.objects.get()

    for act in (workflow.renew_secret, workflow.end_webhook, workflow.send_test):
        with pytest.raises(MissingRole):
            act(actor=person, webhook=row)
    posted = browser_of(person).post("/notices/webhooks/", {"name": "Mine", "address": "https://a.example.com/", "form": "full"})

    assert "set up webhooks" in posted.content.decode()
    assert Webhook.objects.get() == row
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ftp://hooks.example.com/", "no address"),
        ("javascript:alert(1)", "no address"),
        ("http://hooks.example.com/", "https only"),
        ("https://user:password@hooks.example.com/", "a name or a password"),
    ],
)
def test_address_that_is_not_called_is_refused_at_once(cast, address, why):
    with pytest.raises(BadInput, match=why):
        make(cast, address)


def test_secret_is_shown_once_and_address_never_again(cast):
    browser = browser_of(cast.operator)
    answer = browser.post("/notices/webhooks/", {"name": "Chat", "address": "https://hooks.example.com/T/secret", "form": "slack"})
    row = Webhook.objects.get()

    later = [browser.get(path).content.decode() for path in ("/notices/webhooks/", f"/notices/webhooks/{row.pk}/", "/audit/")]

    assert answer.content.decode().count("whsec_") == 1
    assert [text for text in later if "whsec_" in text or "/T/secret" in text] == []
    assert "/T/secret" not in str(list(AuditEvent.objects.values_list("text", "data")))


def test_renewed_secret_is_another_and_no_table_holds_it(cast):
    first = make(cast)

    answer = browser_of(cast.operator).post(f"/notices/webhooks/{Webhook.objects.get().pk}/", {"renew": "1"}).content.decode()

    assert "whsec_" in answer
    assert first not in answer
    assert [event.kind for event in AuditEvent.objects.filter(kind__startswith="webhook.").order_by("pk")] == [
        "webhook.make",
        "webhook.renew",
    ]


def test_what_waits_for_a_webhook_that_ends_is_given_up_and_nothing_is_sent_there_again(cast):
    make(cast)
    delivery = workflow.send_test(actor=cast.operator, webhook=Webhook.objects.get())

    ended = workflow.end_webhook(actor=cast.operator, webhook=Webhook.objects.get())

    assert Delivery.objects.get().state == "given_up"
    with pytest.raises(NotReady, match="has ended"):
        workflow.send_again(actor=cast.operator, delivery=delivery)
    with pytest.raises(NotReady, match="Make a new one"):
        workflow.send_test(actor=cast.operator, webhook=ended)


def test_people_choose_on_their_page_and_only_what_differs_is_kept(cast):
    browser = browser_of(cast.engineer)
    fields = {field: str(kind.value()) for field, kind in _fields(browser).items()}

    browser.post("/notices/choices/", {**fields, "run_failed": "digest", "days": "daily", "hour": "7", "zone": "Europe/Berlin"})
    bad = browser.post("/notices/choices/", {**fields, "run_failed": "pigeon"})

    choice, plan = NoticeChoice.objects.get(), DigestPlan.objects.get()
    assert (choice.person, choice.kind, choice.way) == (cast.engineer, NoticeKind.RUN_FAILED, Way.DIGEST)
    assert (plan.days, plan.hour, plan.zone) == ("daily", 7, "Europe/Berlin")
    assert "pigeon is not one of the available choices" in bad.content.decode()


def _fields(browser):
    form = browser.get("/notices/choices/").context["page"]["form"]
    return {name: form[name] for name in form.fields}


@pytest.mark.parametrize("path", ["/notices/", "/notices/choices/", "/notices/webhooks/", "/notices/deliveries/"])
def test_pages_need_few_queries(cast, path, django_assert_max_num_queries):
    browser = browser_of(cast.operator)
    make(cast)
    for _ in range(5):
        workflow.send_test(actor=cast.operator, webhook=Webhook.objects.get())

    with django_assert_max_num_queries(15):
        answer = browser.get(path)

    assert answer.status_code == 200
