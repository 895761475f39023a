"""Querysets that are described once and asked often: their SQL is written once, too, as that takes longer than asking it."""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache, wraps
from threading import local
from typing import Any, ParamSpec, Self, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet, Subquery

Given = ParamSpec("Given")
Rows = TypeVar("Rows", bound=QuerySet[Any])


def kept(describe: Callable[Given, Rows]) -> Callable[Given, Rows]:
    """What was described last. Each thread has its own, as the queries within are written to while SQL is made of them."""
    own = local()

    @wraps(describe)
    def ours(*given: Given.args, **named: Given.kwargs) -> Rows:
        asked = (given, named)
        if getattr(own, "asked", None) != asked:
            own.asked, own.rows = asked, describe(*given, **named)
        rows: Rows = own.rows
        return rows

    return ours


@lru_cache(maxsize=128)
def written(describe: Callable[..., QuerySet[Any]], *given: Hashable) -> tuple[str, Sequence[Any]]:
    """SQL of what is described so, and its values."""
    sql: tuple[str, Sequence[Any]] = describe(*given).query.sql_with_params()
    return sql


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
