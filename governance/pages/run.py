"""The live page of one run."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONArray, JSONObject
from django.urls import reverse
from django.utils import timezone

from governance import oncall, workflow
from governance.advice import TO_DECIDE, next_step
from governance.errors import Refusal
from governance.lifecycle import ENDED, OVER, Role
from governance.models import Run, Step, Threshold
from governance.orders import CHECKING, Limits, RunKind, RunStatus, ScriptKind, StepStatus, Wish
from governance.pages.course import course
from governance.pages.rechecks import ASKING, ask
from governance.pages.standing import acts, going_back, points, steers
from governance.pages.values import address_of, person_name
from governance.pages.verification import questions_of
from governance.versions import read_script
from governance.visitors import number_in

RELATED = ("deployment__phase__spec", "target__environment", "requested_by", "booking", "progress", "activity")
LOOKS = {
    RunStatus.SUCCEEDED: "ok",
    RunStatus.ROLLED_BACK: "warn",
    RunStatus.RUNNING: "run",
    RunStatus.FAILED_CLEAN: "bad",
    RunStatus.FAILED_DIRTY: "bad",
    RunStatus.INDETERMINATE: "warn",
}
COMPLETE = frozenset({RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK})


def shown_runs() -> QuerySet[Run]:
    """With all that a page wants to know in a single row."""
    edge = JSONObject(metric="metric", action="action", edge=JSONArray("limit", "factor", "times"))
    own = Threshold.objects.filter(environment=OuterRef("target__environment")).order_by("pk").values(row=edge)
    return Run.objects.select_related(*RELATED).annotate(own_thresholds=ArraySubquery(own), people=oncall.people_column("booking"))


def run_page(person: User, run: Any, roles: frozenset[Role] | None = None) -> dict[str, Any]:
    """`run`: one of `shown_runs()`; `roles`: the person's, where they are known."""
    status = RunStatus(run.status)
    phase = run.deployment.phase
    steering = steers(person, roles)
    steps, decided = _steps(run), points(run, steers=steering)
    undecided = any(point["open"] and point["of_run"] for point in decided)
    backfill = _backfill(run) if status not in ENDED else None
    checks = list(run.checks.select_related("superseded__person"))
    asked, unknown = questions_of(run, checks, run.asked_again.order_by("pk"), workflow.roles_of(person) if roles is None else roles)
    end = run.finished_at or timezone.now()
    return {
        "title": str(phase),
        "status": {"slug": status, "word": run.get_status_display(), "kind": LOOKS.get(status, "")},
        "target": run.target.name,
        "environment": run.target.environment.name,
        "kind": run.get_kind_display(),
        "actor": person_name(run.requested_by) if run.requested_by else "started by its booking",
        "people": oncall.in_words(run.people),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": (end - run.started_at).total_seconds() if run.started_at else None,
        "progress_percent": _percent(steps),
        "steps_done": _done(steps),
        "backfill": backfill,
        "activity": _activity(run, steps) if status is RunStatus.RUNNING and not backfill else None,
        "next": TO_DECIDE if undecided and status is RunStatus.SUCCEEDED else next_step(RunKind(run.kind), status),
        "points": decided,
        "undecided": undecided,
        "measured": run.kind != RunKind.DRY_RUN,
        "course": course(run),
        "back": going_back(run),
        "window": run.booking.ends if run.booking and status not in ENDED else None,
        "slow": run.wish == Wish.SLOW,
        "cause": run.undo_reason if status not in ENDED else "",
        "steps_total": len(steps),
        "longest_wait": run.longest_lock,
        "lock_limit": Limits().lock_timeout,
        "message": run.message,
        "steps": steps,
        "checks": checks,
        "questions": asked,
        "again": [repr(each["again"]) for question in asked for each in question["checks"] if each["again"]],
        "unknown": unknown,
        "acts": acts(run, batched=backfill is not None, undecided=undecided) if steering else [],
        "live": status not in ENDED,
        "polls": status not in ENDED or unknown.live,
        "poll_url": reverse("admin:governance_run_body", args=[run.pk]),
        "digest": run.script_digest,
        "applied": _applied(steps) if run.kind == RunKind.DEPLOY else [],
        "spec": {"title": phase.spec.number, "url": address_of(phase)},
        "reason": run.reason,
    }


def _backfill(run: Run) -> dict[str, Any] | None:
    """How far the batches of the present statement are; rate and time left as of late."""
    progress = getattr(run, "progress", None)
    if progress is None:
        return None
    return {
        "rows": progress.rows,
        "percent": min(100, round(100 * progress.seen / progress.total)) if progress.total else None,
        "rate": round(progress.rate),
        "batch": progress.batch,
        "left": progress.seconds_left,
        "pass": progress.pass_number,
        "rests": progress.throttled,
    }


