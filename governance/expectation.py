"""How long changes take on their targets, by the latest analysis and the latest facts of each."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from governance.facts import Facts, facts_from_json
from governance.forecast import Interval
from governance.models import Analysis, Booking, Observation
from governance.prediction import predict, statements_of


def latest_facts(targets: Iterable[int]) -> dict[int, Facts]:
    """By the id of the target; a target that was never observed is absent."""
    seen = Observation.objects.filter(target__in=set(targets), facts__isnull=False)
    latest = seen.order_by("target_id", "-requested_at").distinct("target_id")
    return {row.target_id: facts_from_json(row.facts) for row in latest if row.facts}


def latest_analyses(phases: Collection[int]) -> QuerySet[Analysis]:
    """One for each target of each phase."""
    analyses = Analysis.objects.filter(phase__in=phases, target__isnull=False)
    return analyses.order_by("phase_id", "target_id", "-pk").distinct("phase_id", "target_id")


def forecast(report: Mapping[str, Any], facts: Facts | None) -> Interval:
    """Of an analysis' report: the sum over its statements."""
    return predict(statements_of(report), facts, ()).duration


def forecasts(bookings: Collection[Booking], facts: Mapping[int, Facts]) -> dict[tuple[int, int], Interval]:
    """By phase and target; a pair that was never analysed is absent."""
    pairs = Booking.objects.filter(pk__in=[booking.pk for booking in bookings], phase=OuterRef("phase"), target=OuterRef("target"))
    latest = latest_analyses({booking.phase_id for booking in bookings}).filter(Exists(pairs))
    return {(row.phase_id, target): forecast(row.report, facts.get(target)) for row in latest if (target := row.target_id) is not None}
