"""Two who do the same at once: the database lets one through, and the other is told so in words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import BaseConstraint, CheckConstraint
from psycopg import Error
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from governance.errors import GoneMeanwhile, TakenMeanwhile

THE_SAME = "The same is there already."


@contextmanager
def collisions_told() -> Iterator[None]:
    """What is looked up before a row is written may be taken, or gone, when it is. Raises TakenMeanwhile or GoneMeanwhile."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, ForeignKeyViolation):
            raise GoneMeanwhile from error
        if constraint := _violated(error):
            raise TakenMeanwhile(_in_words(constraint)) from error
        if isinstance(error.__cause__, UniqueViolation):
            raise TakenMeanwhile(_of_fields(error.__cause__)) from error
        raise


def check_references() -> None:
    """At the end of an act, where a refusal can be told, and not at the commit of whatever it is part of.

    From then on what it refers to cannot be deleted until that commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _violated(error: IntegrityError) -> BaseConstraint | None:
    """A constraint between rows: one of a single row, or a trigger, is no matter of who came first."""
    name = error.__cause__.diag.constraint_name if isinstance(error.__cause__, Error) else None
    constraints = (each for model in apps.get_app_config("governance").get_models() for each in model._meta.constraints)
    return next((each for each in constraints if each.name == name and not isinstance(each, CheckConstraint)), None)


def _in_words(constraint: BaseConstraint) -> str:
    told = constraint.violation_error_message
    return str(told) if told != constraint.default_violation_error_message else THE_SAME


def _of_fields(error: UniqueViolation) -> str:
    """Of a column that is unique by itself; the message names its value, which may be nobody else's to read."""
    found = re.search(r"\((\w+)\)=", error.diag.message_detail or "")
    return f"Another one has the same {found[1].replace('_', ' ')}." if found else THE_SAME
