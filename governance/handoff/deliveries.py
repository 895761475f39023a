"""What has to be sent out: a row that waits, taken by one sender at a time, tried again until it arrives or is given up."""

from datetime import timedelta
from random import random

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from governance import audience
from governance.lifecycle import Role
from governance.models import Delivery, DeliveryAttempt, DeliveryState, Webhook, WebhookForm
from governance.notices import NoticeKind, notify
from governance.sending import Call, Event, Letter, Sent, full_body, slack_body
from governance.telling import ATTEMPTS, pause_after
from governance.webhook_keys import key_of

LEASE = timedelta(seconds=60)  # longer than any attempt lasts: whoever took a delivery and died loses it then
ANSWER = 300  # characters


def delivery_due() -> bool:
    return _ready().exists()


def take_delivery() -> Letter | Call | None:
    """The one that has waited longest, for one attempt; None when nothing is due."""
    with transaction.atomic():
        row = (
            _ready()
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("person", "webhook")
            .order_by("due_at", "made_at")
            .first()
        )
        if row is None:
            return None
        row.attempts, row.taken_until = row.attempts + 1, timezone.now() + LEASE
        row.save(update_fields=["attempts", "taken_until"])
        DeliveryAttempt.objects.create(delivery=row, number=row.attempts)
        return _call(row, row.webhook) if row.webhook else _letter(row)


def _ready() -> QuerySet[Delivery]:
    now = timezone.now()
    return Delivery.objects.waiting().filter(Q(taken_until=None) | Q(taken_until__lte=now), due_at__lte=now)


def _letter(row: Delivery) -> Letter:
    link = f"{settings.PORTAL_URL}{row.link}" if row.link else ""
    why = f"You chose to be told this by mail: {settings.PORTAL_URL}{reverse('admin:notice_choices')}"
    to = row.person.email if row.person and row.person.is_active else ""
    return Letter(row.pk, row.attempts, to, row.subject, "\n\n".join(filter(None, [row.text, link, f"-- \n{why}"])) + "\n")


def _call(row: Delivery, webhook: Webhook) -> Call:
    link = f"{settings.PORTAL_URL}{row.link}" if row.link else ""
    event = Event(row.pk, row.kind, row.made_at, row.subject, row.text, row.change, link)
    body = slack_body(event) if webhook.form == WebhookForm.SLACK else full_body(event)
    return Call(row.pk, row.attempts, webhook.address, body, key_of(webhook))


def sent(what: Letter | Call, result: Sent, seconds: float) -> None:
    """What came of an attempt. That it arrived counts even from a sender who was late; that it did not only from the last one."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(no_key=True).get(pk=what.id)
        values = {"arrived": result.arrived, "answer": result.answer[:ANSWER], "seconds": seconds}
        row.tries.filter(number=what.attempt).update(**values)
        if row.state != DeliveryState.WAITING:
            return
        if result.arrived:
            _arrived(row)
        elif row.attempts == what.attempt:
            _failed(row, result)


def _arrived(row: Delivery) -> None:
    """Whatever waited because nobody answered is sent now."""
    row.state = DeliveryState.DELIVERED
    row.save(update_fields=["state"])
    _same_way(row).filter(due_at__gt=timezone.now()).update(due_at=timezone.now())


def _failed(row: Delivery, result: Sent) -> None:
    """Whoever does not answer is left alone for a while: everything for them waits as long."""
    if result.final or row.attempts >= ATTEMPTS:
        row.state = DeliveryState.GIVEN_UP
        row.save(update_fields=["state"])
        _tell_operators(row, result)
        return
    row.due_at, row.taken_until = timezone.now() + pause_after(row.attempts, random()), None
    row.save(update_fields=["due_at", "taken_until"])
    if result.everything:
        _same_way(row).filter(due_at__lt=row.due_at).update(due_at=row.due_at)


def _same_way(row: Delivery) -> QuerySet[Delivery]:
    """The others to the same receiver: a webhook, or the mail server."""
    return Delivery.objects.waiting().filter(webhook=row.webhook_id).exclude(pk=row.pk)


def _tell_operators(row: Delivery, result: Sent) -> None:
    notify(
        kind=NoticeKind.DELIVERY_FAILED,
        people=audience.holders(Role.OPERATOR),
        subject=f"“{row.subject}” did not reach {row.webhook or row.person}",
        text=f"Given up after {row.attempts} attempts. The last answer: {result.answer[:ANSWER]}",
        link=reverse("admin:deliveries") if row.webhook is None else reverse("admin:webhook", args=[row.webhook_id]),
    )
