"""Technical debt that is open: whose, since when, and what the person who looks may do about it."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import FollowUp
from governance.pages.values import address_of, person_name
from governance.wording import counted

MOST = 100


def debts_page(person: User, roles: Collection[Role]) -> dict[str, Any]:
    today, waives = timezone.localdate(), bool(ACTS["waive_debt"].roles & set(roles))
    rows = FollowUp.objects.filter(done_at=None).select_related("owner", "review__phase__spec").order_by("due", "pk")
    shown = [
        {
            "pk": row.pk,
            "title": row.title,
            "change": row.review.phase.spec.number,
            "url": f"{address_of(row.review.phase)}&tab=review",
            "owner": person_name(row.owner),
            "due": row.due,
            "overdue": row.due < today,
            "word": counted(abs((row.due - today).days), "day"),
            "mine": row.owner_id == person.pk,
            "waives": waives and row.owner_id != person.pk,
        }
        for row in rows[:MOST]
    ]
    return {"rows": shown, "overdue": sum(row["overdue"] for row in shown)}
