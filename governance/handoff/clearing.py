"""What was told and sent goes after a while. It proves nothing: what it tells of is in the audit trail."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from governance.handoff.reminding import AGAIN
from governance.lifecycle import PhaseStatus
from governance.models import Delivery, DeliveryState, Notice

BATCH = 1000  # rows in a transaction: nobody waits long for one


def clear_away() -> int:
    """How many notices and deliveries went; none where they are kept for ever."""
    if not settings.KEEP_NOTICES:
        return 0
    before = timezone.now() - max(timedelta(days=settings.KEEP_NOTICES), AGAIN)  # reminders ask what was told of late
    return _cleared(_read(before)) + _cleared(_settled(before))


def _read(before: datetime) -> QuerySet[Notice]:
    """Of a change that is still open all of them stay: its people look back, and reminders ask since when it waits."""
    return Notice.objects.filter(read_at__lt=before).exclude(phase__status=PhaseStatus.OPEN)


def _settled(before: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.exclude(state=DeliveryState.WAITING).filter(made_at__lt=before)


def _cleared(rows: QuerySet[Any]) -> int:
    cleared = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        rows.model.objects.filter(pk__in=keys).delete()
        cleared += len(keys)
    return cleared
