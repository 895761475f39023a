"""What was measured around a run, the thresholds that an environment has of its own, and where an operator has to decide."""

from enum import StrEnum

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.base import APPEND_ONLY, KEPT, Code, Governed, choices
from governance.models.runs import Run, Step
from governance.models.targets import Environment
from governance.monitoring import Action, Measurement, Metric, Period
from governance.monitoring import Threshold as ThresholdValue


class Sample(models.Model):
    """Figures of a target at one moment of a run. Without history: it is never changed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples")
    period = Code(choices=choices(Period))
    at = models.DateTimeField()
    values = models.JSONField(default=dict, help_text="By metric; what is not there is unknown.")
    latencies = models.JSONField(default=dict, help_text="Seconds by table.")
    counters = models.JSONField(default=dict, help_text="What the server had counted up to then.")

    class Meta:
        ordering = ["run", "pk"]
        triggers = list(APPEND_ONLY)

    def __str__(self) -> str:
        return f"{self.get_period_display()} {self.at:%H:%M:%S}"

    @property
    def measurement(self) -> Measurement:
        return Measurement(self.at, self.values, self.latencies)


class Threshold(Governed):
    """An environment's own; it replaces the defaults of its metric."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="thresholds")
    metric = Code(choices=choices(Metric), help_text="What is measured.")
    action = Code(choices=choices(Action), help_text="What happens: warn on the run's page, page somebody, pause, stop, or roll back.")
    limit = models.FloatField(
        null=True, blank=True, help_text="Seconds, bytes, bytes a second, a number, or a share from 0 to 1: for example 0.25 for a latency."
    )
    factor = models.FloatField(
        null=True, blank=True, help_text="And so many times what it was before the run, for example 10; a figure that must not fall, 0.5."
    )
    times = models.PositiveSmallIntegerField(default=3, help_text="Measurements in a row, for example 3.")

    class Meta(Governed.Meta):
        ordering = ["environment", "metric", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__isnull=False) | Q(factor__isnull=False),
                name="threshold_says_when",
                violation_error_message="Give a limit, a factor, or both.",
            ),
            models.CheckConstraint(condition=Q(times__gte=1), name="threshold_of_one_measurement_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.get_metric_display()}: {self.get_action_display().lower()}"

    @property
    def value(self) -> ThresholdValue:
        return ThresholdValue(Metric(self.metric), Action(self.action), self.limit, self.factor, self.times)


class Cause(StrEnum):
    """What brought an operator to a decision."""

    TRIGGER = "trigger"
    CHECK = "check"
    DIRTY = "dirty"
    STATEMENT = "statement"  # that no catalogue can judge


class Choice(StrEnum):
    KEEP = "keep"
    ROLL_BACK = "roll_back"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"


OF_A_STATEMENT = (Choice.APPLIED, Choice.NOT_APPLIED)
NOT_BY_ITS_AUTHOR = pgtrigger.Trigger(
    name="not_by_its_author",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.step_id IS NOT NULL AND NEW.decided_by_id IS NOT NULL"),
    func="""
        IF EXISTS (
            SELECT 1 FROM governance_run r
            JOIN governance_deployment d ON d.id = r.deployment_id
            JOIN governance_phase p ON p.id = d.phase_id
            JOIN governance_spec s ON s.id = p.spec_id
            LEFT JOIN governance_speceditor e ON e.spec_id = s.id
            WHERE r.id = NEW.run_id AND NEW.decided_by_id IN (s.author_id, e.person_id)
        ) THEN
            RAISE EXCEPTION 'Whoever wrote a change cannot say what of it is applied' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
)


class DecisionPoint(Governed):
    """Open until somebody has chosen; the monitoring period is not left before. Of a statement: whether it is applied."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="decision_points")
    cause = Code(choices=choices(Cause))
    at = models.DateTimeField()
    text = models.TextField(help_text="What happened, in a sentence.")
    metric = Code(blank=True, choices=choices(Metric))
    action = Code(blank=True, choices=choices(Action), help_text="What was done by itself.")
    step = models.ForeignKey(Step, null=True, blank=True, on_delete=models.CASCADE, related_name="decision_points")
    choice = Code(blank=True, choices=choices(Choice))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["run", "pk"]
        triggers = [*Governed.Meta.triggers, KEPT, NOT_BY_ITS_AUTHOR]
        constraints = [
            models.CheckConstraint(
                condition=Q(choice="") | Q(step__isnull=True) ^ Q(choice__in=[each.value for each in OF_A_STATEMENT]),
                name="decision_point_of_a_statement",
                violation_error_message="Of a statement it is said whether it is applied, of anything else whether it stays.",
            )
        ]

    def __str__(self) -> str:
        return self.text
