"""What time does to decisions: approvals whose time is over, and requests that nobody has decided. Nothing is decided by itself."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import announcing, audit
from governance.audit import System, save
from governance.case import Case, load
from governance.lifecycle import Stage
from governance.models import Approval, ApprovalRequest, Phase
from governance.policy import ApprovalKind, Demand
from governance.workflow.acts import carry_on, lock, move, void_approvals
from governance.workflow.asking import DECIDING, ask


def end_approvals() -> None:
    """Those that were given for a time which is over stop counting, and are asked for again."""
    over = Approval.objects.filter(voided_at=None, expires_at__lte=timezone.now(), phase__in=_deciding())
    for pk in over.order_by("phase").values_list("phase", flat=True).distinct():
        with transaction.atomic():
            phase = lock(Phase(pk=pk))
            void_approvals(System.CLOCK, phase, load(pk).digests, "what it was about has changed", timezone.now())
            move(System.CLOCK, phase, min(phase.at, Stage.SCHEDULED_WINDOW), "an approval's time is over")
            carry_on(System.CLOCK, phase)


def escalate() -> None:
    """Requests past their time are told to who stands in for the approvers and to the owners of the domains, once."""
    due = ApprovalRequest.objects.open().filter(due_at__lte=timezone.now(), escalated_at=None, phase__in=_deciding())
    for pk in due.order_by("phase").values_list("phase", flat=True).distinct():
        with transaction.atomic():
            phase = lock(Phase(pk=pk))
            case = load(pk)
            ask(System.CLOCK, phase, case)  # what is not wanted any more is closed, not escalated
            for request in due.filter(phase=pk):
                _escalate(request, case)


def _escalate(request: ApprovalRequest, case: Case) -> None:
    request.escalated_at = timezone.now()
    save(System.CLOCK, request)
    people, contacts = stand_ins(request, case), escalation_contacts(case)
    names = ", ".join(person.get_username() for person in people) or "nobody: there is no delegate and no owner of a domain"
    audit.append(
        System.CLOCK,
        "approval.escalate",
        case.phase.spec.number,
        f"{request} has waited since {request.opened_at:%d %b %H:%M} UTC: told {names}.",
        contacts=contacts,
        due_at=request.due_at.isoformat(),
    )
    announcing.escalated(request, [*people, *asked_people(request, case)], contacts)


def asked_people(request: ApprovalRequest, case: Case) -> list[User]:
    """Whoever could decide it."""
    demand = Demand(ApprovalKind(request.kind), 1, tuple(request.groups), request.domain)
    able = [each.id for each in case.accord.approvers.values() if each.may(demand) and each.id not in case.wrote]
    return list(User.objects.filter(pk__in=able))


def stand_ins(request: ApprovalRequest, case: Case) -> list[User]:
    """Delegates of who could decide it, and the owners of the touched domains."""
    now, able = timezone.now(), [person.pk for person in asked_people(request, case)]
    lent = Q(delegated__person__in=able, delegated__revoked_at=None, delegated__starts__lte=now, delegated__ends__gt=now)
    owners = Q(domains__specs=case.phase.spec_id)
    return list(User.objects.filter(lent | owners, is_active=True).distinct().order_by("username"))


def escalation_contacts(case: Case) -> str:
    """Of the targets, as people wrote them down."""
    return "; ".join(dict.fromkeys(each.target.escalation for each in case.deployments if each.target.escalation))


def ask_everywhere() -> None:
    """For changes that waited before there were requests, or were restored: whoever has to decide is asked."""
    for row in _deciding().filter(approval_requests=None):
        with transaction.atomic():
            phase = lock(row)
            ask(System.CLOCK, phase, load(phase.pk))


def _deciding() -> QuerySet[Phase]:
    return Phase.objects.open().filter(stage__in=DECIDING)
