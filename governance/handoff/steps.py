"""Steps of a run as rows: kept as they are told, and ended with the run by what its target holds."""

from dataclasses import fields

from django.utils import timezone

from governance import audit
from governance.audit import System, save
from governance.models import Run, Step
from governance.orders import Judged, Outcome, RunKind, RunStatus, StepStatus
from governance.orders import Step as StepValue

KEPT = tuple(each.name for each in fields(StepValue) if each.name not in ("progress", "activity"))
GONE = "not applied, as the target says"


def keep_step(run: Run, value: StepValue) -> None:
    row = Step.objects.filter(run=run, position=value.position).first() or Step(run=run, position=value.position)
    for name in KEPT:
        setattr(row, name, getattr(value, name))
    save(System.RUNNER, row)
    audit.append(System.RUNNER, "run.step", run.deployment.phase.spec.number, f"{row} {value.status}.", run=str(run.pk))


def end_steps(run: Run, outcome: Outcome) -> None:
    """Those whose end nobody told, because the worker or the connection died."""
    for step in outcome.steps:
        keep_step(run, step)
    for judged in outcome.judged:
        _judge(run, judged)
    if outcome.status in (RunStatus.PAUSED, RunStatus.INDETERMINATE):
        return
    told = {step.position for step in outcome.steps} | {judged.position for judged in outcome.judged}
    for row in run.steps.filter(status__in=(StepStatus.RUNNING, StepStatus.UNKNOWN)).exclude(position__in=told):
        row.status = StepStatus.DONE if _holds(run, row, outcome) else StepStatus.UNDONE
        row.note = row.note if row.status == StepStatus.DONE else GONE
        save(System.RUNNER, row)


def _judge(run: Run, judged: Judged) -> None:
    row = Step.objects.filter(run=run, position=judged.position).first()
    row = row or Step(run=run, position=judged.position, started_at=timezone.now())
    row.script, row.line, row.statement = judged.script, judged.line, judged.statement
    row.status, row.note = judged.status, judged.note
    save(System.RUNNER, row)


def _holds(run: Run, row: Step, outcome: Outcome) -> bool:
    """Whether the target holds what the step's script brings; of a rollback, whether it is gone."""
    there = any(row.script[1:].startswith(f"{version}__") for version in outcome.applied)
    return run.kind != RunKind.DRY_RUN and there != (run.kind == RunKind.ROLLBACK)
