"""What a change builds upon and a target does not have yet: the scripts that a rehearsal applies before it."""

from collections.abc import Mapping

from django.db.models import Q

from governance.lifecycle import PhaseStatus
from governance.manifest import unrehearsed
from governance.models import Phase, Target
from governance.ordering import requirements
from governance.orders import Earlier, ScriptKind


def undeployed_before(phase: Phase, target: Target) -> tuple[Earlier, ...]:
    """Required changes first, each behind what it requires itself; then the earlier phases of the change."""
    order = required_first(requirements(), phase.spec_id)
    waiting = Phase.objects.filter(deployments__target=target, deployments__applied=False, status=PhaseStatus.OPEN)
    before = Q(spec__in=order[:-1]) | Q(spec=phase.spec_id, position__lt=phase.position)
    rows = waiting.filter(before).select_related("spec").prefetch_related("scripts")
    found = sorted(rows, key=lambda row: (order.index(row.spec_id), row.position))
    forward = [(row, tuple(each for each in unrehearsed(row).scripts if each.kind is ScriptKind.FORWARD)) for row in found]
    return tuple(Earlier(f"{row.spec.number} {row}", scripts) for row, scripts in forward if scripts)


def required_first(edges: Mapping[int, set[int]], change: int) -> list[int]:
    """The change, last, and all that it requires; there are no circles."""
    found: list[int] = []

    def add(each: int) -> None:
        if each not in found:
            for other in sorted(edges.get(each, ())):
                add(other)
            found.append(each)

    add(change)
    return found
