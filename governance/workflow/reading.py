"""Reading what one was told. No act of governance: it needs no role and leaves no event."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.utils import timezone

from governance.models import Notice


def mark_read(*, actor: User, notices: Collection[int] | None = None) -> int:
    """How many of one's own notices are read now that were not; None: all of them."""
    rows = Notice.objects.filter(person=actor).unread()
    rows = rows if notices is None else rows.filter(pk__in=notices)
    return rows.update(read_at=timezone.now())


def mark_unread(*, actor: User, notices: Collection[int]) -> int:
    return Notice.objects.filter(person=actor, pk__in=notices).exclude(read_at=None).update(read_at=None)
