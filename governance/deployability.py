"""May a phase of a change go out to an environment? What the command and the API ask; acts ask their case, which answers the same."""

from governance.case import load
from governance.compatibility.names import UnknownChange
from governance.matrix import Answer, Reason, Verdict
from governance.models import Environment, Phase, Spec


def ask_phase(phase: Phase, environment: Environment) -> Answer:
    case = load(phase.pk)
    here = [each for each in case.deployments if each.target.environment_id == environment.pk]
    if not here:
        text = f"{phase.spec.number} has no target in {environment}"
        way_out = f"Ask for an environment that {phase.spec.number} is for."
        return Answer(Verdict.UNKNOWN, (), (Reason("no-target", Verdict.UNKNOWN, text, change=phase.spec.number, way_out=way_out),))
    return case.deployable_in(environment)


def phase_named(number: str, name: str = "") -> Phase:
    """Without a name the first that is open, or else the last. Raises UnknownChange."""
    digits = number.upper().removeprefix("CHG-")
    known = digits.isascii() and digits.isdigit() and len(digits) < 19
    spec = Spec.objects.filter(pk=digits).first() if known else None
    phases = spec.phases.select_related("spec__author").order_by("position") if spec else Phase.objects.none()
    found = phases.filter(name=name).first() if name else phases.open().first() or phases.last()
    if found is None:
        raise UnknownChange(f"{number} {name}".strip(), phases.values_list("name", flat=True))
    return found
