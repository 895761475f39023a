"""API versions: from when to when each is served, on which schemas, and which changes it hides from its clients."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from governance.models.base import Governed
from governance.models.specs import Spec, TestEvidence


class ApiState(models.TextChoices):
    CURRENT = "current"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class ApiVersion(Governed):
    number = models.CharField(max_length=32, unique=True, help_text="For example 1.2.")
    released_on = models.DateField(null=True, blank=True, help_text="For example 2026-03-01.")
    deprecated_on = models.DateField(null=True, blank=True, help_text="From when answers carry the Deprecation header.")
    sunset_on = models.DateField(null=True, blank=True, help_text="From when requests are refused. It may move later, never earlier.")
    schema_from = models.CharField(max_length=32, blank=True, help_text="The oldest schema version it can be served on, for example 1.4.0.")
    schema_to = models.CharField(max_length=32, blank=True, help_text="The newest; empty: no end is known.")
    migration_path = models.TextField(blank=True, help_text="What its clients have to do, for example: read lines, not total.")

    class Meta(Governed.Meta):
        ordering = ["number"]
        verbose_name = "API version"
        constraints = [
            models.CheckConstraint(
                condition=Q(sunset_on=None) | Q(deprecated_on=None) | Q(sunset_on__gte=F("deprecated_on")),
                name="api_sunset_after_deprecation",
                violation_error_message="The sunset cannot come before the deprecation.",
            ),
            models.CheckConstraint(
                condition=Q(deprecated_on=None) | ~Q(migration_path=""),
                name="api_deprecation_has_path",
                violation_error_message="A deprecation needs a migration path for its clients.",
            ),
        ]

    def __str__(self) -> str:
        return f"API {self.number}"

    def state_on(self, day: date) -> ApiState:
        if self.sunset_on and day >= self.sunset_on:
            return ApiState.RETIRED
        return ApiState.DEPRECATED if self.deprecated_on and day >= self.deprecated_on else ApiState.CURRENT


class Shield(Governed):
    """A change before which an API version keeps its contract. It counts once a contract test has passed."""

    api_version = models.ForeignKey(ApiVersion, on_delete=models.CASCADE, related_name="shields")
    spec = models.ForeignKey(Spec, on_delete=models.PROTECT, related_name="shields", verbose_name="change")
    evidence = models.ForeignKey(
        TestEvidence, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Of the contract test."
    )

    class Meta(Governed.Meta):
        constraints = [models.UniqueConstraint(fields=["api_version", "spec"], name="shield_once")]

    def __str__(self) -> str:
        return f"{self.api_version} keeps its contract through {self.spec.number}"
