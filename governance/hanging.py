"""What hangs on a record: rows that keep it from being deleted, and rows that would go with it.

In as many queries as there are kinds of such rows, however many rows there are: Django's own collector reads and names them all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CASCADE, PROTECT, Count, IntegerField, Model, Q, QuerySet, Value
from django.db.models.deletion import get_candidate_relations_to_delete

NAMED = 3  # rows of a kind


@dataclass(frozen=True, slots=True)
class Kind:
    model: type[Model]
    count: int
    first: tuple[Model, ...]
    keeps: bool  # the record, from being deleted

    @property
    def more(self) -> int:
        return self.count - len(self.first)


def hanging_on(record: Model) -> list[Kind]:
    """Only kinds of which there are rows."""
    conditions: dict[tuple[type[Model], bool], Q] = {}
    for model, path, keeps in _relations(type(record)):
        conditions[model, keeps] = conditions.get((model, keeps), Q()) | Q(**{path: record.pk})
    rows = [(model._base_manager.filter(condition), keeps) for (model, keeps), condition in conditions.items()]
    return [_kind(*rows[place], count) for place, count in _counts([found for found, _ in rows])]


def _relations(model: type[Model], path: str = "", above: frozenset[type[Model]] = frozenset()) -> Iterator[tuple[type[Model], str, bool]]:
    """Models whose rows refer to it, by which fields, and whether they keep it; of rows that go with it those too that refer to them."""
    candidates: Iterable[Any] = get_candidate_relations_to_delete(model._meta)
    for relation in candidates:
        related, field = relation.related_model, relation.field.name
        if related._meta.auto_created or related in above or relation.on_delete not in (CASCADE, PROTECT):
            continue
        own = f"{field}__{path}" if path else field
        yield related, own, relation.on_delete is PROTECT
        if relation.on_delete is CASCADE:
            yield from _relations(related, own, above | {model})


def _counts(kinds: list[QuerySet[Model]]) -> list[tuple[int, int]]:
    """Place in the list and number of rows, in one query."""
    counted = [
        rows.order_by().values(place=Value(place, IntegerField())).annotate(count=Count("pk")).values_list("place", "count")
        for place, rows in enumerate(kinds)
    ]
    return sorted(row for row in counted[0].union(*counted[1:], all=True) if row[1]) if counted else []


def _kind(rows: QuerySet[Model], keeps: bool, count: int) -> Kind:
    return Kind(rows.model, count, tuple(rows.select_related().order_by("pk")[:NAMED]), keeps)
