"""Checks of a run that are asked again: who asked, and what was found then."""

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from governance.models.base import APPEND_ONLY, KEPT, Code, choices
from governance.models.requests import Request
from governance.models.runs import CheckResult, Run
from governance.models.specs import Phase
from governance.orders import RunStatus, Verdict

WAITING = (RunStatus.QUEUED, RunStatus.RUNNING)


class CheckAnswer(models.Model):
    """What a check came to when it was asked again, by a person or in the monitoring period. Without history: it is never changed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="asked_again")
    name = models.CharField(max_length=200)
    at = models.DateTimeField()
    verdict = Code(choices=choices(Verdict))
    evidence = models.TextField(blank=True)
    strength = models.TextField(blank=True, help_text="How much that proves, with its formula.")
    sample = models.JSONField(default=list, help_text="Keys of rows that offend; never another value.")

    class Meta:
        ordering = ["run", "pk"]
        triggers = list(APPEND_ONLY)

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict} at {self.at:%H:%M:%S}"


class RecheckQuerySet(models.QuerySet["Recheck"]):
    def live(self) -> "RecheckQuerySet":
        return self.filter(status__in=WAITING)


class Recheck(Request):
    """A check whose answer is unknown is to be asked again. The first answer stays; the new one is a `CheckAnswer`."""

    result = models.ForeignKey(CheckResult, on_delete=models.CASCADE, related_name="rechecks")
    stop = models.BooleanField(default=False, help_text="Somebody wants the reading to end.")
    objects = RecheckQuerySet.as_manager()

    class Meta(Request.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["result"],
                condition=Q(status__in=WAITING),
                name="recheck_once",
                violation_error_message="The check is being asked again already.",
            )
        ]
        triggers = [*Request.Meta.triggers, KEPT]

    def __str__(self) -> str:
        return f"“{self.result.name}” asked again"

    @property
    def phase(self) -> Phase:
        return self.result.run.deployment.phase


def what_holds() -> Coalesce:
    """Of a check's result: what somebody says with a reason; of one that was unknown, what was found when it was asked again."""
    found = CheckAnswer.objects.filter(run=OuterRef("run"), name=OuterRef("name")).order_by("-pk").values("verdict")[:1]
    return Coalesce("superseded__verdict", Case(When(verdict=Verdict.UNKNOWN, then=Subquery(found))), "verdict")
