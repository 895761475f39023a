"""What waits for a person, and whom the person's own changes wait for."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from governance.lifecycle import PhaseStatus, Role
from governance.models import Approval, ApprovalRequest, Comment, CommentKind, Decision, Phase, SpecEditor
from governance.pages.home import waiting_for
from governance.pages.values import address_of, risk_of
from governance.pages.waiting import Step, next_step, next_steps, weighed
from governance.wording import age

MOST, LOOKED_AT = 8, 60
SLOW = 2  # days after which waiting is marked


def duties(person: User, roles: Collection[Role]) -> list[dict[str, Any]]:
    """The changes whose next step takes one of the person's roles, longest waiting first."""
    if not roles:
        return []
    rows = _seen_by(person, Phase.objects.filter(waiting_for(roles) | _sent_back(person, roles)))
    steps = [(phase, step) for phase in rows[:LOOKED_AT] for step in next_steps(phase) if _is_theirs(phase, step, roles)]
    return [_row(phase, step.what, _address(phase, step)) for phase, step in steps]


def decisions(person: User, roles: Collection[Role]) -> dict[str, list[dict[str, Any]]]:
    """Every change that waits for an approval: those the person can give, and those that others have to."""
    rows = _seen_by(person, Phase.objects.open().filter(Exists(ApprovalRequest.objects.open().filter(phase=OuterRef("pk")))))
    asked = [(phase, step) for phase in rows[:LOOKED_AT] for step in next_steps(phase) if step.approval]
    shown = [(_is_theirs(phase, step, roles), _row(phase, str(step), _address(phase, step))) for phase, step in asked]
    return {"theirs": [row for own, row in shown if own], "others": [row for own, row in shown if not own]}


def waits_for_others(person: User, roles: Collection[Role]) -> list[dict[str, Any]]:
    """The person's own open changes whose next step is somebody else's."""
    rows = _seen_by(person, Phase.objects.open().filter(spec__author=person))
    steps = [(phase, step) for phase in rows[:LOOKED_AT] if (step := next_step(phase))]
    return [_row(phase, str(step), address_of(phase)) for phase, step in steps if not _is_theirs(phase, step, roles)]


def _sent_back(person: User, roles: Collection[Role]) -> Q:
    """Changes asked for, and rejections, concern who wrote it, at whatever stage."""
    if Role.ENGINEER not in roles:
        return Q(pk=None)
    asked = Comment.objects.filter(phase=OuterRef("pk"), kind=CommentKind.CHANGES, resolved_at=None)
    rejected = Approval.objects.filter(phase=OuterRef("pk"), decision=Decision.REJECTED, voided_at=None)
    return Q(Exists(asked) | Exists(rejected), _written_by(person), status=PhaseStatus.OPEN)


def _written_by(person: User) -> Exists:
    return Exists(SpecEditor.objects.filter(spec=OuterRef("spec"), person=person))


def _seen_by(person: User, phases: QuerySet[Phase]) -> QuerySet[Phase]:
    mine = Approval.objects.filter(phase=OuterRef("pk"), person=person, voided_at=None)
    rows = weighed(phases.select_related("spec")).annotate(wrote=_written_by(person), decided=Exists(mine))
    return rows.order_by("since", "pk")


def _is_theirs(phase: Any, step: Step, roles: Collection[Role]) -> bool:
    return step.role in roles and not (step.by_others and phase.wrote) and not (step.approval and phase.decided)


def _address(phase: Phase, step: Step) -> str:
    return reverse("admin:approve", args=[phase.pk, step.approval]) if step.approval else address_of(phase)


def _row(phase: Any, what: str, url: str) -> dict[str, Any]:
    waited = timezone.now() - phase.since
    return {
        "url": url,
        "title": str(phase),
        "sub": phase.sentence,
        "risk": risk_of(phase, phase.risk_points),
        "what": what,
        "since": phase.since,
        "age": age(waited),
        "slow": waited.days >= SLOW or bool(phase.due and phase.due <= timezone.now()),
    }
