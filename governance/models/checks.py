"""What people have decided about the checks of a change: those that they added, and those of the catalogue that they took out."""

from django.contrib.auth.models import User
from django.db import models

from governance.models.base import Governed
from governance.models.specs import Phase


class CheckChoice(Governed):
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="check_choices")
    name = models.CharField(max_length=200)
    text = models.TextField(blank=True, help_text="As in a check file; empty where the check of this name is taken out.")
    reason = models.TextField(help_text="Why, for example: the trigger is switched off on purpose and dropped by CHG-14.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["phase", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "name"], name="check_chosen_once", violation_error_message="This check has been decided about already."
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {'added' if self.text else 'taken out'}"
