"""Answers to what domains ask: by the owners of the domain, who stay free to approve, or by the author."""

from django.contrib.auth.models import User

from governance import audit, lifecycle
from governance.audit import save
from governance.dossier import gather
from governance.errors import BadInput, NotAllowed
from governance.lifecycle import Stage
from governance.models import Answer, Consideration, Spec
from governance.workflow.acts import act, carry_on, checked, lock, move, permit


@act
def answer(*, actor: User, spec: Spec, consideration: Consideration, text: str) -> Answer:
    """Raises MissingRole, WrongStage, NotAllowed, BadInput, BadSpecification."""
    phases = [lock(phase) for phase in spec.phases.open()]
    permit(actor, "answer", stage=min((phase.at for phase in phases), default=Stage.CLOSURE))
    domain = consideration.domain
    if not spec.domains.filter(pk=domain.pk).exists():
        raise BadInput(f"{spec.number} does not touch {domain}, which asks “{consideration}”. Answer the questions of its own domains.")
    if spec.author_id != actor.pk and not domain.owners.filter(pk=actor.pk).exists():
        raise NotAllowed(f"{actor} neither wrote {spec.number} nor owns {domain}. Ask one of its owners, or edit the specification.")
    row = spec.answers.filter(consideration=consideration).first() or Answer(spec=spec, consideration=consideration)
    row.text, row.person = text, actor
    save(actor, checked(row))
    audit.append(actor, "answer.give", spec.number, f"{actor} answered “{consideration}”: {text}", domain=domain.slug)
    for phase in phases:
        lacking = phase.at > Stage.DESIGN and lifecycle.missing(Stage.DESIGN, gather(phase))
        move(actor, phase, Stage.DESIGN if lacking else phase.at, "an answer was changed")
        carry_on(actor, phase)
    return row
