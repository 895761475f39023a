"""The emergency way: breaking the glass, ending it, and the look back by somebody who took no part."""

from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from governance import announcing, audit, lifecycle
from governance.audit import System, save
from governance.case import Case, load
from governance.dossier import dossier_of
from governance.emergency import LONGEST, REVIEW_WITHIN, USUAL, Skip
from governance.errors import BadInput, NotReady, ReviewOverdue, TookPart
from governance.models import BreakGlass, Phase, Spec
from governance.orders import RunKind, RunStatus
from governance.specification import ChangeKind
from governance.workflow.acts import act, carry_on, lock, lock_even_closed, move, permit


@act
def break_glass(
    *, actor: User, phase: Phase, reason: str, incident: str, skips: Collection[str] = (), lasts: timedelta = USUAL
) -> BreakGlass:
    """From now on, and until it expires, the change may do without the evidence that is named, and without no other.

    Raises:
        MissingRole, WrongStage, NeedsReason, ReviewOverdue, BadInput, NotReady
    """
    phase = lock(phase)
    permit(actor, "break_glass", stage=phase.at, reason=reason)
    _refuse_overdue(actor)
    named = _named(skips)
    _check_terms(incident, lasts)
    _make_room(phase)
    opened = timezone.now()
    row = BreakGlass(
        phase=phase,
        opened_by=actor,
        reason=reason,
        incident=incident,
        skips=named,
        opened_at=opened,
        expires_at=opened + lasts,
        review_due=opened + REVIEW_WITHIN,
    )
    save(actor, row)
    _set_kind(actor, phase.spec, ChangeKind.EMERGENCY)
    why = reason.rstrip(".")
    text = f"{actor} broke the glass for {incident}: {why}. Until {row.expires_at:%d %b %H:%M} UTC it does without {_in_words(named)}."
    audit.append(actor, "emergency.open", phase.spec.number, text, incident=incident, skips=named, emergency=row.pk)
    announcing.emergency(row)
    carry_on(actor, phase)
    return row


def _refuse_overdue(person: User) -> None:
    overdue = BreakGlass.objects.overdue().filter(opened_by=person).select_related("phase__spec").first()
    if overdue:
        raise ReviewOverdue(person.get_username(), overdue.incident, overdue.phase.spec.number)


def _named(skips: Collection[str]) -> list[str]:
    for name in skips:
        if name not in set(Skip):
            raise BadInput(f"Nothing that is called {name!r} can be skipped. What can be is {', '.join(Skip)}; the rest protects data.")
    return [skip.value for skip in Skip if skip in skips]


def _check_terms(incident: str, lasts: timedelta) -> None:
    if not incident.strip():
        raise BadInput("An emergency names its incident, for example INC-4711. Write its reference.")
    if not timedelta() < lasts <= LONGEST:
        hours = LONGEST.total_seconds() / 3600
        raise BadInput(f"An emergency lasts at most {hours:.0f} hours. Choose a shorter time; it can be opened again.")


def _make_room(phase: Phase) -> None:
    for row in phase.emergencies.filter(ended_at=None):
        if row.expires_at > timezone.now():
            until = f"{row.expires_at:%d %b %H:%M} UTC ({row.incident})"
            raise NotReady(f"{phase.spec.number} is in an emergency until {until}. End that first.")
        _call_over(System.CLOCK, row, "its time was over")


def _in_words(names: Collection[str]) -> str:
    return ", ".join(Skip(name).label.partition(":")[0].lower() for name in names) or "nothing"


@act
def end_emergency(*, actor: User, emergency: BreakGlass) -> BreakGlass:
    """Before its time. What it skipped for a run that succeeded stays skipped, and the review stays due."""
    lock_even_closed(emergency.phase)
    permit(actor, "end_emergency")
    held = BreakGlass.objects.select_related("phase__spec").get(pk=emergency.pk)
    if held.ended_at:
        raise NotReady(f"The emergency {held.incident} ended at {held.ended_at:%d %b %H:%M} UTC. Nothing is left to do.")
    _call_over(actor, held, f"{actor} ended it")
    return held


def expire(emergency: BreakGlass) -> None:
    """Within a transaction: its time is over."""
    _call_over(System.CLOCK, emergency, "its time is over")


def _call_over(actor: audit.Actor, row: BreakGlass, why: str) -> None:
    _end(actor, row, why)
    announcing.emergency_over(row)


def _end(actor: audit.Actor, row: BreakGlass, why: str) -> None:
    """Whatever it alone let pass is missing again."""
    phase = lock_even_closed(row.phase)
    row.ended_at = timezone.now()
    save(actor, row)
    audit.append(actor, "emergency.end", phase.spec.number, f"The emergency {row.incident} is over: {why}.", emergency=row.pk)
    if row.runs.filter(kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, deployment__applied=True).exists():
        return
    _set_kind(actor, phase.spec, kind_without_emergency(phase.spec))
    if phase.status == lifecycle.PhaseStatus.OPEN:
        dossier = dossier_of(load(phase.pk), timezone.now())
        move(actor, phase, lifecycle.stage_without([Skip(name) for name in row.skips], phase.at, dossier), "the emergency is over")


def kind_without_emergency(spec: Spec) -> ChangeKind:
    use = getattr(spec, "standard", None)
    fits = use is not None and not use.outside and use.version.template.suspended_at is None
    return ChangeKind.STANDARD if fits else ChangeKind.NORMAL


def _set_kind(actor: audit.Actor, spec: Spec, kind: ChangeKind) -> None:
    if spec.kind != kind:
        spec.kind = kind
        save(actor, spec)


@act
def review_emergency(*, actor: User, emergency: BreakGlass, findings: str, justified: bool) -> BreakGlass:
    """By somebody who neither opened it nor approved, wrote or ran the change.

    Raises:
        MissingRole, TookPart, BadInput, NotReady
    """
    phase = lock_even_closed(emergency.phase)
    permit(actor, "review_emergency")
    held = BreakGlass.objects.select_related("phase__spec", "opened_by").get(pk=emergency.pk)
    refuse_part(actor, held, load(phase.pk))
    if held.reviewed_at:
        raise NotReady(f"The emergency {held.incident} was reviewed by {held.reviewed_by} already. Nothing is left to do.")
    if held.ended_at is None and held.expires_at > timezone.now():
        raise NotReady(f"The emergency {held.incident} lasts until {held.expires_at:%d %b %H:%M} UTC. Review it when it is over.")
    if not findings.strip():
        raise BadInput("A review says what was found. Write whether it was needed, and what has to change so that it is not again.")
    if held.ended_at is None:
        _end(System.CLOCK, held, "its time is over")
    held.reviewed_by, held.reviewed_at, held.findings, held.justified = actor, timezone.now(), findings, justified
    save(actor, held)
    word = "justified" if justified else "not justified"
    audit.append(actor, "emergency.review", phase.spec.number, f"{actor} found {held.incident} {word}: {findings}", emergency=held.pk)
    phase.refresh_from_db()
    carry_on(actor, phase)
    return held


def refuse_part(person: User, emergency: BreakGlass, case: Case) -> None:
    """Tells a page, too."""
    approved = any(each.person_id == person.pk for each in case.approvals)
    ran = emergency.runs.filter(requested_by=person).exists()
    if person.pk in (emergency.opened_by_id, *case.wrote) or approved or ran:
        raise TookPart(person.get_username(), emergency.incident)
