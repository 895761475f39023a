"""Who is asked to decide: a request for each approval that the policy wants next, closed when it is given or no longer wanted."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from governance import announcing, audit
from governance.audit import save
from governance.case import Case
from governance.lifecycle import Stage
from governance.models import ApprovalRequest, Phase
from governance.policy import Standing, waits_for

DECIDING = range(Stage.STAGING_DEPLOYMENT, Stage.PRODUCTION_DEPLOYMENT + 1)
Key = tuple[str, str, tuple[str, ...], int]


def wanted(case: Case, stage: Stage) -> list[Standing]:
    """What somebody is asked to decide at the stage; what is in sequence comes when its turn is there."""
    if stage not in DECIDING:
        return []
    accord = case.accord
    found = accord.before_production if stage < Stage.SCHEDULED_WINDOW else accord.for_production
    return [
        each
        for each in found
        if each.lacking and case.digest_of(each.demand.kind) and not waits_for(accord.asked, each.demand.kind, each.demand.step)
    ]


def ask(actor: audit.Actor, phase: Phase, case: Case) -> None:
    """`case`: of the phase, whose stage may have changed since it was loaded."""
    now = timezone.now()
    open_standings = {_key(standing): standing for standing in wanted(case, phase.at)}
    for row in ApprovalRequest.objects.open().filter(phase=phase):
        standing = open_standings.get((row.kind, row.domain, tuple(row.groups), row.step))
        if standing and row.digest == case.digest_of(standing.demand.kind):
            del open_standings[_key(standing)]
        else:
            row.closed_at = now
            save(actor, row)
            audit.append(actor, "approval.answer", phase.spec.number, f"Nobody is asked any more: {row}.")
    for standing in open_standings.values():
        demand = standing.demand
        request = ApprovalRequest(
            phase=phase,
            kind=demand.kind,
            domain=demand.domain,
            groups=list(demand.groups),
            step=demand.step,
            digest=case.digest_of(demand.kind),
            opened_at=now,
            due_at=now + timedelta(hours=demand.hours),
        )
        save(actor, request)
        audit.append(actor, "approval.ask", phase.spec.number, f"Asked for: {standing}.", due_at=request.due_at.isoformat())
        able = [person.id for person in case.accord.approvers.values() if person.may(demand) and person.id not in case.wrote]
        announcing.asked(request, User.objects.filter(pk__in=able))


def _key(standing: Standing) -> Key:
    demand = standing.demand
    return demand.kind.value, demand.domain, demand.groups, demand.step
