"""What analysed changes would mean for clients, kept as rows so that their history tells what was foreseen, and when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance import audit
from governance.audit import save
from governance.compatibility.asking import cell_with
from governance.compatibility.evidence import Known, clients_and_traffic, known_in
from governance.compatibility.lines import steps_of_phases
from governance.compatibility.rows import rulings_as_json
from governance.lifecycle import PhaseStatus
from governance.matrix import Cell, Circumstances, Derivation
from governance.models import Deployment, Phase, Prospect, Target


def derive_prospects(actor: audit.Actor, phase: Phase | None = None) -> int:
    """Of every open phase on every target it has still to come to, or of one. How many changed."""
    rows = Deployment.objects.filter(applied=False, phase__status=PhaseStatus.OPEN, phase__analyses__isnull=False)
    rows = rows.filter(phase=phase) if phase else rows
    to_come: dict[Target, list[Phase]] = {}
    for deployment in rows.select_related("phase__spec", "target__environment").distinct():
        to_come.setdefault(deployment.target, []).append(deployment.phase)
    if not to_come:
        return 0
    now = timezone.now()
    clients, traffic = clients_and_traffic()
    return sum(
        _derive_on(actor, target, phases, known_in(target.environment, clients, traffic, now), now) for target, phases in to_come.items()
    )


def _derive_on(actor: audit.Actor, target: Target, phases: list[Phase], known: Iterable[Known], now: datetime) -> int:
    steps, here = steps_of_phases(phases, target), [each for each in known if each.is_here]
    before = {(each.phase_id, each.client_id): each for each in Prospect.objects.filter(phase__in=phases, target=target)}
    circumstances = Circumstances(now, target.environment.production)
    changed = 0
    for phase in phases:
        derivation = Derivation(steps[phase.pk], now.date())
        for each in here:
            cell = derivation.after(cell_with(each, target, circumstances), each.client())
            changed += _keep(actor, before.get((phase.pk, each.pk)) or Prospect(phase=phase, target=target, client_id=each.pk), cell)
    return changed


def _keep(actor: audit.Actor, row: Prospect, cell: Cell) -> bool:
    values: dict[str, Any] = {"verdict": cell.verdict, "reason": cell.reason, "rulings": rulings_as_json(cell)}
    if row.pk and all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.at = timezone.now()
    save(actor, row)
    return True
