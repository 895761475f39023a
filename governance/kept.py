"""Subqueries of querysets that are described once and asked often: their SQL is written once, too, as that takes longer than asking it."""

from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Subquery


class KeptRow(Subquery):
    written: tuple[str, Any] | None = None

    def as_sql(self, *given: Any, **extra: Any) -> tuple[str, Any]:
        if self.written is None:
            self.written = super().as_sql(*given, **extra)
        return self.written

    def copy(self) -> Self:
        """One that may be put under other names, as in a query around its own."""
        clone = super().copy()
        clone.written = None
        return clone


class KeptRows(KeptRow, ArraySubquery):
    pass
