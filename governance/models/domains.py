"""Business domains: the tables they own, the people who own them, the questions a change must answer."""

from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func, Q, Value

from governance.errors import BadCheck
from governance.models.base import Governed
from governance.validation import parse_checks


def readable_checks(text: str) -> None:
    try:
        parse_checks("the checks", text)
    except BadCheck as error:
        raise ValidationError(error.message) from error


def with_schema(name: str) -> None:
    """A name without its schema would be of no table: scripts are read with every name written out."""
    schema, _, table = name.partition(".")
    if not (schema and table):
        raise ValidationError(f"Write schema and table, for example public.{name.strip('.') or 'bids'}.")


class Digest(Func):
    """Of all texts of a column, in the order of their rows: another one when any of them is edited."""

    function = "md5"
    contains_aggregate = True
    output_field = models.CharField()

    def __init__(self, column: str) -> None:
        super().__init__(StringAgg(column, Value("\n"), order_by="pk"))


class DomainQuerySet(models.QuerySet["Domain"]):
    def asking(self) -> "DomainQuerySet":
        """Those that have checks."""
        return self.exclude(checks="").order_by("pk")

    def state_of_checks(self) -> models.QuerySet["Domain", dict[str, str]]:
        """One row with a digest, or none: for a subquery too."""
        return self.exclude(checks="").order_by().annotate(one=Value(1)).values("one").annotate(state=Digest("checks")).values("state")


class Domain(Governed):
    slug = models.SlugField(unique=True, help_text="For example bidding.")
    name = models.CharField(max_length=100, help_text="For example Bidding system.")
    approach = models.TextField(
        blank=True, help_text="How changes of this domain are made, for example: history stays readable in both forms."
    )
    checks = models.TextField(
        blank=True,
        validators=[readable_checks],
        help_text="Queries that hold for its data and for what it shares with others, asked in every rehearsal before and after a change. "
        "Before each: -- check: every bid has a project, -- question: referential integrity, -- expect: no rows.",
    )
    owners = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="domains")

    objects = DomainQuerySet.as_manager()

    class Meta(Governed.Meta):
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DomainTable(Governed):
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="tables")
    name = models.CharField(max_length=130, unique=True, validators=[with_schema], help_text="Schema and table, for example public.bids.")

    class Meta(Governed.Meta):
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=r"^[^.]+\..+$"),
                name="domain_table_with_schema",
                violation_error_message="A domain's table is written with its schema, for example public.bids.",
            )
        ]

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
