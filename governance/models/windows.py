"""When work may be done: maintenance windows and blackouts, each for an environment, a target or a domain."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, OuterRef, Q

from governance import recurrence, windows
from governance.errors import BadRecurrence
from governance.models.base import Code, Governed, choices
from governance.models.domains import Domain
from governance.models.targets import Environment, Target


class TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def touching(starts: datetime | OuterRef, ends: datetime | OuterRef) -> Q:
    """Rows of which an occurrence may lie between the two moments: where one that recurs does is for Python to say."""
    return Q(starts__lt=ends) & (Q(ends__gt=starts) | ~Q(rule=""))


class Recurring(Governed):
    """Once, or by a rule of RFC 5545 on the wall clock of a zone. `starts` and `ends` are those of the first time."""

    starts = models.DateTimeField(help_text="The first time, for example 2026-12-05 01:00, UTC.")
    ends = models.DateTimeField(help_text="For example 2026-12-05 05:00, UTC.")
    rule = models.CharField(
        "recurs",
        max_length=200,
        blank=True,
        help_text="A rule of RFC 5545, for example FREQ=WEEKLY;BYDAY=SA or FREQ=MONTHLY;BYMONTHDAY=-1; empty: once.",
    )
    zone = models.CharField(
        "time zone", max_length=64, default="UTC", help_text="On whose clock it recurs, for example Europe/Berlin; 01:00 stays 01:00 there."
    )

    class Meta(Governed.Meta):
        abstract = True

    @property
    def recurrence(self) -> recurrence.Recurrence:
        return recurrence.Recurrence(recurrence.on_the_wall(self.starts, self.zone), self.ends - self.starts, self.rule, self.zone)

    def occurrences(self, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Those that overlap [after, before), in UTC and in order."""
        if self.rule:
            yield from recurrence.occurrences(self.recurrence, after, before)
        elif self.starts < before and after < self.ends:
            yield self.starts, self.ends

    def occurrence_at(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The one that lasts at the moment."""
        return next((each for each in self.occurrences(moment, moment + recurrence.MOMENT) if each[0] <= moment), None)

    def next_occurrence(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """The one that lasts at the moment, or else the first after it."""
        found = (next(self.occurrences(moment, moment + span), None) for span in recurrence.FORESEEN)
        return next((each for each in found if each), None)

    def clean(self) -> None:
        """Raises ValidationError at the field that is wrong, in the words of the refusal."""
        if not (self.starts and self.ends and self.starts < self.ends):
            return  # a constraint says so
        try:
            recurrence.check_zone(self.zone)
            recurrence.check(self.recurrence)
        except BadRecurrence as refusal:
            raise ValidationError({"zone" if refusal.what == self.zone else "rule": refusal.message}) from refusal

    def recurs_in_words(self) -> str:
        return recurrence.in_words(self.rule, self.zone) if self.rule else "once"


class WindowQuerySet(models.QuerySet["Window"]):
    def of(self, target: Target, domains: Iterable[str] | models.QuerySet[Any, Any] = ()) -> "WindowQuerySet":
        """Windows and blackouts that hold for a target, and for a change that touches the domains (slugs)."""
        return self.filter(Q(environment=target.environment_id) | Q(target=target) | Q(domain__slug__in=domains))

    def touching(self, starts: datetime, ends: datetime) -> "WindowQuerySet":
        return self.filter(touching(starts, ends))

    def not_over(self, moment: datetime) -> "WindowQuerySet":
        """Those that recur count as such: when they end for good is for Python to say."""
        return self.filter(Q(ends__gt=moment) | ~Q(rule=""))


SCOPES = ("environment", "target", "domain")


def _only(scope: str) -> Q:
    return Q(**{f"{name}__isnull": name != scope for name in SCOPES})


class Window(Recurring):
    kind = Code(default=windows.WindowKind.MAINTENANCE, choices=choices(windows.WindowKind))
    name = models.CharField(max_length=100, help_text="For example Saturday night.")
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="windows", help_text="For all its targets;"
    )
    target = models.ForeignKey(
        Target, null=True, blank=True, on_delete=models.CASCADE, related_name="windows", help_text="or for this one;"
    )
    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="windows", help_text="or for changes that touch this domain."
    )
    tier = Code(
        default=windows.Tier.HARD,
        choices=choices(windows.Tier),
        help_text="How a blackout closes. Hard: nothing runs. Soft: it takes one business approval more. Advisory: it is only said.",
    )
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="How many changes may be worked on in it at once, for example 1."
    )
    objects = WindowQuerySet.as_manager()

    class Meta(Recurring.Meta):
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="window_ends_later", violation_error_message="A window ends after it starts."
            ),
            models.CheckConstraint(
                condition=_only("environment") | _only("target") | _only("domain"),
                name="window_for_one",
                violation_error_message="A window is for an environment, a target or a domain: choose exactly one of them.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1), name="window_has_room", violation_error_message="A window has room for one change at least."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Environment | Target | Domain | None:
        return self.environment or self.target or self.domain

    def as_interval(self, starts: datetime, ends: datetime) -> windows.Interval:
        return windows.Interval(windows.WindowKind(self.kind), self.name, starts, ends, windows.Tier(self.tier))

    def intervals(self, after: datetime, before: datetime) -> list[windows.Interval]:
        return [self.as_interval(*each) for each in self.occurrences(after, before)]
