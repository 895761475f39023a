"""Emergencies for the landing page: those that last, and those whose review somebody owes."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from governance.models import BreakGlass
from governance.pages.values import address_of, person_name

MOST = 5


def open_emergencies() -> list[dict[str, Any]]:
    """Overdue ones first."""
    now = timezone.now()
    rows = BreakGlass.objects.filter(Q(reviewed_at=None) | Q(ended_at=None, expires_at__gt=now))
    return [_shown(row) for row in rows.select_related("phase__spec", "opened_by").order_by("review_due")[:MOST]]


def _shown(row: BreakGlass) -> dict[str, Any]:
    now = timezone.now()
    live = row.ended_at is None and row.expires_at > now
    overdue = row.reviewed_at is None and row.review_due <= now
    return {
        "title": f"{row.incident}: {row.phase}",
        "url": address_of(row.phase),
        "by": person_name(row.opened_by),
        "reason": row.reason,
        "live": live,
        "overdue": overdue,
        "at": row.expires_at if live else row.review_due,
    }
