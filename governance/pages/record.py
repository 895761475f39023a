"""The page of one record of what happened: read, never written."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from governance.pages.values import EMPTY, address_of, name_of, person_name, title_of, told

UNSEEN = frozenset({"id", "token", "xid"})


def record_page(record: models.Model, related: Sequence[str] = ()) -> dict[str, Any]:
    """`related`: names of the record's sets of other rows, shown as lists of links."""
    fields = [field for field in record._meta.fields if field.name not in UNSEEN]
    pairs = [{"name": name_of(field), "value": told(record, field)} for field in fields]
    pairs += [{"name": name_of(field), "value": _named(record, field.name)} for field in record._meta.many_to_many if record.pk]
    return {
        "title": title_of(record),
        "kind": str(record._meta.verbose_name).capitalize(),
        "facts": [pair for pair in pairs if pair["value"] != EMPTY],
        "related": [_rows(record, name) for name in related],
    }


def _named(record: models.Model, name: str) -> str:
    return ", ".join(person_name(row) if isinstance(row, User) else str(row) for row in getattr(record, name).all()) or EMPTY


def _rows(record: models.Model, name: str) -> dict[str, Any]:
    manager = getattr(record, name)
    rows = [{"url": address_of(row), "title": str(row), "sub": getattr(row, "why", "")} for row in manager.all()]
    return {"title": str(manager.model._meta.verbose_name_plural).capitalize(), "rows": rows}
