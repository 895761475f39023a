"""Adding checks to a change, and taking out what its analysis proposes: both with a reason, and both part of what is approved."""

from django.contrib.auth.models import User
from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.case import Case, load
from governance.errors import BadInput, NotReady
from governance.expectation import latest_facts
from governance.facts import Facts
from governance.models import Analysis, CheckChoice, Phase
from governance.validation.choosing import Listed, Origin, listed
from governance.validation.files import parse_checks
from governance.workflow.acts import act, checked, lock, permit
from governance.workflow.scripting import begin_again, refuse_too_late


def checks_of(case: Case) -> tuple[Listed, ...]:
    """On the target of the latest analysis, which for production stands last."""
    analysis = analysis_of(case)
    target = analysis.target_id if analysis else None
    return checks_on(case, latest_facts([target]).get(target) if target else None)


def analysis_of(case: Case) -> Analysis | None:
    """What proposes the checks."""
    return max(case.analyses.values(), key=lambda each: (each.digest == case.content, each.target_id or 0), default=None)


def checks_on(case: Case, facts: Facts | None) -> tuple[Listed, ...]:
    """With what the target said about itself."""
    analysis = analysis_of(case)
    return listed(case.bare, analysis.report if analysis else None, facts)


@act
def add_check(*, actor: User, phase: Phase, text: str, reason: str) -> CheckChoice:
    """One check, written as in a check file.

    Raises:
        BadCheck: with the line and what would be right. BadInput, NotReady, MissingRole, WrongStage, NeedsReason.
    """
    held = _permitted(actor, phase, reason)
    checks = parse_checks("The check", text)
    if len(checks) != 1:
        raise BadInput(f"{len(checks)} checks were handed in. Add one at a time, each with its own reason.")
    name = checks[0].name
    taken = next((each for each in checks_of(load(held.pk)) if each.check.name == name), None)
    if taken:
        raise BadInput(f"{held.spec.number} has a check “{name}” already. Give the new one another name.")
    row = save(actor, checked(CheckChoice(phase=held, name=name, text=text, reason=reason.strip(), by=actor, at=timezone.now())))
    begin_again(actor, held, f"added the check “{name}”: {reason.strip()}", {}, {})
    return row


@act
def take_out_check(*, actor: User, phase: Phase, name: str, reason: str) -> None:
    """One that somebody added is gone; one that the analysis proposes stays on the page, with the reason.

    Raises:
        BadInput: there is none of this name, or it stands in a file. NotReady, MissingRole, WrongStage, NeedsReason.
    """
    held = _permitted(actor, phase, reason)
    found = next((each for each in checks_of(load(held.pk)) if each.check.name == name), None)
    if found is None:
        raise BadInput(f"{held.spec.number} has no check “{name}”. Its page lists those that it has.")
    if found.origin is Origin.FILE:
        raise BadInput(f"“{name}” stands in {found.why}. Edit that script.")
    if found.taken_out:
        raise NotReady(f"“{name}” is taken out already: {found.taken_out}")
    if found.origin is Origin.ADDED:
        audit.delete(actor, CheckChoice.objects.get(phase=held, name=name))
    else:
        save(actor, checked(CheckChoice(phase=held, name=name, reason=reason.strip(), by=actor, at=timezone.now())))
    begin_again(actor, held, f"took out the check “{name}”: {reason.strip()}", {}, {})


@act
def put_back_check(*, actor: User, phase: Phase, name: str, reason: str) -> None:
    """Raises NotReady: it was not taken out."""
    held = _permitted(actor, phase, reason)
    row = CheckChoice.objects.filter(phase=held, name=name, text="").first()
    if row is None:
        raise NotReady(f"“{name}” was not taken out of {held.spec.number}. Nothing is left to do.")
    audit.delete(actor, row)
    begin_again(actor, held, f"put back the check “{name}”: {reason.strip()}", {}, {})


def _permitted(actor: User, phase: Phase, reason: str) -> Phase:
    held = lock(phase)
    permit(actor, "choose_checks", stage=held.at, reason=reason)
    refuse_too_late(held)
    return held
