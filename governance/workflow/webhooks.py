"""Webhooks: other programs that are told. Operators set them up; nobody sees a secret or a whole address again."""

from collections.abc import Collection
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.urls import reverse
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.errors import BadInput, NotReady
from governance.models import Delivery, DeliveryState, Webhook
from governance.notices import ring
from governance.sending import secret_of
from governance.webhook_keys import key_of
from governance.workflow.acts import act, checked, permit


@act
def make_webhook(*, actor: User, name: str, address: str, form: str, kinds: Collection[str] = ()) -> str:
    """The secret with which its calls are signed, which is kept nowhere.

    Raises:
        MissingRole, BadInput, BadSpecification
    """
    permit(actor, "manage_webhooks")
    _check_address(address)
    row = save(actor, checked(Webhook(name=name, address=address, form=form, kinds=sorted(kinds), made_by=actor)))
    audit.append(actor, "webhook.make", "", f"{actor} made the webhook “{row}” to {row.host}.", webhook=row.pk, kinds=row.kinds)
    return secret_of(key_of(row))


def _check_address(address: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError as error:
        raise BadInput("This is no address of a web server. Write one like https://hooks.example.com/lockgate.") from error
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise BadInput("An address with a name or a password in it is not called. Put what it needs into the path, or check the signature.")
    if parts.scheme == "http" and parts.hostname not in settings.WEBHOOK_HOSTS:
        raise BadInput(f"{parts.hostname} is called by https only. Use https, or have WEBHOOK_HOSTS name it.")


@act
def renew_secret(*, actor: User, webhook: Webhook) -> str:
    """The old one signs nothing any more."""
    held = _held(actor, webhook)
    held.salt = uuid4()
    save(actor, held)
    audit.append(actor, "webhook.renew", "", f"{actor} renewed the secret of the webhook “{held}”.", webhook=held.pk)
    return secret_of(key_of(held))


@act
def end_webhook(*, actor: User, webhook: Webhook) -> Webhook:
    """What still waits for it is given up."""
    held = _held(actor, webhook)
    held.ended_at = timezone.now()
    save(actor, held)
    held.deliveries.waiting().update(state=DeliveryState.GIVEN_UP)
    audit.append(actor, "webhook.end", "", f"{actor} ended the webhook “{held}”.", webhook=held.pk)
    return held


@act
def send_test(*, actor: User, webhook: Webhook) -> Delivery:
    held = _held(actor, webhook)
    text = f"{actor} asks whether this arrives. Nothing has happened."
    link = reverse("admin:webhook", args=[held.pk])
    row = Delivery.objects.create(webhook=held, kind="test", subject="A test of Lockgate", text=text, link=link, due_at=timezone.now())
    audit.append(actor, "webhook.test", "", f"{actor} sent a test to the webhook “{held}”.", webhook=held.pk, delivery=str(row.pk))
    ring([row.pk])
    return row


@act
def send_again(*, actor: User, delivery: Delivery) -> Delivery:
    """One that was given up, with the id that it had, so that a receiver who has it after all drops it."""
    permit(actor, "manage_webhooks")
    held = Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("webhook").get(pk=delivery.pk)
    if held.state != DeliveryState.GIVEN_UP:
        raise NotReady(f"“{held.subject}” was not given up: it is {held.get_state_display().lower()}. Nothing is left to do.")
    if held.webhook and held.webhook.ended_at:
        raise NotReady(f"The webhook “{held.webhook}” has ended, so nothing is sent to it any more. Make a new one.")
    held.state, held.due_at, held.taken_until, held.attempts = DeliveryState.WAITING, timezone.now(), None, held.tries.count()
    held.save(update_fields=["state", "due_at", "taken_until", "attempts"])
    audit.append(actor, "webhook.again", held.change, f"{actor} had “{held}” sent again.", delivery=str(held.pk))
    ring([held.pk])
    return held


def _held(actor: User, webhook: Webhook) -> Webhook:
    permit(actor, "manage_webhooks")
    held = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    if held.ended_at:
        raise NotReady(f"The webhook “{held}” ended at {held.ended_at:%d %b %Y %H:%M} UTC. Make a new one.")
    return held
