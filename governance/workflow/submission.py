"""Handing in a change. No target is opened here."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.contrib.auth.models import User

from governance import assessment, audit, requests
from governance.audit import save
from governance.criteria import check_measure
from governance.errors import BadSpecification
from governance.models import (
    Answer,
    Consideration,
    Criterion,
    Dependency,
    DependencyKind,
    Deployment,
    Domain,
    Phase,
    Script,
    Spec,
    Target,
)
from governance.ordering import refuse_circle
from governance.specification import SECTIONS, Specification
from governance.workflow.acts import act, add_editor, carry_on, checked, permit
from governance.workflow.scripting import NOT_SAID, ScriptFile, Source, keep_script, read_scripts

Named = TypeVar("Named", Domain, Spec, Target)
TEXTS = (*SECTIONS, "data_class", "privacy_impact", "pattern", "irreversible", "restore_plan")


@act
def submit(*, actor: User, specification: Specification, scripts: Sequence[ScriptFile], source: Source = NOT_SAID) -> Spec:
    """A new change from its specification and script files.

    Raises:
        BadInput: any of its kinds, with what to do; nothing is kept.
    """
    permit(actor, "submit")
    values = read_scripts(scripts, irreversible=specification.irreversible)
    spec = _create_spec(actor, specification)
    phase = save(actor, checked(Phase(spec=spec, said_category=specification.category)))
    for value in values:
        keep_script(actor, Script(phase=phase), value, source)
    for target in _targets(specification):
        save(actor, Deployment(phase=phase, target=target))
    assessment.assess_scripts(actor, phase)
    what = {"scripts": [value.name for value in values], "domains": list(specification.domains)}
    audit.append(actor, "spec.submit", spec.number, f"{actor} submitted “{spec}”.", **what)
    requests.observe_targets(actor, phase)
    carry_on(actor, phase)
    return spec


def _create_spec(actor: User, specification: Specification) -> Spec:
    if Spec.objects.filter(title=specification.title).exists():
        raise BadSpecification(specification.title, "another change has this title", "Give it a title of its own.")
    if specification.irreversible and not specification.restore_plan.strip():
        raise BadSpecification(specification.title, "it is irreversible without a restore plan", "Write how the data would be restored.")
    texts = {name: getattr(specification, name) for name in TEXTS}
    spec = save(actor, checked(Spec(title=specification.title, author=actor, **texts)))
    add_editor(actor, spec)
    spec.domains.set(_found(Domain, "slug", specification.domains, "domain"))
    _answer(actor, spec, specification)
    for criterion in specification.criteria:
        check_measure(criterion.name, criterion.measure)
        save(actor, checked(Criterion(spec=spec, name=criterion.name, expected=criterion.expected, measure=criterion.measure)))
    for other in _found(Spec, "title", specification.requires, "change"):
        _require(actor, spec, other)
    return spec


def _found(model: type[Named], key: str, names: Iterable[str], what: str) -> list[Named]:
    rows = {getattr(row, key): row for row in model._default_manager.filter(**{f"{key}__in": list(names)})}
    for name in names:
        if name not in rows:
            raise BadSpecification(name, f"no {what} is known by this name", f"Add the {what} first, or correct the name.")
    return [rows[name] for name in dict.fromkeys(names)]


def _targets(specification: Specification) -> list[Target]:
    targets = _found(Target, "name", specification.targets, "target") if specification.targets else list(Target.objects.in_rank_order())
    if not targets:
        raise BadSpecification(specification.title, "there is no target it could be for", "Add a target in the portal first.")
    return targets


def _answer(actor: User, spec: Spec, specification: Specification) -> None:
    for question, text in specification.answers.items():
        consideration = Consideration.objects.filter(question=question).first()
        if not consideration:
            raise BadSpecification(question, "no domain asks this", "Copy the question from its domain's page.")
        save(actor, checked(Answer(spec=spec, consideration=consideration, text=text, person=actor)))


def _require(actor: User, spec: Spec, other: Spec) -> None:
    refuse_circle(spec, other)
    save(actor, Dependency(spec=spec, other=other, kind=DependencyKind.REQUIRES))
