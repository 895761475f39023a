"""Changing what was handed in, and asking for what proves it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.contrib.auth.models import User

from governance import assessment, audit, lifecycle, requests
from governance.audit import save
from governance.dossier import gather
from governance.lifecycle import Stage
from governance.manifest import content_digest
from governance.models import Analysis, Answer, Consideration, Domain, Phase, Spec, TestEvidence
from governance.workflow.acts import act, add_editor, carry_on, checked, lock, move, permit
from governance.workflow.discussing import settle_changes
from governance.workflow.submission import TEXTS

WEIGHED = frozenset({"data_class", "irreversible", "domains"})  # what the analysis reads of a specification
WRITTEN = (Stage.REQUIREMENT, Stage.DESIGN, Stage.SCRIPT_DEVELOPMENT)  # stages left by what the specification says


@act
def request_analysis(*, actor: User, phase: Phase) -> None:
    """Fresh facts from every target, and the analysis on them."""
    phase = lock(phase)
    permit(actor, "request_analysis", stage=phase.at)
    requests.observe_targets(actor, phase)
    audit.append(actor, "analysis.request", phase.spec.number, f"{actor} asked for an analysis on today's facts.")


@act
def request_rehearsal(*, actor: User, phase: Phase, traffic: bool = False) -> None:
    """`traffic`: with simulated clients at work on the tables while the forward scripts run."""
    phase = lock(phase)
    permit(actor, "request_rehearsal", stage=phase.at)
    requests.rehearse(actor, phase, content_digest(phase), traffic=traffic)
    clients = " with clients at work" if traffic else ""
    audit.append(actor, "rehearsal.request", phase.spec.number, f"{actor} asked for a rehearsal{clients}.")


@act
def edit_specification(
    *,
    actor: User,
    spec: Spec,
    changes: Mapping[str, object],
    answers: Mapping[int, str] = MappingProxyType({}),
    domains: Iterable[Domain] | None = None,
) -> Spec:
    """`changes`: new values by field name, of the specification's own texts and choices. `answers`: by id of the consideration.

    `domains`: all that it is about; None leaves them as they are.
    """
    phases = [lock(phase) for phase in spec.phases.open()]
    permit(actor, "edit_specification", stage=min((phase.at for phase in phases), default=Stage.CLOSURE))
    fresh = Spec.objects.select_for_update(no_key=True).get(pk=spec.pk)
    before = {name: getattr(fresh, name) for name in changes if name in (*TEXTS, "title") and getattr(fresh, name) != changes[name]}
    for name in before:
        setattr(fresh, name, changes[name])
    if before:
        save(actor, checked(fresh))
    moved = _change_domains(fresh, domains)
    before |= {"domains": ", ".join(moved)} if moved is not None else {}
    answered = _change_answers(actor, fresh, answers)
    if not before and not answered:
        return fresh
    add_editor(actor, fresh)
    what = ", ".join([*before, *answered])
    audit.append(actor, "spec.edit", fresh.number, f"{actor} edited {what}.", before={name: str(value) for name, value in before.items()})
    for phase in phases:
        phase.spec = fresh
        settle_changes(actor, phase)
        _weigh_again(actor, phase, before.keys() & WEIGHED)
        carry_on(actor, phase)
    return fresh


def _change_domains(spec: Spec, domains: Iterable[Domain] | None) -> list[str] | None:
    """The names of those before; None when they stay. Those that own a touched table always do."""
    if domains is None:
        return None
    latest = Analysis.objects.filter(phase__spec=spec).order_by("phase_id", "-pk").distinct("phase_id")
    before, after = set(spec.domains.all()), {*domains, *(domain for each in latest for domain in assessment.domains_touched(each))}
    spec.domains.set(after)
    return sorted(map(str, before)) if before != after else None


def _weigh_again(actor: User, phase: Phase, weighed: set[str]) -> None:
    """Nothing is skipped by editing: a phase whose specification lacks something now goes back to where that is asked for."""
    if weighed:
        assessment.reassess(actor, phase)
    dossier = gather(phase)
    lacking = next((stage for stage in WRITTEN if stage < phase.at and lifecycle.missing(stage, dossier)), phase.at)
    move(actor, phase, lacking, "the specification was edited")


def _change_answers(actor: User, spec: Spec, answers: Mapping[int, str]) -> list[str]:
    """The questions whose answers are other than before."""
    known = {answer.consideration_id: answer for answer in spec.answers.all()}
    changed = []
    for consideration in Consideration.objects.filter(pk__in=answers):
        row = known.get(consideration.pk) or Answer(spec=spec, consideration=consideration)
        if row.text != answers[consideration.pk]:
            row.text, row.person = answers[consideration.pk], actor
            save(actor, checked(row))
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
