"""What a target's schema was, when, and which change made it so."""

from django.db import models
from django.db.models import Q

from governance.models.base import Governed
from governance.models.runs import Run
from governance.models.targets import Target


class SchemaSnapshot(Governed):
    """A schema and how long it was so; `valid_to` is empty for the present one."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="snapshots")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="snapshots")
    version = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=64)
    content = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-valid_from"]
        constraints = [models.UniqueConstraint(fields=["target"], condition=Q(valid_to=None), name="snapshot_one_present")]

    def __str__(self) -> str:
        return f"{self.target} {self.version}"


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
