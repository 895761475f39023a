"""Checks of a run that are asked again: each answer is kept, and a failure is brought to a decision.

By themselves those that hold for as long as a change is watched; at somebody's wish those whose answer is unknown.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from governance import audit
from governance.audit import System, save
from governance.handoff.building import run_order
from governance.handoff.claims import Claim, held, silence
from governance.handoff.deciding import open_failed
from governance.handoff.watching import in_monitoring
from governance.models import CheckAnswer, CheckResult, Recheck, Run, RunActivity
from governance.orders import CheckResult as CheckFound
from governance.orders import Moment, Order, Rechecked, RunStatus, Severity, Step, Verdict, Wish
from governance.rechecks import BEHIND
from governance.workflow.acts import carry_on, lock_even_closed


def due_for_checking() -> Iterable[UUID]:
    """Runs in their monitoring period of which nobody has asked for CHECK_EVERY seconds."""
    if not settings.CHECK_EVERY:
        return []
    since = timezone.now() - timedelta(seconds=settings.CHECK_EVERY)
    rows = in_monitoring().filter(pk__in=CheckResult.objects.filter(moment=Moment.MONITORING).values("run"), finished_at__lte=since)
    asked = rows.annotate(asked=Max("asked_again__at"))
    return list(asked.filter(Q(asked=None) | Q(asked__lte=since)).values_list("pk", flat=True))


def watched_order(run: UUID) -> Order | None:
    """None of a run whose monitoring period is over."""
    row = in_monitoring().select_related("deployment__phase", "target__environment", "requested_by").filter(pk=run).first()
    return run_order(row) if row else None


def heed_recheck(claim: Claim, step: Step) -> Wish:
    """Tells how far a long reading is, and hears whether somebody wants it to end. Raises ClaimLost."""
    with transaction.atomic():
        row = _recheck(claim)
        if step.activity:
            told = {"position": step.position, "at": timezone.now(), **asdict(step.activity)}
            RunActivity.objects.update_or_create(run=row.result.run, defaults=told)
        return Wish.STOP if row.stop else Wish.NONE


def finish_recheck(claim: Claim, told: Rechecked) -> None:
    """Raises ClaimLost."""
    with transaction.atomic():
        row = _recheck(claim)
        phase, run = lock_even_closed(row.phase), row.result.run
        row.status = RunStatus.SUCCEEDED if told.found else RunStatus.FAILED_CLEAN
        row.message, row.finished_at = told.message, timezone.now()
        silence(row)
        save(System.RUNNER, row)
        said = f"{told.found.verdict}. {told.found.evidence}" if told.found else told.message
        audit.append(System.RUNNER, "check.asked", phase.spec.number, f"{row}: {said}", run=str(run.pk), check=row.result.name)
        if told.found:
            keep_answers(run.pk, [told.found], "now that it was asked again")
            carry_on(System.RUNNER, phase)


def _recheck(claim: Claim) -> Recheck:
    row = held(claim.kind, claim.token)
    if not isinstance(row, Recheck):
        raise TypeError(f"{row} asks for no check")
    return row


def keep_answers(run: UUID, found: Iterable[CheckFound], when: str = "while the change is watched") -> None:
    """A check that fails now and did not before opens a decision, or begins the rollback where the environment says so."""
    with transaction.atomic():
        row = (
            Run.objects.select_for_update(of=("self",), no_key=True)
            .select_related("deployment__phase__spec", "target__environment")
            .get(pk=run)
        )
        before, now = _latest(row), timezone.now()
        found = list(found)
        CheckAnswer.objects.bulk_create(CheckAnswer(run=row, name=each.name, at=now, **_said(each)) for each in found)
        for each in found:
            if _fails(each) and before.get(each.name) != Verdict.FAILED:
                text = f"The check “{each.name}” fails {when}: {each.evidence}."
                done = open_failed(row, each.name, text)
                audit.append(System.RUNNER, "check.fails", row.deployment.phase.spec.number, f"{text} {done}", run=str(row.pk))


def _said(found: CheckFound) -> dict[str, Any]:
    return {"verdict": found.verdict, "evidence": found.evidence, "strength": found.strength, "sample": list(found.sample)}


def _fails(found: CheckFound) -> bool:
    return found.verdict is Verdict.FAILED and found.severity is Severity.BLOCKING


def _latest(run: Run) -> dict[str, str]:
    """By check, what was found last: behind the run, or since."""
    behind = run.checks.filter(moment__in=BEHIND).values_list("name", "verdict")
    since = run.asked_again.order_by("name", "-pk").distinct("name").values_list("name", "verdict")
    return dict(behind) | dict(since)
