"""What a button of a change's page does."""

from collections.abc import Mapping

from django.contrib.auth.models import User

from governance import workflow
from governance.errors import MissingEvidence, Refusal
from governance.gates import booking_of
from governance.models import Approval, Booking, BreakGlass, Deployment, Finding, Phase
from governance.orders import RunKind
from governance.pages.choosing import CHOOSING
from governance.pages.discussion import say, settle
from governance.pages.done import done
from governance.policy import ApprovalKind
from governance.visitors import number_in


def do(person: User, phase: Phase, name: str, data: dict[str, str]) -> str:
    """Carry out a button. The answer is the sentence to show.

    Raises:
        Refusal
    """
    if name.startswith("approve_"):
        workflow.approve(actor=person, phase=phase, kind=ApprovalKind(name.removeprefix("approve_")), digest=data.get("digest", ""))
    elif name == "reject":
        _reject(person, phase, data)
    elif name in ("deploy_below_production", "deploy_production"):
        workflow.start(actor=person, deployment=_deployment(phase, data))
    elif name == "dry_run":
        workflow.start(actor=person, deployment=_deployment(phase, data), kind=RunKind.DRY_RUN)
    elif name == "roll_back":
        workflow.roll_back(actor=person, deployment=_deployment(phase, data), reason=data.get("reason", ""))
    elif name == "withdraw_booking":
        workflow.withdraw(actor=person, booking=_booking(phase, data), reason=data.get("reason", ""))
    elif name == "withdraw_approval":
        workflow.withdraw_approval(actor=person, approval=_approval(phase, data), reason=data.get("reason", ""))
    elif name == "acknowledge_collision":
        workflow.acknowledge_collisions(actor=person, booking=_booking(phase, data))
    elif name == "cancel":
        workflow.cancel(actor=person, phase=phase, reason=data.get("reason", ""))
    elif name in SAID:
        SAID[name](person, phase, data)
    elif name in SIMPLE:
        SIMPLE[name](actor=person, phase=phase)
    else:
        raise Refusal(f"There is no act called {name}.")
    return done(name)


def _end_emergency(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    workflow.end_emergency(actor=person, emergency=_emergency(phase))


def _use_safe_form(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    place = {name: data.get(name, "") for name in ("script", "line", "column")}
    known = {name: int(value) for name, value in place.items() if value.isascii() and value.isdigit()}
    found = Finding.objects.filter(**known, code=data.get("code", ""), analysis__phase=phase) if len(known) == len(place) else None
    finding = found.select_related("analysis", "script__phase").order_by("-analysis").first() if found else None
    if finding is None:
        raise MissingEvidence("edit", ["the finding: open the scripts of the change again"])
    workflow.use_safe_form(actor=person, finding=finding)


def _rehearse(person: User, phase: Phase, data: Mapping[str, str]) -> None:
    workflow.request_rehearsal(actor=person, phase=phase, traffic=bool(data.get("traffic")))


SAID = {
    "end_emergency": _end_emergency,
    "request_rehearsal": _rehearse,
    "comment": say,
    "resolve": settle,
    "use_safe_form": _use_safe_form,
    **CHOOSING,
}
SIMPLE = {"request_analysis": workflow.request_analysis, "advance": workflow.advance}


def _reject(person: User, phase: Phase, data: dict[str, str]) -> None:
    """Whoever may give an approval at a stage may refuse it."""
    kind = data.get("kind", "")
    if kind not in set(ApprovalKind):
        raise MissingEvidence("reject", ["the approval that is refused: choose a button of the change's page"])
    workflow.reject(actor=person, phase=phase, kind=ApprovalKind(kind), digest=data.get("digest", ""), reason=data.get("reason", ""))


def _booking(phase: Phase, data: dict[str, str]) -> Booking:
    found = booking_of(_deployment(phase, data))
    if found is None:
        raise MissingEvidence("change the booking", ["the booking: it was withdrawn or moved since"])
    return found


def _approval(phase: Phase, data: Mapping[str, str]) -> Approval:
    found = phase.approvals.filter(pk=number_in(data, "approval") or 0).first()
    if found is None:
        raise MissingEvidence("withdraw", ["the decision: choose one of the change's page"])
    return found


def _emergency(phase: Phase) -> BreakGlass:
    found = phase.emergencies.filter(ended_at=None).first()
    if found is None:
        raise MissingEvidence("end the emergency", ["the emergency: it is over"])
    return found


def _deployment(phase: Phase, data: dict[str, str]) -> Deployment:
    found = phase.deployments.filter(pk=data.get("deployment", "0")).first() if data.get("deployment", "").isdigit() else None
    if found is None:
        raise MissingEvidence("run", ["the target: choose one of the change's page"])
    return found
