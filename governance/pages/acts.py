"""The buttons of a change's page: what the person could do at this stage, and why not where they cannot."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse

from governance import workflow
from governance.errors import MissingEvidence, MissingRole, NeedsReason, Refusal, WrongStage
from governance.lifecycle import ACTS, PhaseStatus, Stage
from governance.models import Deployment, Phase
from governance.orders import RunKind
from governance.policy import ApprovalKind

# The one thing to do at a stage; everything else that is possible stands beside it.
PRIMARY = {
    Stage.REQUIREMENT: "edit_specification",
    Stage.IMPACT_ANALYSIS: "request_analysis",
    Stage.DESIGN: "edit_specification",
    Stage.SCRIPT_DEVELOPMENT: "request_analysis",
    Stage.LOCAL_TESTING: "request_rehearsal",
    Stage.INTEGRATION_TESTING: "add_evidence",
    Stage.STAGING_DEPLOYMENT: "approve_technical",
    Stage.PRODUCTION_DRY_RUN: "dry_run",
    Stage.SCHEDULED_WINDOW: "book",
    Stage.PRODUCTION_DEPLOYMENT: "deploy_production",
    Stage.POST_MIGRATION_VERIFICATION: "roll_back",
    Stage.MONITORING_PERIOD: "roll_back",
    Stage.CLOSURE: "review",
}
OFFERED = (
    "edit_specification", "request_analysis", "request_rehearsal", "add_evidence", "approve_technical", "deploy_below_production", "dry_run",
    "book", "approve_business", "deploy_production", "reject", "review", "advance", "roll_back", "cancel",
)  # fmt: skip
FORMS = frozenset({"edit_specification", "add_evidence", "book", "review"})  # acts that need more than a click
DANGEROUS = frozenset({"reject", "roll_back", "cancel"})


@dataclass(frozen=True, slots=True)
class Button:
    name: str
    label: str
    url: str
    primary: bool = False
    danger: bool = False
    enabled: bool = True
    why: str = ""
    reason: bool = False
    form: bool = False  # opens a page instead of posting
    hidden: tuple[tuple[str, str], ...] = ()


def buttons(person: User, phase: Phase, digests: tuple[str, str], given: frozenset[str]) -> list[Button]:
    """`given`: kinds of approval that are complete. Roles are shown as they are; the functions behind the buttons check again."""
    if phase.status != PhaseStatus.OPEN:
        return []
    primary = _primary(phase, given)
    deployments = list(phase.deployments.select_related("target__environment"))
    found = [button for name in OFFERED for button in _buttons(person, phase, name, name == primary, digests, deployments)]
    return sorted(found, key=lambda button: (button.danger, not button.enabled, button.primary))


def _primary(phase: Phase, given: frozenset[str]) -> str:
    if phase.at is Stage.STAGING_DEPLOYMENT and ApprovalKind.TECHNICAL in given:
        return "deploy_below_production"
    if phase.at is Stage.SCHEDULED_WINDOW and phase.bookings.filter(cancelled_at=None).exists():
        return "approve_business"
    return PRIMARY[phase.at]


def _buttons(person: User, phase: Phase, name: str, primary: bool, digests: tuple[str, str], deployments: list[Deployment]) -> list[Button]:
    rule = ACTS[name]
    if not rule.first <= phase.at <= rule.last:
        return []
    why = _why_not(person, name, phase.at)
    if why and not primary:
        return []  # the roles of others are no news on every page
    url = reverse("admin:governance_spec_act", args=[phase.spec_id, phase.pk, name])
    if name in FORMS:
        url = reverse("admin:governance_spec_form", args=[phase.spec_id, phase.pk, name])
    common = {"name": name, "url": url, "primary": primary, "danger": name in DANGEROUS, "enabled": not why, "why": why}
    common |= {"reason": rule.needs_reason, "form": name in FORMS}
    return [Button(label=label, hidden=hidden, **common) for label, hidden in _variants(name, rule.label, digests, deployments)]


def _variants(name: str, label: str, digests: tuple[str, str], deployments: list[Deployment]) -> list[tuple[str, tuple]]:
    """One button per target where the act is about a target; the digest that was seen where it is a decision."""
    if name in ("approve_technical", "approve_business"):
        return [(label, (("digest", digests[name == "approve_business"]),))]
    if name == "reject":
        return [(label, (("script_digest", digests[0]), ("release_digest", digests[1])))]
    production = name in ("dry_run", "deploy_production")
    if name == "roll_back":
        fitting = [deployment for deployment in deployments if deployment.applied]
    elif production or name == "deploy_below_production":
        fitting = [deployment for deployment in deployments if deployment.target.environment.production is production]
    else:
        return [(label, ())]
    return [(f"{label.split(' on ', maxsplit=1)[0].split(' in ', maxsplit=1)[0]} on {each.target}", (("deployment", str(each.pk)),)) for each in fitting]


def _why_not(person: User, name: str, stage: Stage) -> str:
    try:
        workflow.permit(person, name, stage=stage, reason="shown later")
    except (MissingRole, WrongStage, NeedsReason) as refusal:
        return refusal.message
    return ""


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
    elif name == "cancel":
        workflow.cancel(actor=person, phase=phase, reason=data.get("reason", ""))
    elif name in SIMPLE:
        SIMPLE[name](actor=person, phase=phase)
    else:
        raise Refusal(f"There is no act called {name}.")
    return f"{ACTS[name].label}: done."


SIMPLE = {"request_analysis": workflow.request_analysis, "request_rehearsal": workflow.request_rehearsal, "advance": workflow.advance}


def _reject(person: User, phase: Phase, data: dict[str, str]) -> None:
    """Whoever may give an approval of the stage may refuse it: business at the window, technical before."""
    kind = ApprovalKind.BUSINESS if phase.at is Stage.SCHEDULED_WINDOW else ApprovalKind.TECHNICAL
    digest = data.get("release_digest" if kind is ApprovalKind.BUSINESS else "script_digest", "")
    workflow.reject(actor=person, phase=phase, kind=kind, digest=digest, reason=data.get("reason", ""))


def _deployment(phase: Phase, data: dict[str, str]) -> Deployment:
    found = phase.deployments.filter(pk=data.get("deployment", "0")).first() if data.get("deployment", "").isdigit() else None
    if found is None:
        raise MissingEvidence("run", ["the target: choose one of the change's page"])
    return found
