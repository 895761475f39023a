"""What every act shares: one transaction, the role, the stage, and an event for the act as well as for its refusal."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance import announcing, audit, heralding, lifecycle
from governance.acts import ACTS
from governance.audit import Row, save
from governance.case import load
from governance.dossier import dossier_of
from governance.errors import BadSpecification, MissingRole, NeedsReason, NotReady, Refusal, WrongStage
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import Approval, Phase, Spec, SpecEditor
from governance.policy import ApprovalKind
from governance.wording import UNSTORABLE, unstorable
from governance.workflow.asking import ask
from governance.workflow.freeing import free_what_is_left
from governance.workflow.meanwhile import check_references, collisions_told

Function = TypeVar("Function", bound=Callable[..., Any])


def act(function: Function) -> Function:
    """Run in one transaction; a refusal changes nothing but leaves an event."""

    @wraps(function)
    def acting(*, actor: User, **given: Any) -> Any:
        try:
            with collisions_told(), transaction.atomic():
                done = function(actor=actor, **given)
                check_references()
                return done
        except Refusal as refusal:
            refusal.act = function.__name__
            refusal.subject = next((name for value in given.values() if (name := subject_of(value))), "")
            record_refusal(actor, refusal)
            raise

    return acting  # type: ignore[return-value]


def record_refusal(actor: User, refusal: Refusal) -> None:
    audit.append(actor, f"refused.{refusal.act}", refusal.subject, UNSTORABLE.sub("�", refusal.message), code=refusal.code)


def subject_of(value: object) -> str:
    """ "CHG-12" for a spec, or for anything that belongs to one."""
    for path in ((), ("spec",), ("phase", "spec"), ("deployment", "phase", "spec")):
        found = value
        for name in path:
            found = getattr(found, name, None)
        if isinstance(found, Spec):
            return found.number
    return ""


def roles_of(person: User) -> frozenset[Role]:
    """From groups alone: a superuser without a role has none."""
    return frozenset(Role(name) for name in person.groups.values_list("name", flat=True) if name in set(Role))


def permit(person: User, name: str, *, stage: Stage | None = None, reason: str = "", roles: frozenset[Role] | None = None) -> None:
    """`roles`: the person's, looked up unless they are known. Raises MissingRole, WrongStage or NeedsReason."""
    rule = ACTS[name]
    if not person.is_active or not (roles_of(person) if roles is None else roles) & rule.roles:
        raise MissingRole(person.get_username(), rule.label.lower(), rule.roles)
    if stage is not None and not rule.first <= stage <= rule.last:
        raise WrongStage(rule.label, stage.title, rule.first.title)
    if rule.needs_reason and not reason.strip():
        raise NeedsReason(rule.label.lower())


def lock(phase: Phase) -> Phase:
    """The phase as it is now, held until the end of the transaction.

    Raises:
        NotReady: the phase is closed or cancelled.
    """
    held = lock_even_closed(phase)
    refuse_ended(held)
    return held


def refuse_ended(phase: Phase) -> None:
    if phase.status != PhaseStatus.OPEN:
        raise NotReady(f"{phase} is {phase.status}: nothing more can be done with it. Submit a new change.")


def lock_even_closed(phase: Phase) -> Phase:
    """What the runner did is recorded all the same."""
    return Phase.objects.select_for_update(of=("self",), no_key=True).select_related("spec__author").get(pk=phase.pk)


def add_editor(person: User, spec: Spec) -> None:
    if not SpecEditor.objects.filter(spec=spec, person=person).exists():
        save(person, SpecEditor(spec=spec, person=person))


def move(actor: audit.Actor, phase: Phase, stage: Stage, why: str) -> None:
    if phase.at is stage:
        return
    before = phase.at
    phase.stage = stage
    save(actor, phase)
    audit.append(actor, "phase.stage", phase.spec.number, f"{before.title} → {stage.title}: {why}", before=before, after=stage)
    heralding.moved(phase, before)


def carry_on(actor: audit.Actor, phase: Phase) -> None:
    """Move an open phase as far as its evidence carries, and close it at the end."""
    if phase.status != PhaseStatus.OPEN:
        return
    case = load(phase.pk)
    stage, finished = lifecycle.reachable(phase.at, dossier_of(case, timezone.now()))
    move(actor, phase, stage, "the evidence is there")
    ask(actor, phase, case)
    if finished:
        phase.status = PhaseStatus.CLOSED
        save(actor, phase)
        audit.append(actor, "phase.closed", phase.spec.number, f"{phase} is closed.")
        free_what_is_left(actor, phase)


def checked(row: Row) -> Row:
    """The row, if the model and the database would take it. Raises BadSpecification with all that is wrong."""
    wrong = [f"{name} has a character that no text can hold" for name, value in vars(row).items() if unstorable(value)]
    try:
        row.full_clean()
    except ValidationError as error:
        found = [(name, " ".join(texts).rstrip(".")) for name, texts in error.message_dict.items()]
        wrong += [text if name == NON_FIELD_ERRORS else f"{name}: {text}" for name, text in found]
    if wrong:
        raise BadSpecification(f"{type(row)._meta.verbose_name} “{str(row)[:60]}”", "; ".join(wrong), "Correct it and try again.")
    return row


def void_approvals(actor: audit.Actor, phase: Phase, keep: tuple[str, ...], why: str, now: datetime) -> None:
    """Approvals of another digest, or whose time is over, stop counting and stay as history."""
    live = Approval.objects.filter(phase=phase, voided_at=None).select_related("person", "phase__spec")
    for approval in live.filter(~Q(digest__in=keep) | Q(expires_at__lte=now)):
        over = approval.digest in keep
        void(actor, phase, approval, f"it was given until {approval.expires_at:%d %b %H:%M} UTC" if over else why, now)


def void(actor: audit.Actor, phase: Phase, approval: Approval, why: str, now: datetime) -> None:
    approval.voided_at, approval.voided_because = now, why
    save(actor, approval)
    said = f"The {ApprovalKind(approval.kind).noun} approval of {approval.person} is void: {why}"
    audit.append(actor, "approval.void", phase.spec.number, said, digest=approval.digest)
    announcing.voided(approval)
