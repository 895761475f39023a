"""Long lists, a page at a time: the cursor says after which row the next page begins, so rows that come meanwhile shift nothing."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from governance.errors import BadInput

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str, Field(max_length=100, description="`next` of the page before; empty for the first page.")]


class Page(Schema, Generic[Item]):
    items: list[Item]
    next: str = Field(description="Cursor of the next page; empty on the last one.")


def page_of(rows: QuerySet[Row], cursor: str, limit: int) -> dict[str, object]:
    """The newest first, by primary key."""
    if cursor:
        rows = rows.filter(pk__lt=_read(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    more = found[limit:]
    return {"items": found[:limit], "next": _write(found[limit - 1].pk) if more else ""}


def _write(key: int) -> str:
    return base64.urlsafe_b64encode(f"after {key}".encode()).decode()


def _read(cursor: str) -> int:
    try:
        word, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        if word == "after" and len(key) < 19:
            return int(key)
    except (binascii.Error, ValueError):
        pass
    raise BadInput("This cursor is not one that a page gave. Begin with the first page, without a cursor.")
