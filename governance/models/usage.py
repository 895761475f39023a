"""Where releases live and what they use: declared by people, imported, or observed."""

from django.db import models
from django.db.models import Q

from governance.models.apis import ApiVersion
from governance.models.base import Code, Governed
from governance.models.compatibility import Release
from governance.models.targets import Environment


class PresenceSource(models.TextChoices):
    DECLARED = "declared"
    OBSERVED = "observed"


class Presence(Governed):
    """A release in an environment, from when to when. What is observed says when it was last seen."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="presences")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="presences")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: it is there now.")
    source = Code(default=PresenceSource.DECLARED, choices=PresenceSource.choices)
    last_seen = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-since"]
        verbose_name_plural = "presences"
        constraints = [
            models.UniqueConstraint(
                fields=["release", "environment"],
                condition=Q(until=None),
                name="presence_once_at_a_time",
                violation_error_message="It is there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} in {self.environment}"


class BindingSource(models.TextChoices):
    DECLARED = "declared"
    OPENAPI = "openapi", "OpenAPI document"
    STATEMENTS = "pg_stat_statements"


class Binding(Governed):
    """A column, or a whole table, that stands behind a client's query or behind a field of an API version."""

    client = models.ForeignKey(Release, null=True, blank=True, on_delete=models.CASCADE, related_name="bindings")
    api_version = models.ForeignKey(ApiVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="bindings")
    by = models.CharField(max_length=200, blank=True, help_text="The field or query, for example GET /bids total.")
    object = models.CharField(max_length=200, help_text="Schema, table and column, for example public.bids.total_cents.")
    reads = models.BooleanField(default=True)
    writes = models.BooleanField(default=False)
    source = Code(default=BindingSource.DECLARED, choices=BindingSource.choices)

    class Meta(Governed.Meta):
        ordering = ["object", "by"]
        constraints = [
            models.CheckConstraint(
                condition=Q(client=None) ^ Q(api_version=None),
                name="binding_of_client_or_api",
                violation_error_message="A binding belongs either to a client or to an API version.",
            ),
            models.UniqueConstraint(fields=["client", "by", "object", "source"], name="binding_once_of_client"),
            models.UniqueConstraint(fields=["api_version", "by", "object", "source"], name="binding_once_of_api"),
        ]

    def __str__(self) -> str:
        return f"{self.by or self.client} uses {self.object}"


class UsageMode(models.TextChoices):
    READ = "read"
    WRITE = "write"


class Usage(models.Model):
    """How often a client used an object on one day. Counted, not governed: it is what was seen."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="usages")
    api_version = models.CharField(max_length=32, blank=True)
    object = models.CharField(max_length=200)
    mode = Code(choices=UsageMode.choices)
    day = models.DateField()
    count = models.BigIntegerField()

    class Meta:
        ordering = ["-day", "object"]
        verbose_name_plural = "usage"
        constraints = [
            models.UniqueConstraint(fields=["client", "environment", "object", "mode", "api_version", "day"], name="usage_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.mode} {self.object} {self.count}×"


class Traffic(models.Model):
    """All requests to an environment on one day, and how many of them named their client and its version."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    requests = models.BigIntegerField()
    identified = models.BigIntegerField()

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "traffic"
        constraints = [models.UniqueConstraint(fields=["environment", "day"], name="traffic_once_a_day")]

    def __str__(self) -> str:
        return f"{self.requests} requests to {self.environment} on {self.day}"
