"""What a target's schema was, when, and which change made it so."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.base import Code, Governed
from governance.models.runs import Run
from governance.models.specs import Spec
from governance.models.targets import Target


class SchemaSnapshotQuerySet(models.QuerySet["SchemaSnapshot"]):
    def approved(self) -> "SchemaSnapshotQuerySet":
        """Those that somebody answers for: made by a run, accepted, or the first."""
        return self.filter(Q(drift=None) | Q(drift__state__in=[DriftState.ACCEPTED, DriftState.LINKED]))


class SchemaSnapshot(Governed):
    """A schema and how long it was so; `valid_to` is empty for the present one."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="snapshots")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="snapshots")
    drift = models.ForeignKey(
        "Drift", null=True, blank=True, on_delete=models.PROTECT, related_name="snapshots", help_text="Of which it is a sign, if of one."
    )
    version = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=64)
    content = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    objects = SchemaSnapshotQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-valid_from"]
        constraints = [models.UniqueConstraint(fields=["target"], condition=Q(valid_to=None), name="snapshot_one_present")]

    def __str__(self) -> str:
        return f"{self.target} {self.version}"


class DriftState(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    REVERTED = "reverted"
    LINKED = "linked", "Linked to a change"


class Drift(Governed):
    """What was changed in a target past the portal, until somebody answers for it or it is undone."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="drifts")
    before = models.ForeignKey(
        SchemaSnapshot, on_delete=models.PROTECT, related_name="followed_by", help_text="The last schema that somebody answered for."
    )
    found_at = models.DateTimeField()
    entries = models.JSONField(help_text="What differs, object by object: object, kind, before, after, severity, and the same in words.")
    state = Code(default=DriftState.OPEN, choices=DriftState.choices)
    reason = models.TextField(
        blank=True, help_text="Why it was accepted, for example hotfix of incident 4711, agreed with the DBA on call."
    )
    change = models.ForeignKey(Spec, null=True, blank=True, on_delete=models.PROTECT, related_name="drifts")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name_plural = "drift"
        constraints = [models.UniqueConstraint(fields=["before"], condition=Q(state=DriftState.OPEN), name="drift_open_once")]

    def __str__(self) -> str:
        return f"drift of {self.target}, {self.state}"


class TableVersion(Governed):
    """The database version in which a change last touched a table."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="table_versions")
    table = models.CharField(max_length=130, help_text="Schema and table, for example public.bids.")
    version = models.CharField(max_length=32)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="table_versions")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["target", "table", "-pk"]
        constraints = [models.UniqueConstraint(fields=["target", "table", "run"], name="table_version_once_per_run")]

    def __str__(self) -> str:
        return f"{self.table} {self.version}"
