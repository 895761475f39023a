"""Calendar feeds: made by whoever may read the portal, revoked by their owner or an operator."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.access import hash_of, new_token
from governance.audit import save
from governance.errors import NotReady
from governance.models import CalendarFeed
from governance.workflow.acts import act, checked, permit, roles_of


@act
def make_feed(*, actor: User, kind: str, **scope: Any) -> str:
    """The secret of the feed's address, which is kept nowhere. `scope`: role, domain or target, as the kind asks.

    Raises:
        MissingRole, BadSpecification
    """
    permit(actor, "make_feed")
    secret = new_token()
    row = save(actor, checked(CalendarFeed(owner=actor, kind=kind, hash=hash_of(secret), **scope)))
    audit.append(actor, "feed.make", "", f"{actor} made a calendar feed of {row}.", feed=row.pk)
    return secret


@act
def revoke_feed(*, actor: User, feed: CalendarFeed) -> CalendarFeed:
    """People revoke their own feeds, operators everybody's."""
    if feed.owner_id != actor.pk or not actor.is_active:
        permit(actor, "revoke_feed")
    held = CalendarFeed.objects.select_for_update(no_key=True).get(pk=feed.pk)
    if held.revoked_at:
        raise NotReady(f"The feed of {held} was revoked at {held.revoked_at:%d %b %Y %H:%M} UTC. Nothing is left to do.")
    held.revoked_at = timezone.now()
    save(actor, held)
    audit.append(actor, "feed.revoke", "", f"{actor} revoked the calendar feed of {held}.", feed=held.pk)
    return held


def feed_at(secret: str) -> CalendarFeed | None:
    """None: unknown, revoked, or of somebody who may no longer read."""
    feed = CalendarFeed.objects.select_related("owner", "domain", "target").filter(hash=hash_of(secret), revoked_at=None).first()
    return feed if feed and feed.owner.is_active and roles_of(feed.owner) else None
