"""Time on a target for a change, and what two bookings do to each other."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q

from governance.models.base import Code, Governed
from governance.models.specs import Phase
from governance.models.targets import Target
from governance.models.windows import TimeRange, Window

LASTS = (TimeRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS)


class StartMode(models.TextChoices):
    MANUAL = "manual", "An operator starts it"
    AUTOMATIC = "automatic", "It starts when the window opens"


class BookingQuerySet(models.QuerySet["Booking"]):
    def live(self) -> "BookingQuerySet":
        return self.filter(cancelled_at=None)


class Booking(Governed):
    """Time on a target for a phase. Two live bookings of one target cannot overlap: the database refuses the second.

    A window with room for n changes has n numbered slots, of which each takes one change at a time.
    """

    window = models.ForeignKey(Window, on_delete=models.PROTECT, related_name="bookings")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="bookings")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="bookings")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    agreed_until = models.DateTimeField(null=True, blank=True, help_text="The end that was approved, where the change was over before it.")
    slot = models.PositiveSmallIntegerField(default=1, help_text="Of those that the window has.")
    start = Code(default=StartMode.MANUAL, choices=StartMode.choices)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    objects = BookingQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-starts"]
        indexes = [models.Index(fields=["starts"], condition=Q(cancelled_at=None), name="booking_live_by_start")]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="booking_ends_later"),
            models.UniqueConstraint(fields=["phase", "target"], condition=Q(cancelled_at=None), name="booking_once_per_target"),
            ExclusionConstraint(
                name="booking_alone_on_target",
                expressions=[("target", RangeOperators.EQUAL), LASTS],
                condition=Q(cancelled_at=None),
                violation_error_message="The target is already booked at that time.",
            ),
            ExclusionConstraint(
                name="booking_alone_in_slot",
                expressions=[("window", RangeOperators.EQUAL), ("slot", RangeOperators.EQUAL), ("phase", RangeOperators.NOT_EQUAL), LASTS],
                condition=Q(cancelled_at=None),
                violation_error_message="The window is full at that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} on {self.target}, {self.starts:%d %b %H:%M}"


class Collision(Governed):
    """What two bookings do to each other, found whenever one of them is made or moved. The later one has to be acknowledged."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="collisions")
    other = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="collided_with")
    score = models.FloatField(help_text="From 0 to 1: how bad, times how much of the time they share.")
    why = models.TextField()
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["-score", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "other"], name="collision_once"),
            models.CheckConstraint(condition=~Q(booking=F("other")), name="collision_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.booking} and {self.other}"