def _activity(run: Run, steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What the server says of the statement that runs now, or how far a check is that reads a table where none does."""
    activity, begun = getattr(run, "activity", None), [step["position"] for step in steps if step["state"] == "now"]
    if activity is None or activity.position not in (begun[-1:] or [CHECKING]):
        return None
    known = activity.done is not None and activity.total
    return {
        "position": activity.position,
        "checks": activity.position == CHECKING,
        "phase": activity.phase,
        "done": activity.done,
        "total": activity.total,
        "unit": activity.unit,
        "percent": min(100, round(100 * activity.done / activity.total)) if known else None,
        "rate": round(activity.rate) if activity.rate else None,
        "left": activity.seconds_left,
        "waits_for": activity.waits_for,
        "keeps_waiting": activity.keeps_waiting,
    }


def _done(steps: list[dict[str, Any]]) -> int:
    return sum(step["state"] in OVER for step in steps)


def _applied(steps: list[dict[str, Any]]) -> list[str]:
    """Scripts of which every statement is."""
    open_ = {step["script"] for step in steps if step["state"] not in OVER}
    return sorted({step["script"] for step in steps} - open_)


def _percent(steps: list[dict[str, Any]]) -> int:
    return round(100 * _done(steps) / len(steps)) if steps else 0


def etag(page: dict[str, Any]) -> str:
    """Changes when anything shown changes, apart from the seconds that go by."""
    shown = [[{**step, "seconds": 0} if step["state"] == "now" else step for step in page["steps"]]]
    shown += [page[name] for name in ("status", "message", "backfill", "activity", "points", "cause")]
    shown += [page["course"]["last"], page["again"], page["unknown"]]
    shown += [[str(check) for check in page["checks"]], [act.name for act in page["acts"]]]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


def _steps(run: Run) -> list[dict[str, Any]]:
    """What has been begun, and behind it the statements that are still to come."""
    begun = [_step(run, step) for step in run.steps.all()]
    if RunStatus(run.status) in COMPLETE:
        return begun
    seen = {(step["script"], step["line"]) for step in begun}
    return begun + [step for step in _planned(run) if (step["script"], step["line"]) not in seen]


def _state(run: Run, step: Step) -> str:
    """Of one whose end nobody heard it is known only while its run goes on."""
    if step.status != StepStatus.RUNNING:
        return step.status
    return "unknown" if RunStatus(run.status) in ENDED else "now"


def _step(run: Run, step: Step) -> dict[str, Any]:
    return {
        "position": step.position,
        "state": _state(run, step),
        "statement": " ".join(step.statement.split()),
        "script": step.script,
        "line": step.line,
        "seconds": (timezone.now() - step.started_at).total_seconds() if _state(run, step) == "now" else step.seconds,
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


def do(person: User, run: Run, data: Mapping[str, str]) -> str:
    """`data`: the act, its reason, and the position of the statement or the key of the check's result that it is about. Raises Refusal."""
    name, reason = data.get("act", ""), data.get("reason", "")
    if name in JUDGED:
        position = number_in(data, "position") or 0
        workflow.judge_statement(actor=person, run=run, position=position, applied=JUDGED[name], reason=reason)
        return "Kept. The target is asked again, and the run then gets its status."
    if name in ASKING:
        return ask(person, run, name, number_in(data, "check"))
    if name in STEERING:
        wish, done = STEERING[name]
        workflow.control(actor=person, run=run, wish=wish)
        return done
    if name not in ACTS:
        raise Refusal(f"There is no act called {name}. Pause, slow down, stop, resume, keep or roll back the run, or say what is applied.")
    return ACTS[name](person, run, reason)


def _resume(person: User, run: Run, reason: str) -> str:
    workflow.resume(actor=person, run=run)
    return "The run goes on where it stopped."


def _keep(person: User, run: Run, reason: str) -> str:
    workflow.keep(actor=person, run=run, reason=reason)
    return "Decided: it stays."


def _roll_back(person: User, run: Run, reason: str) -> str:
    found = workflow.roll_back_run(actor=person, run=run, reason=reason)
    return "It stops, and is rolled back as soon as it has." if found.pk == run.pk else "The rollback is queued. Its page is under Runs."


STEERING = {
    Wish.PAUSE: (Wish.PAUSE, "Asked to pause: the run obeys at the next boundary."),
    Wish.STOP: (Wish.STOP, "Asked to stop: the run obeys at the next boundary."),
    Wish.SLOW: (Wish.SLOW, "The backfill works a quarter of the time from its next batch on."),
    "faster": (Wish.NONE, "The backfill has its speed again."),
}
JUDGED = {"applied": True, "not_applied": False}
ACTS: dict[str, Callable[[User, Run, str], str]] = {"resume": _resume, "keep": _keep, "roll_back": _roll_back}
