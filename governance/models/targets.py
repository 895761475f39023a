"""Environments and the databases in them."""

from enum import StrEnum

from django.core.validators import RegexValidator, URLValidator
from django.db import models

from governance.models.base import Code, Governed, choices
from governance.versions import INITIAL
from governance.windows import BusyDays

VERSION = RegexValidator(r"^\d+\.\d+\.\d+$", "Write the version as major.minor.patch, for example 1.4.0.")
VARIABLE = RegexValidator(r"^[A-Z][A-Z0-9_]*$", "Write the name of an environment variable, for example INSTABIDS_STAGING_URL.")


class AfterFailedCheck(StrEnum):
    DECIDE = "decide"
    ROLL_BACK = "roll_back"


class Environment(Governed):
    name = models.SlugField(unique=True, help_text="For example staging.")
    rank = models.PositiveSmallIntegerField(
        unique=True, help_text="Changes are deployed in this order, for example 10 for staging, 20 for production."
    )
    production = models.BooleanField(
        default=False, help_text="Runs here need a booked window and business approval, for example in the environment that customers use."
    )
    monitoring_seconds = models.PositiveIntegerField(
        default=86400, help_text="How long a change is watched after its run before it can be closed, for example 86400 for a day."
    )
    after_failed_check = Code(
        default=AfterFailedCheck.DECIDE,
        choices=choices(AfterFailedCheck),
        help_text="When a check fails behind a run: an operator decides, or the approved rollback starts by itself.",
    )

    busy_from = models.TimeField(
        null=True,
        blank=True,
        help_text="When its busy hours begin, in the portal's time zone, for example 09:00; changes then are riskier.",
    )
    busy_until = models.TimeField(null=True, blank=True, help_text="When they end, for example 18:00.")
    busy_days = Code(default=BusyDays.EVERY_DAY, choices=choices(BusyDays), help_text="On which days, for example those of work.")

    class Meta(Governed.Meta):
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name


class TargetQuerySet(models.QuerySet["Target"]):
    def in_rank_order(self) -> "TargetQuerySet":
        return self.select_related("environment").order_by("environment__rank", "name")


class Target(Governed):
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="targets")
    name = models.SlugField(unique=True, help_text="For example instabids_production.")
    connection = models.CharField(
        max_length=100,
        validators=[VARIABLE],
        help_text="Name of the environment variable of the runner that holds the connection string, for example INSTABIDS_PRODUCTION_URL. "
        "The string itself is never stored.",
    )
    owner_role = models.CharField(
        max_length=63,
        blank=True,
        help_text="Database role that owns the objects; the runner does SET ROLE to it, for example instabids_owner.",
    )
    version = models.CharField(
        max_length=32, default=INITIAL, validators=[VERSION], help_text="What the database is at now, for example 1.4.0."
    )
    escalation = models.TextField(blank=True, help_text="Whom to call when a run goes wrong, for example on-call DBA, +1 555 0100.")
    metrics_address = models.CharField(
        max_length=200,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="Where the database's host tells its own figures in Prometheus' text format, "
        "for example http://db1.internal:9100/metrics; without it they are unknown.",
    )
    objects = TargetQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["environment__rank", "name"]

    def __str__(self) -> str:
        return self.name
