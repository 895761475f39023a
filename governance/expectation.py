"""How long changes take on their targets, by the latest analysis and the latest facts of each."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, Func, JSONField, OuterRef, QuerySet, Subquery

from governance.facts import Facts, TableFacts, facts_from_json
from governance.forecast import Interval
from governance.models import Analysis, Booking, Observation, Target
from governance.prediction import predict_duration, statements_of


def latest_facts(targets: Iterable[int]) -> dict[int, Facts]:
    """By the id of the target; a target that was never observed is absent."""
    seen = Observation.objects.filter(target__in=set(targets), facts__isnull=False)
    latest = seen.order_by("target_id", "-requested_at").distinct("target_id")
    return {row.target_id: facts_from_json(row.facts) for row in latest if row.facts}


class Sizes(Func):
    """Of facts no more than what the tables are and how large: what they say of a table's inside is a hundred times that."""

    template = """
        jsonb_build_object('taken_at', %(expressions)s -> 'taken_at', 'search_path', %(expressions)s -> 'search_path', 'tables', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'schema', one -> 'schema', 'name', one -> 'name', 'kind', one -> 'kind', 'rows', one -> 'rows', 'bytes', one -> 'bytes'
            )), '[]')
            FROM jsonb_array_elements(%(expressions)s -> 'tables') AS one
        ))
    """
    output_field = JSONField()


def latest_sizes(targets: Iterable[int]) -> dict[int, Facts]:
    """All that a forecast asks of the latest facts."""
    seen = Observation.objects.filter(target=OuterRef("pk"), facts__isnull=False).order_by("-requested_at")
    latest = Subquery(seen.values(sizes=Sizes("facts"))[:1])
    rows = Target.objects.filter(pk__in=set(targets)).order_by().values_list("pk", "name", latest)
    return {target: _sized(name, **sizes) for target, name, sizes in rows if sizes}


def _sized(target: str, taken_at: str, search_path: list[str] | None, tables: list[dict[str, Any]]) -> Facts:
    known = tuple(TableFacts(**table) for table in tables)
    return Facts(target, datetime.fromisoformat(taken_at), 0, "", 0, known, tuple(search_path or ("public",)))


def latest_analyses(phases: Collection[int]) -> QuerySet[Analysis]:
    """One for each target of each phase."""
    analyses = Analysis.objects.filter(phase__in=phases, target__isnull=False)
    return analyses.order_by("phase_id", "target_id", "-pk").distinct("phase_id", "target_id")


def forecast(report: Mapping[str, Any], facts: Facts | None) -> Interval:
    """Of an analysis' report: the sum over its statements."""
    return predict_duration(statements_of(report), facts)


def forecast_of(phase: int, target: int) -> Interval | None:
    """Of one phase on one target; None: it was never analysed there."""
    analysis = latest_analyses([phase]).filter(target=target).first()
    return forecast(analysis.report, latest_sizes([target]).get(target)) if analysis else None


def forecasts(bookings: Collection[Booking], facts: Mapping[int, Facts]) -> dict[tuple[int, int], Interval]:
    """By phase and target; a pair that was never analysed is absent."""
    pairs = Booking.objects.filter(pk__in=[booking.pk for booking in bookings], phase=OuterRef("phase"), target=OuterRef("target"))
    latest = latest_analyses({booking.phase_id for booking in bookings}).filter(Exists(pairs))
    rows = latest.values_list("phase_id", "target_id", "report__statements")
    return {(phase, target): forecast({"statements": statements}, facts.get(target)) for phase, target, statements in rows if target}
