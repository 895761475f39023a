"""What the runner measures of a target around a run: kept, compared with the baseline, and acted upon where a trigger is pulled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Max, Q, QuerySet
from django.utils import timezone

from governance import announcing, audit, monitoring
from governance.audit import System, save
from governance.handoff.building import report_on
from governance.handoff.claims import Claim
from governance.handoff.deciding import undo
from governance.models import Cause, DecisionPoint, Run, Sample
from governance.models import Threshold as OwnThreshold
from governance.monitoring import Action, Measurement, Metric, Period, Reading, Threshold, in_words
from governance.orders import RunKind, RunStatus, Wish

STEERED = {Action.PAUSE: Wish.PAUSE, Action.STOP: Wish.STOP, Action.ROLL_BACK: Wish.STOP}


@dataclass(frozen=True, slots=True)
class Watched:
    """What the runner needs to measure a target for a run."""

    run: UUID
    target: str
    connection: str
    metrics_address: str
    tables: tuple[str, ...]


def watched(run: UUID) -> Watched:
    row = Run.objects.select_related("target", "deployment__phase").get(pk=run)
    target, tables = row.target, report_on(row.deployment.phase, row.target)["tables"]
    return Watched(row.pk, target.name, target.connection, target.metrics_address, tuple(tables))


def has_baseline(claim: Claim) -> bool:
    return Sample.objects.filter(run=claim.id, period=Period.BEFORE).exists()


def earlier_reading(run: UUID) -> Reading | None:
    """The last one that was kept, for the rates since then."""
    sample = Sample.objects.filter(run=run).last()
    return Reading(sample.at, sample.counters) if sample else None


def keep_sample(run: UUID, period: Period, reading: Reading, measurement: Measurement) -> None:
    """Raises Run.DoesNotExist."""
    figures = {"values": dict(measurement.values), "latencies": dict(measurement.latencies), "counters": dict(reading.counters)}
    with transaction.atomic():
        Sample.objects.create(run_id=run, period=period, at=measurement.at, **figures)
        if period is not Period.BEFORE:
            _judge(run)


def _judge(run: UUID) -> None:
    """Once a trigger was pulled it rests until somebody has decided; what was measured before that does not pull it again."""
    row = Run.objects.select_related("target__environment").get(pk=run)
    thresholds = thresholds_of(row)
    points = list(DecisionPoint.objects.filter(run=row, cause=Cause.TRIGGER))
    resting = {(point.metric, point.action) for point in points if not point.decided_at}
    decided = max((point.decided_at for point in points if point.decided_at), default=None)
    before, latest = figures_of(row, max(each.times for each in thresholds), decided)
    for threshold in monitoring.pulled(thresholds, before, latest):
        if (threshold.metric, threshold.action) not in resting:
            _pull(run, threshold, before, latest[-1])


def thresholds_of(run: Run) -> tuple[Threshold, ...]:
    return monitoring.in_force(each.value for each in OwnThreshold.objects.filter(environment=run.target.environment_id))


def figures_of(run: Run, number: int, since: datetime | None) -> tuple[dict[str, float], list[Measurement]]:
    """The baseline, and so many of the latest measurements, oldest first."""
    before = monitoring.baseline(sample.measurement for sample in run.samples.filter(period=Period.BEFORE))
    rows = run.samples.exclude(period=Period.BEFORE)
    rows = rows.filter(at__gt=since) if since else rows
    return before, [sample.measurement for sample in rows.order_by("-pk")[:number]][::-1]


def _pull(pk: UUID, threshold: Threshold, before: dict[str, float], now: Measurement) -> None:
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True).select_related("deployment__phase__spec", "target__environment").get(pk=pk)
    )
    done = _act(run, threshold)
    value = in_words(threshold.metric, now.values[threshold.metric])
    usual = before.get(threshold.metric)
    compared = f", {in_words(threshold.metric, usual)} before the run" if usual is not None else ""
    text = f"{monitoring.sentence(threshold, before)}: it is {value}{compared}. {done}"
    point = DecisionPoint(run=run, cause=Cause.TRIGGER, at=timezone.now(), text=text, metric=threshold.metric, action=threshold.action)
    save(System.RUNNER, point)
    if threshold.action is not Action.WARN:
        announcing.to_be_decided(point)
    number = run.deployment.phase.spec.number
    audit.append(System.RUNNER, f"trigger.{threshold.action}", number, text, run=str(run.pk), metric=threshold.metric)


def _act(run: Run, threshold: Threshold) -> str:
    """What was done about it, in a sentence."""
    if run.kind == RunKind.ROLLBACK:
        return "A rollback goes on: half of it would be worse."
    wish = STEERED.get(threshold.action)
    if wish and run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
        if run.wish != Wish.STOP:
            run.wish = wish
        if threshold.action is Action.ROLL_BACK:
            run.undo_reason = f"{Metric(threshold.metric).replace('_', ' ')} went beyond its threshold"
        save(System.RUNNER, run)
        return {Action.PAUSE: "The run pauses.", Action.STOP: "The run stops."}.get(threshold.action, "The run stops and is rolled back.")
    if threshold.action is Action.ROLL_BACK and run.status == RunStatus.SUCCEEDED and run.kind == RunKind.DEPLOY:
        return undo(System.RUNNER, run, f"{Metric(threshold.metric).replace('_', ' ')} went beyond its threshold")
    return "The run goes on." if run.status == RunStatus.RUNNING else "Nothing was done by itself."


def in_monitoring() -> QuerySet[Run]:
    """Runs in their monitoring period."""
    ends = ExpressionWrapper(F("finished_at") + F("target__environment__monitoring_seconds") * timedelta(seconds=1), DateTimeField())
    rows = Run.objects.filter(kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, deployment__applied=True)
    return rows.annotate(ends=ends).filter(ends__gt=timezone.now())


def due_for_watching() -> Iterable[UUID]:
    """Runs in their monitoring period that nobody has measured for MONITOR_EVERY seconds."""
    rows = in_monitoring().annotate(measured=Max("samples__at"))
    since = timezone.now() - timedelta(seconds=settings.MONITOR_EVERY)
    return list(rows.filter(Q(measured=None) | Q(measured__lte=since)).values_list("pk", flat=True)) if settings.MONITOR_EVERY else []
