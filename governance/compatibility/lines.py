"""A target's line: its backend releases from the oldest to the newest, and the steps that lie between them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q

from governance.matrix import Cell, Effect, Part, Source, Step, number_of
from governance.matrix.plan import steps_of_part
from governance.models import Analysis, MatrixEntry, Phase, Release, ReleaseKind, Target

NOT_ANALYSED = Step("", Effect.OPAQUE)


@dataclass(frozen=True)
class Line:
    target: Target
    backends: tuple[Release, ...]  # in the order of the schema versions they need
    steps: tuple[Step, ...]

    @cached_property
    def places(self) -> Mapping[int | None, int]:
        """By key of the backend release."""
        return {backend.pk: place for place, backend in enumerate(self.backends)}

    def bases(self, entries: Iterable[MatrixEntry]) -> dict[int, Cell]:
        """What people declared and tests found, by place; a test says more than a person."""
        weakest_first = sorted((each for each in entries if each.source != Source.DERIVED), key=lambda each: each.source == Source.TESTED)
        return {self.places[each.backend_id]: each.cell for each in weakest_first if each.backend_id in self.places}


def schema_of(backend: Release) -> tuple[int, ...]:
    return number_of(backend.schema_version or backend.version)


def line_of(target: Target) -> Line:
    """Of a backend that no run has made nobody knows what came with it; one that is only tested or overridden is still to come."""
    mine = Q(target=target) | Q(target=None, name=target.name)
    declared = MatrixEntry.objects.filter(backend=OuterRef("pk"), source=Source.DECLARED)
    rows = Release.objects.filter(mine, kind=ReleaseKind.BACKEND).annotate(declared=Exists(declared))
    known = [each for each in rows.select_related("run__deployment__phase__spec") if each.run or each.declared]
    backends = tuple(sorted(known, key=lambda each: (schema_of(each), each.pk)))
    made = [(place, each.run.deployment.phase) for place, each in enumerate(backends) if each.run]
    by_phase = steps_of_phases([phase for _, phase in made], target)
    steps = [replace(step, place=place) for place, phase in made for step in by_phase[phase.pk]]
    steps += [Step(str(each), Effect.OPAQUE, place=place) for place, each in enumerate(backends) if place and not each.run]
    return Line(target, backends, tuple(steps))


def steps_of_phases(phases: Iterable[Phase], target: Target | None) -> dict[int, tuple[Step, ...]]:
    """By key of the phase: its steps as its latest analysis on the target has them, or else that of the scripts alone."""
    specs = {phase.spec_id for phase in phases}
    rows = Analysis.objects.filter(Q(target=target) | Q(target=None), phase__spec__in=specs).select_related("phase__spec")
    latest: dict[int, Analysis] = {}
    for analysis in rows.order_by("pk"):
        if analysis.target_id or analysis.phase_id not in latest or not latest[analysis.phase_id].target_id:
            latest[analysis.phase_id] = analysis
    by_spec: dict[int, dict[Part, tuple[Step, ...]]] = {}
    for analysis in latest.values():
        phase = analysis.phase
        by_spec.setdefault(phase.spec_id, {})[Part.named(phase.name)] = steps_in(analysis.report, phase)
    return {phase.pk: steps_of_part(Part.named(phase.name), by_spec.get(phase.spec_id, {}) or _unknown(phase)) for phase in phases}


def _unknown(phase: Phase) -> dict[Part, tuple[Step, ...]]:
    return {Part.named(phase.name): (replace(NOT_ANALYSED, change=phase.spec.number),)}


def steps_in(report: Mapping[str, Any] | None, phase: Phase) -> tuple[Step, ...]:
    """Of an analysis. A report of before steps were kept tells nothing."""
    if report is None or "steps" not in report:
        return (replace(NOT_ANALYSED, change=phase.spec.number),)
    return tuple(Step.from_json(each, change=phase.spec.number) for each in report["steps"])
