"""What the person of the token was told."""

from datetime import datetime
from typing import Any

from django.conf import settings
from ninja import Field, Router, Schema

from governance.api.auth import takes
from governance.api.common import ApiRequest
from governance.api.paging import Cursor, Limit, Page, page_of
from governance.models import Notice, Scope
from governance.telling import NoticeKind

router = Router(tags=["Notices"])


class NoticeOut(Schema):
    id: int
    at: datetime
    kind: NoticeKind
    subject: str
    text: str
    change: str = Field(description="For example CHG-12; empty where it is of none.")
    link: str = Field(description="Address of the page that it leads to, which asks to sign in.")
    read_at: datetime | None

    @staticmethod
    def resolve_change(row: Notice) -> str:
        return row.phase.spec.number if row.phase else ""

    @staticmethod
    def resolve_link(row: Notice) -> str:
        return f"{settings.PORTAL_URL}{row.link}" if row.link else ""


@router.get("/notices", response=Page[NoticeOut], summary="Read what you were told", **takes(Scope.READ))
def list_notices(request: ApiRequest, unread: bool = False, kind: NoticeKind | None = None, cursor: Cursor = "", limit: Limit = 50) -> Any:
    """Your own, the newest first. Nobody reads anybody else's."""
    rows = Notice.objects.filter(person=request.auth).select_related("phase__spec")
    rows = rows.unread() if unread else rows
    return page_of(rows.filter(kind=kind) if kind else rows, cursor, limit)
