"""Who decides for whom, and until when."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models.base import Governed
from governance.models.windows import TimeRange


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def holding(self) -> "DelegationQuerySet":
        """Now."""
        now = timezone.now()
        return self.filter(revoked_at=None, starts__lte=now, ends__gt=now, person__is_active=True, delegate__is_active=True)


class Delegation(Governed):
    """The delegate decides with the person's right, and both together have one voice."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegated")
    starts = models.DateTimeField(help_text="For example 2026-12-24 00:00, UTC.")
    ends = models.DateTimeField(help_text="For example 2027-01-02 00:00, UTC.")
    reason = models.CharField(max_length=200, help_text="For example holidays.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    objects = DelegationQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="delegation_ends_after_start", violation_error_message="It ends after it starts."
            ),
            models.CheckConstraint(
                condition=~Q(person=F("delegate")),
                name="delegation_to_another",
                violation_error_message="Nobody delegates to themselves.",
            ),
            ExclusionConstraint(
                name="delegation_one_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), (TimeRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS)],
                condition=Q(revoked_at=None),
                violation_error_message="A person delegates to one person at a time: revoke the other delegation first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} to {self.delegate}"
