"""The audit trail: `append` writes one event in the transaction of what it tells of."""

from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS
from django.db.models.deletion import Collector

from governance.models import AuditEvent, Governed


class System(StrEnum):
    """Actors that are not people."""

    MIGRATIONS = "system:migrations"
    FIXTURES = "system:fixtures"
    RUNNER = "system:runner"
    CLOCK = "system:clock"


Row = TypeVar("Row", bound=Governed)
Actor = User | System


def name_of(actor: Actor) -> str:
    return str(actor) if isinstance(actor, System) else actor.get_username()


def append(actor: Actor, kind: str, subject: str, text: str, **data: Any) -> AuditEvent:
    """`kind` as "spec.submit", `subject` as "CHG-12", `text` the act in one sentence, `data` what else proves it (JSON).

    Whoever came with an API token carries it as `api_token`, and the event names it.
    """
    token = getattr(actor, "api_token", None)
    data |= {"through": f"API token “{token.name}”"} if token else {}
    return AuditEvent.objects.create(actor=name_of(actor), kind=kind, subject=subject, text=text, data=data)


def save(actor: Actor, row: Row) -> Row:
    """Save a governed row so that its history names the actor."""
    _sign(actor, row)
    row.save()
    return row


def delete(actor: Actor, row: Governed) -> None:
    """With all that goes with it: the history of each row names the actor, not only that of the first.

    Raises:
        ProtectedError
    """
    collector = Collector(using=DEFAULT_DB_ALIAS, origin=row)
    collector.collect([row])
    for gone in chain.from_iterable(collector.data.values()):
        if isinstance(gone, Governed):
            _sign(actor, gone)
    collector.delete()


def _sign(actor: Actor, row: Governed) -> None:
    row._history_user = None if isinstance(actor, System) else actor  # type: ignore[attr-defined]
    row._change_reason = str(actor) if isinstance(actor, System) else ""  # type: ignore[attr-defined]
