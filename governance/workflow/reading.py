"""Reading what one was told, and choosing how. No acts of governance: they need no role and leave no event."""

from collections.abc import Collection, Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from governance.models import DigestPlan, Notice, NoticeChoice
from governance.telling import KINDS, NoticeKind, Way


def mark_read(*, actor: User, notices: Collection[int] | None = None) -> int:
    """How many of one's own notices are read now that were not; None: all of them."""
    rows = Notice.objects.filter(person=actor).unread()
    rows = rows if notices is None else rows.filter(pk__in=notices)
    return rows.update(read_at=timezone.now())


def mark_unread(*, actor: User, notices: Collection[int]) -> int:
    return Notice.objects.filter(person=actor, pk__in=notices).exclude(read_at=None).update(read_at=None)


@transaction.atomic
def choose_ways(*, actor: User, ways: Mapping[NoticeKind, Way], days: str, hour: int, zone: str) -> None:
    """Only what differs from the usual way is kept, so that a better usual way reaches whoever never chose."""
    NoticeChoice.objects.filter(person=actor, kind__in=ways).delete()
    NoticeChoice.objects.bulk_create(
        NoticeChoice(person=actor, kind=kind, way=way) for kind, way in ways.items() if way != KINDS[kind].usual
    )
    DigestPlan.objects.update_or_create(person=actor, defaults={"days": days, "hour": hour, "zone": zone})
