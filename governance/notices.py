"""The door through which people are told: one row for each of them in the transaction of what happened, sent out after its commit."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from governance import bell
from governance.models import Delivery, Notice, NoticeChoice, Phase, Webhook
from governance.telling import KINDS, NoticeKind, Way

__all__ = ["NoticeKind", "notify"]
SUBJECT = 200  # characters


def notify(*, kind: NoticeKind, people: Iterable[User], subject: str, text: str, phase: Phase | None = None, link: str = "") -> None:
    """Tell each of the people once, and every webhook that listens for the kind; those who have left are told nothing.

    `link` is the path of a page; without one it is the page of the phase's change.
    """
    told = {person.pk: person for person in people if person.is_active}
    link = link or (page_of(phase) if phase else "")
    subject = Truncator(subject).chars(SUBJECT)
    ways = _ways(kind, told)
    Notice.objects.bulk_create(
        Notice(person=person, kind=kind, subject=subject, text=text, phase=phase, link=link, way=ways[pk]) for pk, person in told.items()
    )
    mailed = [person for pk, person in told.items() if ways[pk] == Way.MAIL and person.email] if settings.EMAIL_HOST else []
    receivers: list[dict[str, Any]] = [*({"person": each} for each in mailed), *({"webhook": each} for each in _listening(kind))]
    change = phase.spec.number if phase else ""
    sent = [
        Delivery(**receiver, kind=kind, subject=subject, text=text, link=link, change=change, due_at=timezone.now())
        for receiver in receivers
    ]
    Delivery.objects.bulk_create(sent)
    ring([delivery.pk for delivery in sent])


def page_of(phase: Phase) -> str:
    return reverse("admin:governance_spec_change", args=[phase.spec_id])


def ring(deliveries: list[UUID]) -> None:
    """Once for all of them: whoever is woken sends everything that is due."""
    for pk in deliveries[:1]:
        bell.ring("deliver", pk)


def _ways(kind: NoticeKind, people: Iterable[int]) -> dict[int, str]:
    chosen = dict(NoticeChoice.objects.filter(kind=kind, person__in=people).values_list("person", "way"))
    return {pk: chosen.get(pk, KINDS[kind].usual) for pk in people}


def _listening(kind: NoticeKind) -> list[Webhook]:
    """That a webhook does not answer is not told to webhooks."""
    if kind is NoticeKind.DELIVERY_FAILED:
        return []
    return list(Webhook.objects.filter(Q(kinds=[]) | Q(kinds__contains=[kind]), ended_at=None))
