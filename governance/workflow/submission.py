"""Handing in a change. No target is opened here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import User

from governance import assessment, audit, requests
from governance.audit import save
from governance.errors import BadInput, BadSpecification, DependencyCycle, DuplicateVersion, MissingRollback
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
from governance.orders import Script as ScriptValue
from governance.orders import ScriptKind
from governance.specification import SECTIONS, Specification
from governance.validation import parse_checks
from governance.versions import parse_script_name, read_script, rollback_name
from governance.workflow.acts import act, add_editor, carry_on, checked, permit

Named = TypeVar("Named", Domain, Spec, Target)
TEXTS = (*SECTIONS, "data_class", "privacy_impact", "pattern", "irreversible", "restore_plan")


@dataclass(frozen=True, slots=True)
class ScriptFile:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the scripts were kept."""

    repository: str = ""
    commit: str = ""
    request: str = ""


@act
def submit(*, actor: User, specification: Specification, scripts: Sequence[ScriptFile], source: Source = Source()) -> Spec:
    """A new change from its specification and script files.

    Raises:
        BadInput: any of its kinds, with what to do; nothing is kept.
    """
    permit(actor, "submit")
    values = read_scripts(scripts, irreversible=specification.irreversible)
    spec = _create_spec(actor, specification)
    phase = save(actor, checked(Phase(spec=spec, said_category=specification.category)))
    for value in values:
        save(actor, checked(_script_row(phase, value, source)))
    for target in _targets(specification):
        save(actor, Deployment(phase=phase, target=target))
    assessment.assess_scripts(actor, phase)
    audit.append(actor, "spec.submit", spec.number, f"{actor} submitted “{spec}”.", scripts=[value.name for value in values])
    requests.observe_targets(actor, phase)
    carry_on(actor, phase)
    return spec


def read_scripts(files: Sequence[ScriptFile], *, irreversible: bool) -> tuple[ScriptValue, ...]:
    """Script files as values, in order of their versions; refuses what does not fit together."""
    if not files:
        raise BadInput("No script was handed in. Add at least one V….sql with its R….sql.")
    values = tuple(sorted((check_script(file.name, file.text) for file in files), key=lambda value: (value.version, value.kind)))
    _refuse_duplicates(values)
    kinds = Counter((value.kind, value.version) for value in values)
    for value in values:
        if value.kind is ScriptKind.FORWARD and not irreversible and not kinds[ScriptKind.ROLLBACK, value.version]:
            raise MissingRollback(value.name, rollback_name(parse_script_name(value.name)))
        if value.kind is not ScriptKind.FORWARD and not kinds[ScriptKind.FORWARD, value.version]:
            raise BadInput(f"{value.name} belongs to no forward script. Add the V script of version {value.version}, or leave it out.")
    return values


def check_script(name: str, text: str) -> ScriptValue:
    """One script by itself: its name, its SQL, and what its checks expect. Raises BadInput."""
    value = read_script(name, text)
    if not value.statements:
        raise BadInput(f"{name} has no statement. Write what it is to do, or leave the script out.")
    if value.kind is ScriptKind.CHECK:
        parse_checks(name, text)
    return value


def _refuse_duplicates(values: Iterable[ScriptValue]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for value in values:
        other = seen.get((value.kind, value.version))
        other = other or Script.objects.filter(kind=value.kind, version=value.version).values_list("name", flat=True).first()
        if other:
            raise DuplicateVersion(value.name, value.version, other)
        seen[value.kind, value.version] = value.name


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
        save(actor, checked(Criterion(spec=spec, name=criterion.name, expected=criterion.expected)))
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
        save(actor, checked(Answer(spec=spec, consideration=consideration, text=text)))


def _require(actor: User, spec: Spec, other: Spec) -> None:
    refuse_cycle(spec, other)
    save(actor, Dependency(spec=spec, other=other, kind=DependencyKind.REQUIRES))


def refuse_cycle(spec: Spec, other: Spec) -> None:
    """Walk what `other` requires; if that leads back to `spec`, say the way."""
    waiting: list[tuple[Spec, tuple[str, ...]]] = [(other, (spec.number, other.number))]
    seen: set[Spec] = set()
    while waiting:
        here, path = waiting.pop()
        if here == spec:
            raise DependencyCycle(path)
        if here not in seen:
            seen.add(here)
            required = [each.other for each in here.dependencies.filter(kind=DependencyKind.REQUIRES).select_related("other")]
            waiting += [(each, (*path, each.number)) for each in required]


def _script_row(phase: Phase, value: ScriptValue, source: Source) -> Script:
    return Script(
        phase=phase,
        kind=value.kind,
        name=value.name,
        version=value.version,
        text=value.text,
        checksum=value.checksum,
        repository=source.repository,
        commit=source.commit,
        request=source.request,
    )
