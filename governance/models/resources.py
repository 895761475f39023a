"""What a booking needs besides its target: people, servers, headroom of replication. Double booking is the database's to refuse."""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from governance.models.base import Code, Governed
from governance.models.bookings import LASTS, Booking
from governance.models.specs import Phase
from governance.models.targets import Target
from governance.models.windows import Recurring


class ResourceKind(models.TextChoices):
    SERVER = "server", "Server: every booking of its targets takes a slot"
    REPLICATION = "replication", "Replication: bookings that write or rewrite rows take a slot"


class Resource(Governed):
    """Something that several targets share and of which there is only so much."""

    name = models.CharField(max_length=100, unique=True, help_text="For example pg-main-1, or replication to Dublin.")
    kind = Code(default=ResourceKind.SERVER, choices=ResourceKind.choices)
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="How many bookings may use it at once, for example 2."
    )
    targets = models.ManyToManyField(Target, related_name="resources", help_text="Whose bookings use it.")

    class Meta(Governed.Meta):
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity__gte=1), name="resource_has_room", violation_error_message="A resource has room for one at least."
            )
        ]

    def __str__(self) -> str:
        return self.name


class Availability(Recurring):
    """When a person can be booked. Without any, always."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="availability")

    class Meta(Recurring.Meta):
        ordering = ["person", "starts"]
        verbose_name_plural = "availability"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="availability_ends_later", violation_error_message="It ends after it starts."
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.starts:%d %b %H:%M} to {self.ends:%H:%M} UTC, {self.recurs_in_words()}"


class Duty(models.TextChoices):
    OPERATES = "operates", "Runs it"
    ON_CALL = "on_call", "On call"
    CAPACITY = "capacity", "Takes a slot"


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def live(self) -> "ReservationQuerySet":
        return self.filter(cancelled_at=None)

    def of_person(self, person: User) -> "ReservationQuerySet":
        return self.live().filter(person=person)


class Reservation(Governed):
    """A person or a slot of a resource, booked with a booking.

    Who operates does one change at a time; whoever is on call, during the run and while the change is watched, may be so for several.
    """

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="reservations")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="+", help_text="That of the booking.")
    duty = Code(choices=Duty.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="reservations")
    resource = models.ForeignKey(Resource, null=True, blank=True, on_delete=models.PROTECT, related_name="reservations")
    slot = models.PositiveSmallIntegerField(default=1, help_text="Of those that the resource has.")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    objects = ReservationQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="reservation_ends_later"),
            models.CheckConstraint(
                condition=Q(person__isnull=True, resource__isnull=False) | Q(person__isnull=False, resource__isnull=True),
                name="reservation_of_one",
            ),
            ExclusionConstraint(
                name="reservation_person_once",
                expressions=[("person", RangeOperators.EQUAL), ("phase", RangeOperators.NOT_EQUAL), LASTS],
                condition=Q(cancelled_at=None, duty=Duty.OPERATES),
                violation_error_message="The person is already booked at that time.",
            ),
            ExclusionConstraint(
                name="reservation_slot_once",
                expressions=[("resource", RangeOperators.EQUAL), ("slot", RangeOperators.EQUAL), LASTS],
                condition=Q(cancelled_at=None, duty=Duty.CAPACITY),
                violation_error_message="The resource is fully booked at that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or self.resource} for {self.booking}"
