"""What every row that waits for the runner has: it is queued, claimed with a token, and ended."""

import uuid

from django.conf import settings
from django.db import models

from governance.models.base import Code, Governed, choices
from governance.orders import RunStatus


class Request(Governed):
    """`token` fences: whoever claims a row again makes every older holder's next write fail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = Code(default=RunStatus.QUEUED, choices=choices(RunStatus))
    token = models.UUIDField(null=True, editable=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    message = models.TextField(blank=True, help_text="What happened, in words.")

    class Meta(Governed.Meta):
        abstract = True
        ordering = ["-requested_at"]

    @property
    def seconds(self) -> float | None:
        return (self.finished_at - self.started_at).total_seconds() if self.started_at and self.finished_at else None


class Heartbeat(models.Model):
    """The last sign of life of a claim. Without history: it changes every few seconds and proves nothing afterwards."""

    token = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token} at {self.at:%H:%M:%S}"


class ClusterBeat(models.Model):
    """The last task that the queue's workers executed: says whether the cluster lives. One row, without history."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S}"
