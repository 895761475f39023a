"""API tokens: programs act as the person who made the token, with all rules that hold for the person."""

from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.access import BadToken, hash_of, new_token
from governance.audit import save
from governance.errors import BadInput, NotReady
from governance.models import ApiToken, Scope, TokenUse
from governance.workflow.acts import act, checked, permit

LONGEST_TOKEN = 365  # days
USE_IS_KEPT_EVERY = timedelta(minutes=1)


@act
def make_token(*, actor: User, name: str, scopes: Collection[str], days: int) -> str:
    """The token itself, which is kept nowhere and cannot be shown again.

    Raises:
        MissingRole, BadInput
    """
    permit(actor, "make_token")
    _check(actor, name, scopes, days)
    token = new_token()
    expires = timezone.now() + timedelta(days=days)
    row = checked(ApiToken(person=actor, name=name, hash=hash_of(token), scopes=sorted(scopes), expires_at=expires))
    save(actor, row)
    audit.append(
        actor, "token.make", "", f"{actor} made the API token “{name}”.", token=row.pk, scopes=row.scopes, expires_at=expires.isoformat()
    )
    return token


def _check(person: User, name: str, scopes: Collection[str], days: int) -> None:
    if not name.strip() or len(name) > 100:
        raise BadInput("A token needs a name of at most 100 characters. Say what will use it, for example “CI of bids-api”.")
    if not scopes or set(scopes) - set(Scope.values):
        raise BadInput(f"The scopes of a token are some of {', '.join(Scope.values)}. Name at least one of them and no other.")
    if not 1 <= days <= LONGEST_TOKEN:
        raise BadInput(f"A token lasts from 1 to {LONGEST_TOKEN} days. Choose a number of days between them.")
    if ApiToken.objects.filter(person=person, name=name, revoked_at=None).exists():
        raise BadInput(f"{person} has a token called “{name}”. Revoke it first, or choose another name.")


@act
def revoke_token(*, actor: User, token: ApiToken) -> ApiToken:
    """People revoke their own tokens, operators everybody's."""
    if token.person_id != actor.pk or not actor.is_active:
        permit(actor, "revoke_token")
    held = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
    if held.revoked_at:
        raise NotReady(f"“{held}” was revoked at {held.revoked_at:%d %b %Y %H:%M} UTC. Nothing is left to do.")
    held.revoked_at = timezone.now()
    save(actor, held)
    audit.append(actor, "token.revoke", "", f"{actor} revoked the API token “{held}”.", token=held.pk)
    return held


def person_of(plain: str) -> tuple[User, ApiToken]:
    """Whose token it is.

    Raises:
        BadToken: unknown, revoked, expired, or of a person who has left.
    """
    token = ApiToken.objects.select_related("person", "use").filter(hash=hash_of(plain)).first()
    now = timezone.now()
    if token is None:
        raise BadToken("Nobody has this token")
    if token.revoked_at:
        raise BadToken(f"This token was revoked at {token.revoked_at:%d %b %Y %H:%M} UTC")
    if token.expires_at <= now:
        raise BadToken(f"This token expired at {token.expires_at:%d %b %Y %H:%M} UTC")
    if not token.person.is_active:
        raise BadToken(f"{token.person}, who made this token, is no longer active")
    _keep_use(token)
    return token.person, token


def _keep_use(token: ApiToken) -> None:
    """At most once a minute, so that a busy program does not write with every request."""
    now, last = timezone.now(), getattr(token, "use", None)
    if last is None or now - last.at >= USE_IS_KEPT_EVERY:
        TokenUse.objects.update_or_create(token=token, defaults={"at": now})
