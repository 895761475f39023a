"""Saying again who one is: the password, for a decision in the browser or for a token of one's own."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from governance import audit
from governance.errors import Refusal, WrongPassword
from governance.models import ApiToken, AuditEvent, TokenUse
from governance.signing import CONFIRMATION_LASTS, MOST_TRIES, TRIES_WITHIN, Method, Signing
from governance.workflow.acts import record_refusal


def sign(*, actor: User, password: str, session: str = "", address: str = "") -> Signing:
    """Raises WrongPassword, which is an event too; after too many of them the right one is refused for a while."""
    try:
        _check(actor, password)
    except Refusal as refusal:
        refusal.act, refusal.subject = "sign", _account(actor)
        record_refusal(actor, refusal)
        raise
    return Signing(Method.PASSWORD, session, address)


def _check(person: User, password: str) -> None:
    since = timezone.now() - TRIES_WITHIN
    tried = AuditEvent.objects.filter(subject=_account(person), kind="refused.sign", at__gt=since).count()
    if tried >= MOST_TRIES or not person.is_active or not person.check_password(password):
        raise WrongPassword(person.get_username(), max(MOST_TRIES - tried - 1, 0))


def _account(person: User) -> str:
    return f"account {person.pk}"


def confirm_token(*, actor: User, token: ApiToken, password: str, address: str = "") -> datetime:
    """The token decides on high risk too, until the moment that is answered."""
    sign(actor=actor, password=password, address=address)
    now = timezone.now()
    with transaction.atomic():
        TokenUse.objects.update_or_create(token=token, defaults={"at": now, "confirmed_at": now})
        audit.append(actor, "token.confirm", "", f"{actor} confirmed the API token “{token.name}”.", token=token.pk, address=address)
    return now + CONFIRMATION_LASTS


def signing_of(token: ApiToken, address: str = "") -> Signing:
    use = TokenUse.objects.filter(token=token).first()
    confirmed = use and use.confirmed_at and timezone.now() - use.confirmed_at < CONFIRMATION_LASTS
    return Signing(Method.CONFIRMED_TOKEN if confirmed else Method.TOKEN, f"token {token.pk}", address)
