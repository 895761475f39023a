"""The key by which calls of a webhook are signed: derived from the portal's own, so that no table and no dump holds it."""

from django.utils.crypto import salted_hmac

from governance.models import Webhook


def key_of(webhook: Webhook) -> bytes:
    """Another one as soon as the webhook gets a new salt, or the portal a new SECRET_KEY."""
    return salted_hmac("lockgate.webhook", str(webhook.salt), algorithm="sha256").digest()
