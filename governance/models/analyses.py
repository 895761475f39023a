"""What is known about a target, what that means for a change, and whether the change was rehearsed."""

from django.db import models

from governance.analysis.classify import Category, ChangeClass
from governance.analysis.risk import RiskLevel
from governance.analysis.rule import Level
from governance.models.base import KEPT, Code, Governed, choices
from governance.models.requests import Request
from governance.models.specs import Phase, Script
from governance.models.targets import Target
from governance.orders import Verdict


class Observation(Request):
    """Facts and schema of a target, read by the runner; for a phase that waits for its analysis, or by schedule."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="observations")
    phase = models.ForeignKey(Phase, null=True, blank=True, on_delete=models.CASCADE, related_name="observations")
    facts = models.JSONField(null=True, blank=True)

    class Meta(Request.Meta):
        indexes = [models.Index(fields=["target", "-requested_at"], name="observation_latest")]  # of each target a hundred a day

    def __str__(self) -> str:
        return f"observation of {self.target}"


class Analysis(Governed):
    """What the scripts of a digest would do on a target; without a target: what the scripts alone tell."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="analyses")
    target = models.ForeignKey(Target, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, help_text="Digest of the scripts that were analysed.")
    facts_at = models.DateTimeField(null=True)
    change_class = Code(choices=choices(ChangeClass))
    category = Code(choices=choices(Category))
    bump = Code()
    risk = Code(choices=choices(RiskLevel))
    sentence = models.TextField()
    report = models.JSONField(help_text="Statements with their locks, tables, risk points.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        verbose_name_plural = "analyses"

    def __str__(self) -> str:
        return f"{self.phase} on {self.target}" if self.target else f"{self.phase}, scripts alone"


class Finding(Governed):
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="findings")
    script = models.ForeignKey(Script, on_delete=models.CASCADE, related_name="findings")
    code = models.SlugField()
    level = Code(choices=choices(Level))
    line = models.PositiveIntegerField()
    column = models.PositiveIntegerField()
    message = models.TextField()
    why = models.TextField()
    safe_form = models.TextField(blank=True)

    class Meta(Governed.Meta):
        ordering = ["script", "line"]

    def __str__(self) -> str:
        return self.message


class Rehearsal(Request):
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="rehearsals")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="rehearsals", help_text="Whose schema is rehearsed on.")
    digest = models.CharField(max_length=64, help_text="Digest of the scripts that were rehearsed.")
    traffic = models.BooleanField(default=False, help_text="With simulated clients at work on the tables.")
    verdict = Code(blank=True, choices=choices(Verdict))
    difference = models.TextField(blank=True, help_text="How the schema after the rollback differs from the one before.")
    cosmetic = models.BooleanField(default=False)
    steps = models.JSONField(default=list)
    report = models.JSONField(default=dict, help_text="Pairs and their verdicts, data lost, locks held, checks, what limits the proof.")

    class Meta(Request.Meta):
        triggers = [*Request.Meta.triggers, KEPT]

    def __str__(self) -> str:
        return f"rehearsal of {self.phase}"
