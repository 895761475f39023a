"""What an observation finds in a target's schema: nothing new, what a run left, or drift, which somebody has to answer for."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance import audit, heralding, requests
from governance.audit import System, save
from governance.drifts import schemas_of
from governance.handoff.building import report_on
from governance.lifecycle import OCCUPYING, PhaseStatus, Stage
from governance.models import Deployment, Drift, DriftState, Observation, Run, SchemaSnapshot, Target
from governance.orders import RunStatus, SchemaReading
from governance.schema.diff import Entry, compare
from governance.schema.fingerprint import fingerprint
from governance.schema.model import FORMAT, Schema
from governance.schema.undoing import touches, undone
from governance.workflow.acts import lock_even_closed, move, void_approvals

NAMED = 5  # objects in the sentence of the audit trail


def observe_due() -> None:
    """Ask for an observation of every target that nobody has read, or asked to read, for OBSERVE_EVERY seconds."""
    since = timezone.now() - timedelta(seconds=settings.OBSERVE_EVERY)
    for target in Target.objects.exclude(observations__requested_at__gt=since) if settings.OBSERVE_EVERY else ():
        with transaction.atomic():
            audit.append(System.CLOCK, "observation.request", target.name, f"It is time to read {target}.")
            requests.observe(System.CLOCK, target)


def keep_snapshot(target: Target, schema: SchemaReading, at: datetime, run: Run | None = None, drift: Drift | None = None) -> None:
    """A schema that differs from the present snapshot's ends that one and begins its own."""
    present = SchemaSnapshot.objects.filter(target=target, valid_to=None).first()
    if present and present.fingerprint == schema.fingerprint and present.drift == drift:
        return
    if present:
        present.valid_to = at
        save(System.RUNNER, present)
    save(
        System.RUNNER,
        SchemaSnapshot(
            target=target,
            run=run,
            drift=drift,
            version=target.version,
            fingerprint=schema.fingerprint,
            content=schema.content,
            valid_from=at,
        ),
    )


def keep_observed(observation: Observation, reading: SchemaReading, at: datetime) -> None:
    """Within the transaction that ends the observation."""
    target = Target.objects.select_for_update(no_key=True).get(pk=observation.target_id)
    if _run_in_between(target, observation.started_at or at):
        return  # whatever was read may be half a change; the run tells itself what it left
    expected = SchemaSnapshot.objects.filter(target=target).approved().order_by("-valid_from", "-pk").first()
    if expected is None or expected.content.get("format") != FORMAT:
        keep_snapshot(target, reading, at)
    elif expected.fingerprint == reading.fingerprint:
        keep_snapshot(target, reading, at)
        _close(Drift.objects.filter(before=expected, state=DriftState.OPEN), at)
    elif gone := _taken_back(expected, reading):
        keep_snapshot(target, reading, at)
        _close([gone], at)
    else:
        _find(expected, reading, at)


def _run_in_between(target: Target, since: datetime) -> bool:
    return Run.objects.filter(Q(status__in=OCCUPYING) | Q(finished_at__gte=since), target=target).exists()


def _taken_back(expected: SchemaSnapshot, reading: SchemaReading) -> Drift | None:
    """The drift before the last run that is undone by now."""
    present = Schema.from_json(expected.content)
    for drift in Drift.objects.filter(target=expected.target, state=DriftState.OPEN).exclude(before=expected):
        if fingerprint(undone(present, *schemas_of(drift))) == reading.fingerprint:
            return drift
    return None


def _close(drifts: Iterable[Drift], at: datetime) -> None:
    for drift in drifts:
        drift.state, drift.decided_at = DriftState.REVERTED, at
        save(System.RUNNER, drift)
        text = f"The drift of {drift.target} is undone: the schema is as it was before."
        audit.append(System.RUNNER, "drift.reverted", drift.target.name, text, drift=drift.pk)


def _find(expected: SchemaSnapshot, reading: SchemaReading, at: datetime) -> None:
    entries = compare(Schema.from_json(expected.content), Schema.from_json(reading.content))
    half_way = _left_by_a_run(expected)
    if half_way and all(any(touches(entry, table) for table in half_way[1]) for entry in entries):
        keep_snapshot(expected.target, reading, at, run=half_way[0])
        return
    drift = Drift.objects.filter(before=expected, state=DriftState.OPEN).first()
    drift = drift or Drift(target=expected.target, before=expected, found_at=at)
    listed = [{**entry.as_json(), "words": entry.in_words()} for entry in entries]
    if drift.entries != listed:
        drift.entries = listed
        save(System.RUNNER, drift)
        audit.append(System.RUNNER, "drift.found", expected.target.name, _sentence(drift), drift=drift.pk, entries=listed)
        heralding.drifted(drift, _sentence(drift))
        _void(drift, entries, at)
    keep_snapshot(expected.target, reading, at, drift=drift)


def _left_by_a_run(expected: SchemaSnapshot) -> tuple[Run, list[str]] | None:
    """The last run since then if it stopped half-way, and the tables of its change."""
    last = Run.objects.filter(target=expected.target, finished_at__gte=expected.valid_from).order_by("finished_at").last()
    if last is None or last.status != RunStatus.FAILED_DIRTY:
        return None
    return last, _tables(last.deployment)


def _tables(deployment: Deployment) -> list[str]:
    report = report_on(deployment.phase, deployment.target)
    return [*report["tables"], *report.get("created", ())]


def _sentence(drift: Drift) -> str:
    words = [entry["words"] for entry in drift.entries]
    more = f"; and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return f"{drift.target} was changed past the portal: {'; '.join(words[:NAMED])}{more}."


def _void(drift: Drift, entries: tuple[Entry, ...], at: datetime) -> None:
    """Whoever approved a change that waits for this target saw another schema."""
    waiting = Deployment.objects.filter(
        target=drift.target, applied=False, phase__status=PhaseStatus.OPEN, phase__approvals__voided_at=None
    )
    for deployment in waiting.exclude(phase__approvals=None).select_related("phase").distinct():
        touched = {table for table in _tables(deployment) if any(touches(entry, table) for entry in entries)}
        if touched:
            phase = lock_even_closed(deployment.phase)
            why = f"{', '.join(sorted(touched))} was changed on {drift.target} past the portal"
            void_approvals(System.RUNNER, phase, (), why, at)
            move(System.RUNNER, phase, min(phase.at, Stage.STAGING_DEPLOYMENT), why)
            requests.observe(System.RUNNER, drift.target, phase)
