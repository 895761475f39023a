"""The look back: what was expected, what came, what was learned, what is still owed."""

from django.conf import settings
from django.db import models

from governance.models.base import Governed
from governance.models.specs import Phase, Spec


class Criterion(Governed):
    """A success criterion, written before, judged in the review."""

    spec = models.ForeignKey(Spec, on_delete=models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=120, help_text="For example worst wait of a client.")
    expected = models.CharField(max_length=200, help_text="For example under 1 s.")
    result = models.CharField(max_length=200, blank=True, help_text="For example 0.31 s.")
    met = models.BooleanField(null=True, blank=True)

    class Meta(Governed.Meta):
        verbose_name_plural = "criteria"
        constraints = [models.UniqueConstraint(fields=["spec", "name"], name="criterion_once")]

    def __str__(self) -> str:
        return self.name


class Review(Governed):
    phase = models.OneToOneField(Phase, on_delete=models.CASCADE, related_name="review")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    performance_impact = models.TextField(help_text="What users felt, for example: no request waited longer than 0.3 s.")
    lessons = models.TextField(help_text="For example: validate constraints in their own script.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"review of {self.phase}"


class FollowUp(Governed):
    """Technical debt that a change leaves, with an owner and a date."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="follow_ups")
    title = models.CharField(max_length=200, help_text="For example: remove the old column once no client reads it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="follow_ups")
    due = models.DateField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta(Governed.Meta):
        ordering = ["due"]

    def __str__(self) -> str:
        return self.title
