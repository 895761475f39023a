"""A phase on a target, each attempt to run it, and what every attempt did and found."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.lifecycle import OCCUPYING, STEPS_OF_A_RUN
from governance.models.base import AUDITED, KEPT, NO_TRUNCATE, Code, Governed, choices
from governance.models.bookings import Booking
from governance.models.emergencies import BreakGlass
from governance.models.requests import Request
from governance.models.specs import Phase
from governance.models.targets import Target
from governance.orders import Moment, Question, RunKind, RunStatus, Severity, StepStatus, Verdict, Wish


class Deployment(Governed):
    """A phase for one target."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="deployments")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="deployments")
    applied = models.BooleanField(default=False, help_text="What the target's ledger said after the last run.")
    version_before = models.CharField(max_length=32, blank=True)
    version_after = models.CharField(max_length=32, blank=True)

    class Meta(Governed.Meta):
        ordering = ["phase", "target"]
        constraints = [models.UniqueConstraint(fields=["phase", "target"], name="deployment_once_per_target")]
        triggers = [*Governed.Meta.triggers, KEPT]

    def __str__(self) -> str:
        return f"{self.phase} on {self.target}"


class RunQuerySet(models.QuerySet["Run"]):
    def live(self) -> "RunQuerySet":
        """Those that have not ended, or of which nobody knows yet."""
        return self.filter(status__in=[RunStatus.QUEUED, *OCCUPYING])


# Whoever starts a run in production is not the only one who approved it, whatever way the row comes.
NOT_ALONE = pgtrigger.Trigger(
    name="not_alone",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF NEW.kind = 'deploy' AND EXISTS (
            SELECT 1 FROM governance_target t JOIN governance_environment e ON e.id = t.environment_id
            WHERE t.id = NEW.target_id AND e.production
        ) AND (
            SELECT count(*) > 0 AND bool_and(a.person_id = NEW.requested_by_id) FROM governance_approval a
            JOIN governance_deployment d ON d.phase_id = a.phase_id
            WHERE d.id = NEW.deployment_id AND a.voided_at IS NULL AND a.decision = 'approved' AND a.expires_at > clock_timestamp()
        ) THEN
            RAISE EXCEPTION 'Whoever starts a run in production is not the only one who approved it'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class Run(Request):
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="runs")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="runs")
    booking = models.ForeignKey(Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    emergency = models.ForeignKey(BreakGlass, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    kind = Code(choices=choices(RunKind))
    wish = Code(default=Wish.NONE, choices=choices(Wish), help_text="What a person wants of the run; read at every boundary.")
    script_digest = models.CharField(max_length=64)
    release_digest = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was rolled back.")
    undo_reason = models.TextField(blank=True, help_text="Why it is rolled back as soon as it has ended.")
    undo_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    forecast_likely = models.FloatField(null=True, blank=True, help_text="Seconds that its statements were to take, said when it began.")
    forecast_p90 = models.FloatField(null=True, blank=True, help_text="Seconds that nine in ten keep to; empty: unknown.")
    longest_lock = models.FloatField(null=True, blank=True, help_text="Seconds that its strongest lock was held.")
    wal_bytes = models.BigIntegerField(null=True, blank=True)
    lsn = models.CharField(max_length=32, blank=True, help_text="Position in the target's WAL before anything was executed.")
    restore_point = models.CharField(max_length=64, blank=True, help_text="Name of the restore point that was made there.")
    unrecoverable = models.TextField(blank=True, help_text="Why the server cannot be recovered to it.")
    objects = RunQuerySet.as_manager()

    class Meta(Request.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=Q(status__in=sorted(OCCUPYING)),
                name="run_alone_on_target",
                violation_error_message="One run at a time on each target.",
            )
        ]
        triggers = [
            *Request.Meta.triggers,
            KEPT,
            NOT_ALONE,
            pgtrigger.FSM(
                name="status_steps",
                field="status",
                transitions=[(before.value, after.value) for before, afters in STEPS_OF_A_RUN.items() for after in sorted(afters)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.deployment}"


class Step(Governed):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    script = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    statement = models.TextField()
    status = Code(choices=choices(StepStatus))
    started_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    attempts = models.PositiveIntegerField(default=1)
    rows = models.BigIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="step_once")]
        triggers = [*Governed.Meta.triggers, KEPT]

    def __str__(self) -> str:
        return f"{self.position}. {self.statement[:60]}"


class RunProgress(models.Model):
    """How far a run's backfill is. Without history: it changes twice a second, and the target's journal keeps every batch."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="progress")
    position = models.PositiveIntegerField(help_text="Of the step.")
    at = models.DateTimeField()
    rows = models.BigIntegerField(help_text="Written so far.")
    seen = models.BigIntegerField(help_text="Rows of the table, in this pass.")
    total = models.BigIntegerField(null=True, help_text="Rows of the table, as its statistics say.")
    rate = models.FloatField(help_text="Rows seen per second, of late.")
    batch = models.PositiveIntegerField(help_text="Rows in a batch now.")
    pass_number = models.PositiveIntegerField(default=1)
    throttled = models.TextField(blank=True, help_text="Why it rests.")

    def __str__(self) -> str:
        return f"{self.rows:,} rows at {self.at:%H:%M:%S}"

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None where the table has no statistics, or more rows than they say."""
        return (self.total - self.seen) / self.rate if self.total is not None and self.total > self.seen and self.rate else None


class RunActivity(models.Model):
    """What the server says of the statement that runs now. Without history, as `RunProgress`."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="activity")
    position = models.PositiveIntegerField(help_text="Of the step.")
    at = models.DateTimeField()
    phase = models.CharField(max_length=200, blank=True)
    done = models.BigIntegerField(null=True)
    total = models.BigIntegerField(null=True)
    unit = models.CharField(max_length=32, blank=True)
    rate = models.FloatField(null=True, help_text="Units per second, of late.")
    waits_for = models.TextField(blank=True, help_text="Who blocks it.")
    keeps_waiting = models.TextField(blank=True, help_text="Whom it blocks.")

    def __str__(self) -> str:
        return f"{self.phase or 'at work'} at {self.at:%H:%M:%S}"

    @property
    def seconds_left(self) -> float | None:
        """At the present rate, where it tells how far it is."""
        return (self.total - self.done) / self.rate if self.total and self.done is not None and self.rate else None


# What a check found is evidence: it can be superseded with a reason, never edited.
FOUND_ONCE = pgtrigger.Protect(name="found_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.* IS DISTINCT FROM NEW.*"))


class CheckResult(Governed):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=200)
    question = Code(choices=choices(Question))
    moment = Code(choices=choices(Moment))
    verdict = Code(choices=choices(Verdict))
    evidence = models.TextField(blank=True)
    severity = Code(choices=choices(Severity), default=Severity.BLOCKING)
    strength = models.TextField(blank=True, help_text="How much that proves, with its formula.")
    sample = models.JSONField(default=list, help_text="Keys of rows that offend; never another value.")
    seconds = models.FloatField(default=0)
    sql = models.TextField(blank=True, help_text="Asks the same again.")

    class Meta(Governed.Meta):
        ordering = ["run", "pk"]
        triggers = [AUDITED, NO_TRUNCATE, FOUND_ONCE, KEPT]

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}"
