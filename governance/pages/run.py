"""The live page of one run."""

import hashlib
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from governance import workflow
from governance.errors import MissingRole, Refusal
from governance.lifecycle import ENDED
from governance.models import Run, Step
from governance.orders import Limits, RunStatus, ScriptKind, StepStatus, Wish
from governance.pages.acts import Button
from governance.pages.values import address_of, person_name
from governance.versions import read_script

LOOKS = {
    RunStatus.SUCCEEDED: "ok",
    RunStatus.ROLLED_BACK: "warn",
    RunStatus.RUNNING: "run",
    RunStatus.FAILED_CLEAN: "bad",
    RunStatus.FAILED_DIRTY: "bad",
    RunStatus.INDETERMINATE: "warn",
}
STATES = {StepStatus.RUNNING: "now", StepStatus.DONE: "done", StepStatus.FAILED: "failed", StepStatus.SKIPPED: "skipped"}


def run_page(person: User, run: Run) -> dict[str, Any]:
    status = RunStatus(run.status)
    phase = run.deployment.phase
    steps = _steps(run)
    end = run.finished_at or timezone.now()
    return {
        "title": str(phase),
        "status": {"slug": status, "word": run.get_status_display(), "kind": LOOKS.get(status, "")},
        "target": run.target.name,
        "environment": run.target.environment.name,
        "kind": run.get_kind_display(),
        "actor": person_name(run.requested_by) if run.requested_by else "started by its booking",
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": (end - run.started_at).total_seconds() if run.started_at else None,
        "progress_percent": _percent(steps),
        "steps_done": _done(steps),
        "backfill": _backfill(run) if status not in ENDED else None,
        "steps_total": len(steps),
        "longest_wait": run.longest_lock,
        "lock_limit": Limits().lock_timeout,
        "message": run.message,
        "steps": steps,
        "checks": list(run.checks.all()),
        "acts": _acts(person, run),
        "live": status not in ENDED,
        "poll_url": reverse("admin:governance_run_body", args=[run.pk]),
        "digest": run.script_digest,
        "applied": sorted({step["script"] for step in steps if step["state"] == "done"}) if run.kind == "deploy" else [],
        "spec": {"title": phase.spec.number, "url": address_of(phase)},
        "reason": run.reason,
    }


def _backfill(run: Run) -> dict[str, Any] | None:
    """How far the batches of the present statement are; rate and time left as of late."""
    progress = getattr(run, "progress", None)
    if progress is None:
        return None
    left = progress.total - progress.seen if progress.total is not None and progress.total > progress.seen else None
    return {
        "rows": progress.rows,
        "percent": min(100, round(100 * progress.seen / progress.total)) if progress.total else None,
        "rate": round(progress.rate),
        "batch": progress.batch,
        "left": left / progress.rate if left is not None and progress.rate else None,
        "pass": progress.pass_number,
        "rests": progress.throttled,
    }


def _done(steps: list[dict[str, Any]]) -> int:
    return sum(step["state"] in ("done", "skipped") for step in steps)


def _percent(steps: list[dict[str, Any]]) -> int:
    return round(100 * _done(steps) / len(steps)) if steps else 0


def etag(page: dict[str, Any]) -> str:
    """Changes when anything shown changes, apart from the seconds that go by."""
    shown = [page[name] for name in ("status", "message", "steps", "backfill")]
    shown += [[str(check) for check in page["checks"]], [act.name for act in page["acts"]]]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


def _steps(run: Run) -> list[dict[str, Any]]:
    """What has been begun, and behind it the statements that are still to come."""
    begun = [_step(step) for step in run.steps.all()]
    if RunStatus(run.status) in ENDED:
        return begun
    seen = {(step["script"], step["line"]) for step in begun}
    return begun + [step for step in _planned(run) if (step["script"], step["line"]) not in seen]


def _step(step: Step) -> dict[str, Any]:
    return {
        "position": step.position,
        "state": STATES[StepStatus(step.status)],
        "statement": " ".join(step.statement.split()),
        "script": step.script,
        "line": step.line,
        "seconds": step.seconds,
        "attempts": step.attempts,
        "note": step.note,
    }


def _planned(run: Run) -> list[dict[str, Any]]:
    kind = ScriptKind.ROLLBACK if run.kind == "rollback" else ScriptKind.FORWARD
    rows = run.deployment.phase.scripts.filter(kind=kind).order_by("-version" if kind is ScriptKind.ROLLBACK else "version")
    scripts = [read_script(row.name, row.text) for row in rows]
    statements = [(script.name, statement) for script in scripts for statement in script.statements]
    return [
        {
            "position": number,
            "state": "wait",
            "statement": " ".join(statement.text.split()),
            "script": name,
            "line": statement.line,
            "seconds": None,
            "attempts": 1,
            "note": "",
        }
        for number, (name, statement) in enumerate(statements, 1)
    ]


def _acts(person: User, run: Run) -> list[Button]:
    status = RunStatus(run.status)
    url = reverse("admin:governance_run_act", args=[run.pk])
    if status in (RunStatus.QUEUED, RunStatus.RUNNING):
        found = [
            Button(Wish.PAUSE, "Pause", url, hidden=(("act", "pause"),)),
            Button(Wish.STOP, "Stop", url, danger=True, hidden=(("act", "stop"),)),
        ]
    elif status is RunStatus.PAUSED:
        found = [Button("resume", "Resume", url, primary=True, hidden=(("act", "resume"),))]
    else:
        return []
    try:
        workflow.permit(person, "control_run")
    except MissingRole:
        return []
    return found


def do(person: User, run: Run, name: str) -> str:
    """Raises Refusal."""
    if name == "resume":
        workflow.resume(actor=person, run=run)
        return "The run goes on where it stopped."
    if name not in (Wish.PAUSE, Wish.STOP):
        raise Refusal(f"There is no act called {name}. Pause, stop or resume the run.")
    workflow.control(actor=person, run=run, wish=Wish(name))
    return f"Asked to {name}: the run obeys at the next boundary."
