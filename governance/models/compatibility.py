"""Which client release works with which backend release."""

from django.db import models

from governance import matrix
from governance.models.base import Code, Governed, choices
from governance.models.runs import Run


class ReleaseKind(models.TextChoices):
    CLIENT = "client"
    BACKEND = "backend"


class Release(Governed):
    kind = Code(choices=ReleaseKind.choices)
    name = models.CharField(max_length=60, help_text="For example App, or the name of a target for a backend made by a run.")
    version = models.CharField(max_length=32, help_text="For example 2.1.")
    live = models.BooleanField(default=True, help_text="Somebody still uses it.")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="releases")

    class Meta(Governed.Meta):
        ordering = ["kind", "name", "version"]
        constraints = [models.UniqueConstraint(fields=["kind", "name", "version"], name="release_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class MatrixEntry(Governed):
    client = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.CLIENT})
    backend = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", limit_choices_to={"kind": ReleaseKind.BACKEND})
    verdict = Code(choices=choices(matrix.Compatibility))
    reason = models.TextField(help_text="Why, for example: reads a column that is gone.")
    source = Code(default=matrix.Source.DECLARED, choices=choices(matrix.Source))
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="matrix_entries")

    class Meta(Governed.Meta):
        ordering = ["client", "backend"]
        verbose_name_plural = "matrix entries"
        constraints = [models.UniqueConstraint(fields=["client", "backend"], name="matrix_cell_once")]

    def __str__(self) -> str:
        return f"{self.client} with {self.backend}: {self.verdict}"

    @property
    def cell(self) -> matrix.Cell:
        return matrix.Cell(matrix.Compatibility(self.verdict), self.reason, matrix.Source(self.source))
