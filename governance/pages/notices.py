"""What one person was told: read page by page, from the newest; what is unread can be shown alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.timezone import localtime

from governance.models import Notice
from governance.telling import KINDS, NoticeKind

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; what cannot be read is not asked for."""

    unread: bool = False
    kind: str = ""
    before: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Wanted":
        kind, before = given.get("kind", ""), given.get("before", "")
        return cls(
            unread="unread" in given,
            kind=kind if kind in set(NoticeKind) else "",
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        )

    @property
    def filtered(self) -> bool:
        return self.unread or bool(self.kind)


def notices_page(person: User, wanted: Wanted) -> dict[str, Any]:
    rows = Notice.objects.filter(person=person).select_related("phase__spec")
    rows = rows.unread() if wanted.unread else rows
    rows = rows.filter(kind=wanted.kind) if wanted.kind else rows
    rows = rows.filter(pk__lt=wanted.before) if wanted.before else rows
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    return {
        "wanted": wanted,
        "days": [{"date": day, "notices": [_notice(row) for row in group]} for day, group in groupby(shown, key=_day)],
        "older": shown[-1].pk if len(found) > PAGE else None,
        "kinds": [(kind.value, told.label) for kind, told in KINDS.items()],
        "shown": len(shown),
        "unread": any(row.read_at is None for row in shown),
    }


def _day(row: Notice) -> date:
    return localtime(row.at).date()


def _notice(row: Notice) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "at": row.at,
        "kind": row.get_kind_display(),
        "state": KINDS[NoticeKind(row.kind)].state,
        "subject": row.subject,
        "text": row.text,
        "change": row.phase.spec.number if row.phase else "",
        "url": reverse("admin:notice", args=[row.pk]) if row.link else "",
        "read": row.read_at is not None,
    }
