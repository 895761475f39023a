"""Business domains: the tables they own, the people who own them, the questions a change must answer."""

from django.conf import settings
from django.db import models

from governance.models.base import Governed


class Domain(Governed):
    slug = models.SlugField(unique=True, help_text="For example bidding.")
    name = models.CharField(max_length=100, help_text="For example Bidding system.")
    approach = models.TextField(
        blank=True, help_text="How changes of this domain are made, for example: history stays readable in both forms."
    )
    owners = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="domains")

    class Meta(Governed.Meta):
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DomainTable(Governed):
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="tables")
    name = models.CharField(max_length=130, unique=True, help_text="Schema and table, for example public.bids.")

    class Meta(Governed.Meta):
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Consideration(Governed):
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="considerations")
    question = models.CharField(max_length=300, help_text="For example: How do people stay signed in while profiles change?")

    class Meta(Governed.Meta):
        ordering = ["domain", "pk"]
        constraints = [models.UniqueConstraint(fields=["domain", "question"], name="consideration_once_per_domain")]

    def __str__(self) -> str:
        return self.question
