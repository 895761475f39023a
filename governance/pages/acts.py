"""The buttons of a change's page: what the person could do at this stage, and why not where they cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from governance import workflow
from governance.acts import ACTS
from governance.case import Case
from governance.errors import MissingRole, NotAsked, OwnWork, Refusal, WrongStage
from governance.gates import check_known, has_something_to_undo
from governance.lifecycle import PhaseStatus, Role, Stage
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
    Stage.CLOSURE: "review",
}
OFFERED = (
    "edit_specification", "edit_script", "choose_checks", "request_analysis", "request_rehearsal", "add_evidence", "approve_technical",
    "approve_dba", "approve_security",
    "deploy_below_production", "dry_run", "book", "acknowledge_collision", "approve_business", "deploy_production",
    "reject", "withdraw_approval", "review", "advance", "roll_back",
    "answer", "go_back", "withdraw_booking", "cancel", "break_glass", "end_emergency",
)  # fmt: skip
FORMS = frozenset(
    {
        "edit_specification",
        "edit_script",
        "choose_checks",
        "add_evidence",
        "book",
        "review",
        "answer",
        "go_back",
        "break_glass",
        "review_emergency",
    }
)  # acts that need more than a click
APPROVALS = {f"approve_{kind}": kind for kind in ApprovalKind}
DANGEROUS = frozenset({"reject", "withdraw_approval", "roll_back", "withdraw_booking", "cancel", "break_glass"})
MINOR = frozenset(
    {
        "edit_specification", "edit_script", "choose_checks", "request_analysis", "request_rehearsal", "add_evidence",
        "advance", "cancel", "dry_run", "withdraw_booking", "withdraw_approval", "answer", "go_back", "break_glass",
    }
)  # fmt: skip
STARTED = {"deploy_below_production": RunKind.DEPLOY, "dry_run": RunKind.DRY_RUN, "deploy_production": RunKind.DEPLOY}
OTHERS_DECIDE = {**dict.fromkeys(APPROVALS, "approve"), "reject": "approve", "review": "review"}


@dataclass(frozen=True, slots=True)
class Button:
    name: str
    label: str
    url: str
    primary: bool = False
    danger: bool = False
    minor: bool = False  # stands behind “More”
    enabled: bool = True
    why: str = ""
    reason: bool = False
    form: bool = False  # opens a page instead of posting
    hidden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """An act on one of the things it may be about."""

    label: str
    hidden: tuple[tuple[str, str], ...] = ()
    obstacle: str = ""


def buttons(person: User, roles: frozenset[Role], case: Case) -> list[Button]:
    """What is shown follows the rules; the functions behind the buttons check again."""
    phase = case.phase
    if phase.status != PhaseStatus.OPEN:
        return []
    whys = _whys(person, roles, phase, wrote=person.pk in case.wrote)
    primary = _primary(case, whys)
    wanted = {standing.demand.kind for standing in case.accord.asked}
    unasked = {name for name, kind in APPROVALS.items() if kind not in wanted}
    offered = [name for name in OFFERED if ACTS[name].first <= phase.at <= ACTS[name].last and name not in unasked]
    offered = [name for name in offered if _is_about(name, person, case)]
    # what others may do is no news on every page: only the main act is shown with its reason
    found = [
        button
        for name in offered
        if not whys[name] or name == primary
        for button in _buttons(phase, name, whys[name], name == primary, _variants(name, ACTS[name].label, case, roles, person))
    ]
    return sorted(found, key=lambda button: (not button.minor, button.danger, not button.enabled, button.primary))


def _is_about(name: str, person: User, case: Case) -> bool:
    """Acts that have an object, which is there or not."""
    match name:
        case "answer":
            return bool(case.phase.considered) and person.pk in case.phase.owners
        case "break_glass":
            return case.emergency is None
        case "end_emergency":
            return case.emergency is not None
    return True


def _primary(case: Case, whys: Mapping[str, str]) -> str:
    stage = case.phase.at
    if case.asked and stage in (Stage.STAGING_DEPLOYMENT, Stage.SCHEDULED_WINDOW) and not whys["edit_script"]:
        return "edit_script"  # what was asked for comes before any decision
    if stage is Stage.STAGING_DEPLOYMENT and not any(each.lacking for each in case.accord.before_production):
        return "deploy_below_production"
    if stage is Stage.SCHEDULED_WINDOW and any(each.starts for each in case.deployments):
        return "approve_business"
    return PRIMARY.get(stage, "")


def _address(phase: Phase, name: str) -> str:
    """Approvals are given on a page of their own, which says what they mean."""
    if name in APPROVALS:
        return reverse("admin:approve", args=[phase.pk, name.removeprefix("approve_")])
    return reverse(f"admin:governance_spec_{'form' if name in FORMS else 'act'}", args=[phase.spec_id, phase.pk, name])


def _buttons(phase: Phase, name: str, why: str, primary: bool, variants: list[Variant]) -> list[Button]:
    common: dict[str, Any] = {
        "name": name,
        "url": _address(phase, name),
        "primary": primary,
        "danger": name in DANGEROUS,
        "minor": name in MINOR and not primary,
        "reason": ACTS[name].needs_reason,
        "form": name in FORMS or name in APPROVALS,
    }
    return [
        Button(label=each.label, hidden=each.hidden, enabled=not (why or each.obstacle), why=why or each.obstacle, **common)
        for each in variants
    ]


def _variants(name: str, label: str, case: Case, roles: frozenset[Role], person: User) -> list[Variant]:
    """One button per target where the act is about a target; the digest that was seen where it is a decision."""
    if name == "reject":
        wanted = {standing.demand.kind for standing in case.accord.asked}
        kinds = [kind for kind in ApprovalKind if kind in wanted and _may_decide(kind, case.phase.at, roles)]
        labels = [label] if len(kinds) == 1 else [f"{label} the {kind.noun} approval" for kind in kinds]
        return [Variant(text, (("kind", kind), ("digest", case.digest_of(kind)))) for text, kind in zip(labels, kinds, strict=True)]
    if name == "withdraw_approval":
        own = [each for each in case.approvals if not each.voided_at and person.pk in (each.person_id, each.on_behalf_of_id)]
        return [Variant(f"Withdraw the {ApprovalKind(each.kind).noun} decision", (("approval", str(each.pk)),)) for each in own]
    if name in APPROVALS:
        return [Variant(label, obstacle=_obstacle_to_deciding(person, roles, case, APPROVALS[name]))]
    production = name in ("dry_run", "deploy_production")
    if name == "roll_back":
        fitting = [deployment for deployment in case.deployments if has_something_to_undo(deployment, case)]
    elif name == "withdraw_booking":
        fitting = [deployment for deployment in case.deployments if deployment.starts]
    elif name == "acknowledge_collision":
        fitting = [deployment for deployment in case.deployments if deployment.clashes]
    elif production or name == "deploy_below_production":
        fitting = case.on(production=production)
    else:
        return [Variant(label)]
    verb = label.split(" on ", maxsplit=1)[0].split(" in ", maxsplit=1)[0]
    kind = STARTED.get(name)
    return [
        Variant(f"{verb} on {each.target}", (("deployment", str(each.pk)),), _obstacle(each, kind, case, person) if kind else "")
        for each in fitting
    ]


def _obstacle(deployment: Deployment, kind: RunKind, case: Case, person: User) -> str:
    """What a run would be refused for, as far as the case tells."""
    try:
        check_known(deployment, kind, case, person)
    except Refusal as refusal:
        return refusal.message
    return ""


def _obstacle_to_deciding(person: User, roles: frozenset[Role], case: Case, kind: ApprovalKind) -> str:
    """What is asked of others may be decided on behalf of one of them: the page of the approval tells."""
    try:
        workflow.check_approval(person, roles, case, kind)
    except NotAsked:
        return ""
    except Refusal as refusal:
        return refusal.message
    return ""


def _may_decide(kind: ApprovalKind, stage: Stage, roles: frozenset[Role]) -> bool:
    rule = ACTS[f"approve_{kind}"]
    return rule.first <= stage <= rule.last and bool(rule.roles & roles)


def why_not(person: User, phase: Phase, name: str) -> str:
    """Why the person cannot do it now; "" when they can."""
    if phase.status != PhaseStatus.OPEN and name != "review_emergency":
        return f"{phase} is {phase.status}: nothing more can be done with it."
    rule = ACTS[name]
    if not rule.first <= phase.at <= rule.last:
        return WrongStage(rule.label, phase.at.title, rule.first.title).message
    wrote = phase.spec.author_id == person.pk or phase.spec.editors.filter(person=person).exists()
    return _whys(person, workflow.roles_of(person), phase, wrote=wrote)[name]


def _whys(person: User, roles: frozenset[Role], phase: Phase, *, wrote: bool) -> dict[str, str]:
    """Per act, why the person may not do it; "" where they may."""
    name, number = person.get_username(), phase.spec.number
    lacking = {act: MissingRole(name, rule.label.lower(), rule.roles).message for act, rule in ACTS.items() if not roles & rule.roles}
    own = {act: OwnWork(name, number, verb).message for act, verb in OTHERS_DECIDE.items()} if wrote else {}
    return {act: lacking.get(act) or own.get(act, "") for act in ACTS}
