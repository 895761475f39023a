"""Handing in a change, and changing it afterwards. No target is opened here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from django.contrib.auth.models import User
from django.utils import timezone

from governance import assessment, audit, requests
from governance.audit import save
from governance.errors import BadInput, BadSpecification, DependencyCycle, DuplicateVersion, MissingRollback
from governance.lifecycle import Stage, stage_after_edit
from governance.manifest import content_digest, digests_of
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
    TestEvidence,
)
from governance.orders import Script as ScriptValue
from governance.orders import ScriptKind
from governance.specification import SECTIONS, Specification
from governance.validation import parse_checks
from governance.versions import parse_script_name, read_script, rollback_name
from governance.workflow.acts import act, add_editor, carry_on, lock, move, permit, void_approvals

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
    phase = save(actor, Phase(spec=spec, said_category=specification.category))
    for value in values:
        save(actor, _script_row(phase, value, source))
    for target in _targets(specification):
        save(actor, Deployment(phase=phase, target=target))
    assessment.assess_scripts(actor, phase)
    audit.append(actor, "spec.submit", spec.number, f"{actor} submitted “{spec}”.", scripts=[value.name for value in values])
    request_analyses(actor, phase)
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
    if specification.irreversible and not specification.restore_plan:
        raise BadSpecification(specification.title, "it is irreversible without a restore plan", "Write how the data would be restored.")
    spec = save(actor, Spec(title=specification.title, author=actor, **{name: getattr(specification, name) for name in TEXTS}))
    add_editor(actor, spec)
    spec.domains.set(_found(Domain, "slug", specification.domains, "domain"))
    _answer(actor, spec, specification)
    for criterion in specification.criteria:
        save(actor, Criterion(spec=spec, name=criterion.name, expected=criterion.expected))
    for other in _found(Spec, "title", specification.requires, "change"):
        _require(actor, spec, other)
    return spec


def _found(model: type[Named], key: str, names: Iterable[str], what: str) -> list[Named]:
    rows = {getattr(row, key): row for row in model._default_manager.filter(**{f"{key}__in": list(names)})}
    for name in names:
        if name not in rows:
            raise BadSpecification(name, f"no {what} is known by this name", f"Add the {what} first, or correct the name.")
    return [rows[name] for name in names]


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
        save(actor, Answer(spec=spec, consideration=consideration, text=text))


def _require(actor: User, spec: Spec, other: Spec) -> None:
    refuse_cycle(spec, other)
    save(actor, Dependency(spec=spec, other=other, kind=DependencyKind.REQUIRES))


def refuse_cycle(spec: Spec, other: Spec) -> None:
    """Walk what `other` requires; if that leads back to `spec`, say the way."""
    waiting: list[tuple[Spec, tuple[str, ...]]] = [(other, (spec.number, other.number))]
    while waiting:
        here, path = waiting.pop()
        if here == spec:
            raise DependencyCycle(path)
        for dependency in here.dependencies.filter(kind=DependencyKind.REQUIRES).select_related("other"):
            waiting.append((dependency.other, (*path, dependency.other.number)))


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


def request_analyses(actor: User, phase: Phase) -> None:
    for deployment in phase.deployments.select_related("target"):
        requests.observe(actor, deployment.target, phase)


@act
def request_analysis(*, actor: User, phase: Phase) -> None:
    """Fresh facts from every target, and the analysis on them."""
    phase = lock(phase)
    permit(actor, "request_analysis", stage=phase.at)
    request_analyses(actor, phase)
    audit.append(actor, "analysis.request", phase.spec.number, f"{actor} asked for an analysis on today's facts.")


@act
def request_rehearsal(*, actor: User, phase: Phase) -> None:
    phase = lock(phase)
    permit(actor, "request_rehearsal", stage=phase.at)
    requests.rehearse(actor, phase, content_digest(phase))
    audit.append(actor, "rehearsal.request", phase.spec.number, f"{actor} asked for a rehearsal.")


@act
def edit_script(*, actor: User, script: Script, text: str) -> Script:
    """New text for a script: approvals of the old one are void, and the change goes back to script development."""
    phase = lock(script.phase)
    permit(actor, "edit_script", stage=phase.at)
    value = check_script(script.name, text)
    row = Script.objects.select_for_update().get(pk=script.pk)
    if row.text == text:
        return row
    before, row.text, row.checksum = row.checksum, text, value.checksum
    save(actor, row)
    add_editor(actor, phase.spec)
    audit.append(actor, "script.edit", phase.spec.number, f"{actor} edited {row.name}.", before=before, after=row.checksum)
    void_approvals(actor, phase, digests_of(phase), f"{row.name} was edited by {actor}", timezone.now())
    move(actor, phase, stage_after_edit(phase.at), f"{row.name} was edited")
    assessment.assess_scripts(actor, phase)
    request_analyses(actor, phase)
    return row


@act
def edit_specification(
    *, actor: User, spec: Spec, changes: Mapping[str, object], answers: Mapping[int, str] = MappingProxyType({})
) -> Spec:
    """`changes`: new values by field name, of the specification's own texts and choices. `answers`: by id of the consideration."""
    phases = [lock(phase) for phase in spec.phases.open()]
    permit(actor, "edit_specification", stage=min((phase.at for phase in phases), default=Stage.CLOSURE))
    fresh = Spec.objects.select_for_update().get(pk=spec.pk)
    before = {name: getattr(fresh, name) for name in changes if name in (*TEXTS, "title") and getattr(fresh, name) != changes[name]}
    for name in before:
        setattr(fresh, name, changes[name])
    if before:
        save(actor, fresh)
    answered = _change_answers(actor, fresh, answers)
    if before or answered:
        add_editor(actor, fresh)
        what = ", ".join([*before, *answered])
        audit.append(
            actor, "spec.edit", fresh.number, f"{actor} edited {what}.", before={name: str(value) for name, value in before.items()}
        )
    for phase in phases:
        phase.spec = fresh
        carry_on(actor, phase)
    return fresh


def _change_answers(actor: User, spec: Spec, answers: Mapping[int, str]) -> list[str]:
    """The questions whose answers are other than before."""
    known = {answer.consideration_id: answer for answer in spec.answers.all()}
    changed = []
    for consideration in Consideration.objects.filter(pk__in=answers):
        row = known.get(consideration.pk) or Answer(spec=spec, consideration=consideration)
        if row.text != answers[consideration.pk]:
            row.text = answers[consideration.pk]
            save(actor, row)
            changed.append(f"the answer to “{consideration}”")
    return changed


@act
def add_evidence(*, actor: User, phase: Phase, suite: str, service: str, passed: bool, commit: str = "", address: str = "") -> TestEvidence:
    """The result of a test suite elsewhere, for the scripts as they are now."""
    phase = lock(phase)
    permit(actor, "add_evidence", stage=phase.at)
    row = TestEvidence(
        phase=phase, digest=content_digest(phase), suite=suite, service=service, commit=commit, passed=passed, address=address
    )
    save(actor, row)
    audit.append(actor, "evidence.add", phase.spec.number, str(row), commit=commit, address=address)
    carry_on(actor, phase)
    return row
