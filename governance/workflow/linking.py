"""Saying which changes a change requires, and with which it must not run."""

from django.contrib.auth.models import User

from governance import audit, clashes, ordering
from governance.audit import save
from governance.errors import BadInput, NotReady
from governance.models import Dependency, DependencyKind, Spec
from governance.workflow.acts import act, carry_on, lock, permit


@act
def link(*, actor: User, spec: Spec, other: Spec, kind: str = DependencyKind.REQUIRES) -> Dependency:
    """Raises DependencyCycle with the circle, BadInput."""
    permit(actor, "link_changes")
    phases = [lock(phase) for phase in spec.phases.open()]
    if spec == other:
        raise BadInput(f"{spec.number} cannot depend on itself. Name another change.")
    if kind == DependencyKind.REQUIRES:
        ordering.refuse_circle(spec, other)
    row = Dependency.objects.filter(spec=spec, other=other).first() or Dependency(spec=spec, other=other)
    row.kind, row.found = kind, ""
    save(actor, row)
    audit.append(actor, "dependency.add", spec.number, f"{actor} said that {spec.number} {kind} {other.number}.")
    for phase in phases:
        clashes.refresh(actor, phase)
        carry_on(actor, phase)
    return row


@act
def unlink(*, actor: User, spec: Spec, other: Spec) -> None:
    """What the analysis found cannot be unsaid: it follows from the scripts."""
    permit(actor, "link_changes")
    phases = [lock(phase) for phase in spec.phases.open()]
    row = Dependency.objects.filter(spec=spec, other=other).first()
    if row is None:
        raise NotReady(f"Nobody said that {spec.number} has to do with {other.number}. Nothing is left to do.")
    if row.found:
        raise NotReady(f"{spec.number} {row.kind} {other.number}, because {row.found}. Change the scripts, or cancel one of the two.")
    audit.append(actor, "dependency.remove", spec.number, f"{actor} said that {spec.number} no longer {row.kind} {other.number}.")
    audit.delete(actor, row)
    for phase in phases:
        clashes.refresh(actor, phase)
        carry_on(actor, phase)
