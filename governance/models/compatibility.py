"""Which client release works with which backend release, and who says so."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance import matrix
from governance.models.apis import ApiVersion
from governance.models.base import Code, Governed, choices
from governance.models.runs import Run
from governance.models.specs import Phase
from governance.models.targets import Environment, Target


class ReleaseKind(models.TextChoices):
    CLIENT = "client"
    BACKEND = "backend"


class Distribution(models.TextChoices):
    DEPLOYED = "deployed"  # we say where it runs
    RELEASED = "released"  # its users do


class IntegerBits(models.IntegerChoices):
    NARROW = 32, "32 bits"
    DOUBLE = 53, "53 bits, a double as in JavaScript"
    FULL = 64, "64 bits"


class Release(Governed):
    kind = Code(choices=ReleaseKind.choices)
    name = models.CharField(max_length=60, help_text="For example App, or the name of a target for a backend made by a run.")
    version = models.CharField(max_length=32, help_text="For example 2.1.")
    live = models.BooleanField(default=True, help_text="Somebody still uses it.")
    distribution = Code(
        default=Distribution.RELEASED,
        choices=Distribution.choices,
        help_text="Deployed: it runs where we put it, for example a service. Released: wherever its users are, for example a mobile app.",
    )
    made_for = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clients_made_for",
        limit_choices_to={"kind": ReleaseKind.BACKEND},
        help_text="Of a client: the backend release it was written against.",
    )
    complete = models.BooleanField(default=False, help_text="Its bindings name all that it uses, so what they do not name it does not use.")
    strict = models.BooleanField("strict reader", default=False, help_text="It fails on fields that it does not know.")
    closed_values = models.BooleanField(default=False, help_text="It fails on enum values that it does not know.")
    integer_bits = models.PositiveSmallIntegerField(default=IntegerBits.FULL, choices=IntegerBits.choices, help_text="Of its integers.")
    api_version = models.ForeignKey(
        ApiVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="clients", help_text="That a client is pinned to."
    )
    target = models.ForeignKey(
        Target, null=True, blank=True, on_delete=models.PROTECT, related_name="releases", help_text="Whose schema a backend has."
    )
    schema_version = models.CharField(max_length=32, blank=True, help_text="Of the schema that a backend needs, for example 1.4.0.")
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="releases")
    registered_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(Governed.Meta):
        ordering = ["kind", "name", "version"]
        constraints = [models.UniqueConstraint(fields=["kind", "name", "version"], name="release_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class MatrixEntry(Governed):
    """What one source says of a pair; which one holds is `matrix.standing`'s to say."""

    client = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.CLIENT})
    backend = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.BACKEND})
    verdict = Code(choices=choices(matrix.Compatibility))
    reason = models.TextField(help_text="Why, for example: reads a column that is gone.")
    source = Code(default=matrix.Source.DECLARED, choices=choices(matrix.Source))
    rulings = models.JSONField(default=list, blank=True, editable=False)  # of `matrix.Ruling`: what made it so
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # of the schema that a test ran on
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="matrix_entries")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(Governed.Meta):
        ordering = ["client", "backend", "source"]
        verbose_name_plural = "matrix entries"
        constraints = [models.UniqueConstraint(fields=["client", "backend", "source"], name="matrix_cell_once")]

    def __str__(self) -> str:
        return f"{self.client} with {self.backend}: {self.verdict}"

    @property
    def cell(self) -> matrix.Cell:
        rulings = tuple(matrix.Ruling(**{**each, "verdict": matrix.Compatibility(each["verdict"])}) for each in self.rulings)
        return matrix.Cell(matrix.Compatibility(self.verdict), self.reason, matrix.Source(self.source), rulings)

    @property
    def statement(self) -> matrix.Statement:
        return matrix.Statement(self.cell, self.fingerprint)


class Prospect(Governed):
    """What an analysed change would mean for a client of a target. What came of it is a matrix entry."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="prospects")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    verdict = Code(choices=choices(matrix.Compatibility))
    reason = models.TextField()
    rulings = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(Governed.Meta):
        ordering = ["phase", "target", "client"]
        constraints = [models.UniqueConstraint(fields=["phase", "target", "client"], name="prospect_once")]

    def __str__(self) -> str:
        return f"{self.client} after {self.phase} on {self.target}: {self.verdict}"


class Override(Governed):
    """A person's word against what is derived, for a while. In production a second person has to stand for it."""

    client = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.CLIENT})
    backend = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.BACKEND})
    verdict = Code(choices=choices(matrix.Compatibility))
    reason = models.TextField(help_text="Why, for example: its three users were told and have agreed.")
    expires_at = models.DateTimeField(help_text="Until when it holds; in UTC.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "backend"],
                condition=Q(withdrawn_at=None),
                name="override_one_at_a_time",
                violation_error_message="This pair is overridden already. Withdraw that override first.",
            ),
            models.CheckConstraint(
                condition=Q(seconded_by=None) | ~Q(seconded_by=F("asked_by")),
                name="override_by_two_people",
                violation_error_message="Another person has to second an override.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="override_has_reason", violation_error_message="An override needs a reason."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client} with {self.backend}: {self.verdict}, overridden"

    @property
    def statement(self) -> matrix.Statement:
        people = frozenset(str(person) for person in (self.asked_by_id, self.seconded_by_id) if person)
        cell = matrix.Cell(matrix.Compatibility(self.verdict), self.reason, matrix.Source.OVERRIDDEN)
        return matrix.Statement(cell, people=people, expires=self.expires_at)


class Acknowledgement(Governed):
    """A person says that nobody uses what exactly these scripts take away, where no client is known."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="acknowledgements")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, help_text="Of the scripts.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(help_text="How they know, for example: the table was never read.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(Governed.Meta):
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["phase", "environment", "digest"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.person} acknowledges that nobody in {self.environment} uses what {self.phase} takes away"
