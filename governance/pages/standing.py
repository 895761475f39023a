"""What an operator has in front of him about a run: what is to be decided, and what going back would mean."""

from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from governance import workflow
from governance.errors import MissingRole
from governance.lifecycle import ENDED, Role
from governance.models import DecisionPoint, Rehearsal, Run, Step
from governance.orders import RunKind, RunStatus, Wish
from governance.pages.acts import Button
from governance.pages.values import person_name

UNDER_WAY = (RunStatus.QUEUED, RunStatus.RUNNING)
REPLACED = frozenset({RunStatus.FAILED_CLEAN, RunStatus.ROLLED_BACK})  # runs of which nothing is left


def points(run: Run, *, steers: bool) -> list[dict[str, Any]]:
    """Newest first; those that are open before the others. `steers`: whether it is for somebody who may decide."""
    rows = DecisionPoint.objects.filter(run=run).select_related("decided_by", "step").order_by("-pk")
    found = [
        {
            "text": row.text,
            "at": row.at,
            "open": row.decided_at is None,
            "of_run": row.step is None,
            "acts": _judging(run, row.step) if steers and row.step and row.decided_at is None else (),
            "choice": row.get_choice_display(),
            "by": person_name(row.decided_by) if row.decided_by else "Lockgate",
            "reason": row.reason,
        }
        for row in rows
    ]
    return sorted(found, key=lambda point: not point["open"])


def steers(person: User, roles: frozenset[Role] | None) -> bool:
    try:
        workflow.permit(person, "control_run", roles=roles)
    except MissingRole:
        return False
    return True


def acts(run: Run, *, batched: bool, undecided: bool) -> list[Button]:
    """What whoever may steer can do with the run now."""
    return [*_steering(run, batched), *_going_back(run, undecided)]


def _judging(run: Run, step: Step) -> list[Button]:
    """What can be said of a statement that no catalogue can judge."""
    said = (("applied", "It is applied"), ("not_applied", "It is not applied"))
    return [_button(run, name, label, reason=True, more=(("position", str(step.position)),)) for name, label in said]


def _steering(run: Run, batched: bool) -> list[Button]:
    status = RunStatus(run.status)
    if status is RunStatus.PAUSED:
        return [_button(run, "resume", "Resume", primary=True), _button(run, Wish.STOP, "Stop", danger=True)]
    if status not in UNDER_WAY or run.wish == Wish.STOP:
        return []
    slower = _button(run, "faster", "Full speed") if run.wish == Wish.SLOW else _button(run, Wish.SLOW, "Slow down")
    return [_button(run, Wish.PAUSE, "Pause"), *([slower] if batched else []), _button(run, Wish.STOP, "Stop", danger=True)]


def _going_back(run: Run, undecided: bool) -> list[Button]:
    status = RunStatus(run.status)
    keep = [_button(run, "keep", "Keep it", reason=True)] if undecided and status in ENDED else []
    over = status in REPLACED or (status is RunStatus.SUCCEEDED and not run.deployment.applied)
    if run.kind != RunKind.DEPLOY or over or run.undo_reason:
        return keep
    return [*keep, _button(run, "roll_back", "Roll back", danger=True, reason=True)]


def _button(run: Run, name: str, label: str, more: tuple[tuple[str, str], ...] = (), **given: Any) -> Button:
    return Button(name, label, reverse("admin:governance_run_act", args=[run.pk]), hidden=(("act", name), *more), **given)


def going_back(run: Run) -> dict[str, Any] | None:
    """What a rollback took in the latest rehearsal, what it loses, and where a recovery could end; None of a run that brings nothing."""
    if run.kind != RunKind.DEPLOY:
        return None
    rehearsal = Rehearsal.objects.filter(phase=run.deployment.phase_id, status=RunStatus.SUCCEEDED).exclude(verdict="").first()
    back = [step for step in rehearsal.steps if step["script"].startswith("R")] if rehearsal else []
    return {
        "seconds": sum(step["seconds"] for step in back) if back else None,
        "verdict": rehearsal.verdict if rehearsal else "",
        "lost": rehearsal.report.get("data_lost", ()) if rehearsal else (),
        "lsn": run.lsn,
        "restore_point": run.restore_point,
        "unrecoverable": run.unrecoverable,
    }
