"""When work may be done: windows, blackouts, and the bookings in them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from governance import windows
from governance.models.base import Code, Governed, choices
from governance.models.specs import Phase
from governance.models.targets import Environment, Target


class TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class WindowQuerySet(models.QuerySet["Window"]):
    def of(self, target: Target) -> "WindowQuerySet":
        """Windows and blackouts that hold for a target."""
        return self.filter(environment=target.environment_id)


class Window(Governed):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="windows")
    kind = Code(default=windows.WindowKind.MAINTENANCE, choices=choices(windows.WindowKind))
    name = models.CharField(max_length=100, help_text="For example Saturday night.")
    starts = models.DateTimeField(help_text="For example 2026-12-05 01:00, UTC.")
    ends = models.DateTimeField(help_text="For example 2026-12-05 05:00, UTC.")
    objects = WindowQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="window_ends_later", violation_error_message="A window ends after it starts."
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def interval(self) -> windows.Interval:
        return windows.Interval(windows.WindowKind(self.kind), self.name, self.starts, self.ends)


class StartMode(models.TextChoices):
    MANUAL = "manual", "An operator starts it"
    AUTOMATIC = "automatic", "It starts when the window opens"


class Booking(Governed):
    """Time on a target for a phase. Two live bookings of one target cannot overlap: the database refuses the second."""

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="bookings")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="bookings")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="bookings")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    start = Code(default=StartMode.MANUAL, choices=StartMode.choices)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="booking_ends_later"),
            models.UniqueConstraint(fields=["phase", "target"], condition=Q(cancelled_at=None), name="booking_once_per_target"),
            ExclusionConstraint(
                name="booking_alone_on_target",
                expressions=[
                    ("target", RangeOperators.EQUAL),
                    (TimeRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(cancelled_at=None),
                violation_error_message="The target is already booked at that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} on {self.target}, {self.starts:%d %b %H:%M}"
