"""A run as a command follows it, and steers it: the same functions as the page's."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from governance.advice import next_step
from governance.errors import BadInput
from governance.lifecycle import ENDED, OVER
from governance.models import DecisionPoint, Run, RunActivity, RunProgress
from governance.monitoring import Metric, in_words
from governance.orders import CHECKING, RunKind, RunStatus, ScriptKind, StepStatus, Wish
from governance.versions import read_script
from governance.workflow.judging import judge_statement
from governance.workflow.running import control, keep, resume, roll_back_run

SHOWN = (Metric.LATENCY, Metric.BLOCKED, Metric.REPLICATION_LAG, Metric.WAL_RATE, Metric.TRANSACTIONS)
NAMES = ("latency", "blocked", "lag", "WAL", "transactions")
JUDGED = {"applied": True, "not_applied": False}
WISHES = {"pause": Wish.PAUSE, "stop": Wish.STOP, "slow": Wish.SLOW, "faster": Wish.NONE}


@dataclass(frozen=True, slots=True)
class Course:
    """How far a run is, in words where people read them."""

    title: str
    kind: str
    target: str
    status: str
    ended: bool
    message: str
    next: str
    seconds: float
    done: int
    total: int
    statement: str = ""  # that runs now
    detail: str = ""  # how far it is
    detail_share: float | None = None
    waits_for: str = ""
    keeps_waiting: str = ""
    figures: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return (self.done + (self.detail_share or 0.0)) / self.total if self.total else 0.0


def run_named(text: str) -> UUID:
    """By its number, the beginning of it, or “latest”.

    Raises:
        BadInput
    """
    rows = Run.objects.annotate(number=Cast("pk", TextField())).order_by("-requested_at")
    named = rows if text == "latest" else rows.filter(number__startswith=text.lower())
    found = list(named.values_list("pk", flat=True)[:2])
    if not found:
        raise BadInput(f"There is no run {text}. Its number stands in the address of its page.")
    if len(found) > 1 and text != "latest":
        raise BadInput(f"Several runs begin with {text}. Give more of the number.")
    return found[0]


def steer(pk: UUID, what: str, person: str, reason: str, position: int = 0) -> str:
    """What was asked for, in a sentence. `position`: of the statement that it is about. Raises Refusal."""
    actor = User.objects.filter(username=person).first()
    if actor is None:
        raise BadInput(f"Nobody here is called {person}. Name a user of the portal with --as.")
    run = Run.objects.get(pk=pk)
    if what in WISHES:
        control(actor=actor, run=run, wish=WISHES[what])
    elif what in JUDGED:
        judge_statement(actor=actor, run=run, position=position, applied=JUDGED[what], reason=reason)
    elif what == "resume":
        resume(actor=actor, run=run)
    elif what == "keep":
        keep(actor=actor, run=run, reason=reason)
    else:
        roll_back_run(actor=actor, run=run, reason=reason)
    return f"{actor} asked for it: {what.replace('_', ' ')}. Follow it with watch {run.pk}."


def course_of(pk: UUID) -> Course:
    run = Run.objects.select_related("deployment__phase__spec", "target", "progress", "activity").get(pk=pk)
    status, steps = RunStatus(run.status), list(run.steps.all())
    begun = [step for step in steps if step.status == StepStatus.RUNNING]  # those before the last wait for their transaction's end
    now = begun[-1] if begun and status is RunStatus.RUNNING else None
    activity, progress = getattr(run, "activity", None), getattr(run, "progress", None)
    position = now.position if now else CHECKING if status is RunStatus.RUNNING else None
    live = next((each for each in (progress, activity) if each and each.position == position), None)
    detail, share = _detail(live)
    latest = run.samples.last()
    return Course(
        title=str(run.deployment.phase),
        kind=run.kind,
        target=run.target.name,
        status=status,
        ended=status in ENDED and not (status is RunStatus.INDETERMINATE and run.finished_at is None),
        message=run.message,
        next=next_step(RunKind(run.kind), status),
        seconds=((run.finished_at or timezone.now()) - run.started_at).total_seconds() if run.started_at else 0.0,
        done=sum(step.status in OVER for step in steps),
        total=max(_planned(run), len(steps)),
        statement=" ".join(now.statement.split()) if now else "",
        detail=detail,
        detail_share=share,
        waits_for=live.waits_for if isinstance(live, RunActivity) else "",
        keeps_waiting=live.keeps_waiting if isinstance(live, RunActivity) else "",
        figures=_figures(latest.values) if latest else (),
        undecided=tuple(DecisionPoint.objects.filter(run=run, decided_at=None).values_list("text", flat=True)),
    )


def _planned(run: Run) -> int:
    kind = ScriptKind.ROLLBACK if run.kind == RunKind.ROLLBACK else ScriptKind.FORWARD
    return sum(len(read_script(row.name, row.text).statements) for row in run.deployment.phase.scripts.filter(kind=kind))


def _detail(live: RunProgress | RunActivity | None) -> tuple[str, float | None]:
    match live:
        case RunProgress(throttled=why) if why:
            return f"rests: {why}", _share(live.seen, live.total)
        case RunProgress():
            return f"{live.rows:,} rows written, {_pace(live.seen, live.total, live.rate, 'rows')}, pass {live.pass_number}", _share(
                live.seen, live.total
            )
        case RunActivity(phase=phase) if phase and live.done is not None:
            return f"{phase}, {live.done:,} of {live.total or 0:,} {_pace(live.done, live.total, live.rate, live.unit)}", _share(
                live.done, live.total
            )
    return "", None


def _pace(done: int, total: int | None, rate: float | None, unit: str) -> str:
    """ "rows, 4,310 a second, 18 s left"."""
    left = f", {(total - done) / rate:,.0f} s left" if rate and total and total > done else ""
    return f"{unit}, {rate:,.0f} a second{left}" if rate else unit


def _share(done: int, total: int | None) -> float | None:
    return min(1.0, done / total) if total else None


def _figures(values: dict[str, float]) -> tuple[str, ...]:
    return tuple(f"{name} {in_words(metric, values[metric])}" for metric, name in zip(SHOWN, NAMES, strict=True) if metric in values)
