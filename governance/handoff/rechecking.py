"""The checks of a run that hold for as long as it is watched: asked again, each answer kept, a failure brought to a decision."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from governance import audit
from governance.audit import System
from governance.handoff.building import run_order
from governance.handoff.deciding import open_failed
from governance.handoff.watching import in_monitoring
from governance.models import CheckAnswer, CheckResult, Run
from governance.orders import CheckResult as CheckFound
from governance.orders import Moment, Order, Severity, Verdict


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


def keep_answers(run: UUID, found: Iterable[CheckFound]) -> None:
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
                text = f"The check “{each.name}” fails while the change is watched: {each.evidence}."
                done = open_failed(row, each.name, text)
                audit.append(System.RUNNER, "check.fails", row.deployment.phase.spec.number, f"{text} {done}", run=str(row.pk))


def _said(found: CheckFound) -> dict[str, str]:
    return {"verdict": found.verdict, "evidence": found.evidence}


def _fails(found: CheckFound) -> bool:
    return found.verdict is Verdict.FAILED and found.severity is Severity.BLOCKING


def _latest(run: Run) -> dict[str, str]:
    """By check, what was found last: behind the run, or since."""
    behind = run.checks.filter(moment=Moment.MONITORING).values_list("name", "verdict")
    since = run.asked_again.order_by("name", "-pk").distinct("name").values_list("name", "verdict")
    return dict(behind) | dict(since)
