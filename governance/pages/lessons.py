"""What reviews taught: searched by words, and shown to whoever changes the same tables next."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Q, QuerySet

from governance.models import Analysis, Phase, Review, TableVersion
from governance.models.reviews import WORDS
from governance.pages.values import address_of, person_name

MOST, SHOWN = 50, 3


def found(search: str, table: str = "") -> QuerySet[Review]:
    """Newest first, or best first where words are given. Words as people type them for a search engine."""
    rows = Review.objects.select_related("phase__spec", "reviewer")
    if table:
        rows = rows.filter(phase__in=_changed([table]))
    if not search:
        return rows.order_by("-pk")
    query = SearchQuery(search, search_type="websearch", config="english")
    rows = rows.annotate(words=WORDS, rank=SearchRank(WORDS, query))
    return rows.filter(Q(words=query) | Q(phase__spec__title__icontains=search)).order_by("-rank", "-pk")


def _changed(tables: Iterable[str]) -> QuerySet[Phase]:
    """Phases that have changed one of the tables."""
    runs = TableVersion.objects.filter(table__in=[*tables]).values("run")
    return Phase.objects.filter(deployments__runs__in=runs)


def lessons_page(search: str, table: str) -> dict[str, Any]:
    return {"search": search, "table": table, "lessons": [_lesson(row) for row in found(search, table)[:MOST]]}


def lessons_for(phase: Phase, analysis: Analysis | None) -> list[dict[str, Any]]:
    """Of earlier changes to the tables that this one touches."""
    tables = analysis.report["tables"] if analysis else []
    rows = Review.objects.filter(phase__in=_changed(tables)).exclude(phase__spec=phase.spec_id)
    return [_lesson(row) for row in rows.select_related("phase__spec", "reviewer").order_by("-pk")[:SHOWN]] if tables else []


def _lesson(row: Review) -> dict[str, Any]:
    spec = row.phase.spec
    return {
        "url": f"{address_of(row.phase)}&tab=review",
        "number": spec.number,
        "title": f"{spec.number} {spec.title}",
        "lessons": row.lessons,
        "incidents": row.incidents,
        "by": person_name(row.reviewer),
        "at": row.at,
    }
