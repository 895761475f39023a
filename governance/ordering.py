"""What changes that are under way need of each other: said by people, or found by the analysis of their scripts."""

from collections.abc import Iterable

from django.db.models import F, Q

from governance import audit
from governance.audit import save
from governance.errors import DependencyCycle
from governance.lifecycle import PhaseStatus
from governance.models import Analysis, Dependency, DependencyKind, Phase, Spec
from governance.sequence import Footprint, circle, needed

KEYS = ("created", "tables", "statements")


def footprints(without_statements: bool = True) -> dict[int, Footprint]:
    """Of every change that has an open phase, by its key."""
    latest = Analysis.objects.filter(phase__status=PhaseStatus.OPEN).order_by("phase_id", "-pk").distinct("phase_id")
    keys = KEYS[:2] if without_statements else KEYS
    rows = latest.values("phase__spec", **{f"report_{key}": F(f"report__{key}") for key in keys})
    found: dict[int, Footprint] = {}
    for row in rows:
        change, report = row["phase__spec"], {key: row[f"report_{key}"] for key in keys}  # type: ignore[literal-required]
        found[change] = _together(found.get(change), Footprint.of(change, report))
    return found


def _together(one: Footprint | None, other: Footprint) -> Footprint:
    """A change's phases are one change."""
    if one is None:
        return other
    return Footprint(one.change, one.creates | other.creates, one.touches | other.touches, one.locks | other.locks)


def requirements() -> dict[int, set[int]]:
    """By change, what it requires."""
    found: dict[int, set[int]] = {}
    for spec, other in Dependency.objects.filter(kind=DependencyKind.REQUIRES).values_list("spec", "other"):
        found.setdefault(spec, set()).add(other)
    return found


def refuse_circle(spec: Spec, other: Spec) -> None:
    """Raises DependencyCycle with the way round."""
    if path := circle(requirements(), spec.pk, other.pk):
        raise DependencyCycle(f"CHG-{key}" for key in path)


def derive(actor: audit.Actor, phase: Phase) -> None:
    """What the scripts of the phase's change have to do with those of others; what was found before and holds no more goes."""
    known, spec = footprints(), phase.spec_id
    if spec not in known:
        return
    wanted = {(spec, other): tables for other, tables in _both_ways(known, spec, own_first=True)}
    wanted |= {(other, spec): tables for other, tables in _both_ways(known, spec, own_first=False)}
    there = {(row.spec_id, row.other_id): row for row in Dependency.objects.filter(_touching(spec))}
    for pair, row in there.items():
        if row.found and pair not in wanted:
            audit.delete(actor, row)
    for pair in wanted.keys() - there.keys():
        _link(actor, pair, wanted[pair])


def _both_ways(known: dict[int, Footprint], spec: int, *, own_first: bool) -> Iterable[tuple[int, frozenset[str]]]:
    for other, footprint in known.items():
        pair = (known[spec], footprint) if own_first else (footprint, known[spec])
        if other != spec and (tables := needed(*pair)):
            yield other, tables


def _touching(spec: int) -> Q:
    return Q(spec=spec) | Q(other=spec)


def _link(actor: audit.Actor, pair: tuple[int, int], tables: frozenset[str]) -> None:
    """A requirement; where that would close a circle, neither can go first, which is said instead."""
    spec, other = pair
    path = circle(requirements(), spec, other)
    names = ", ".join(sorted(tables))
    kind = DependencyKind.CONFLICTS if path else DependencyKind.REQUIRES
    round_about = f"; as a requirement it would be a circle: {' → '.join(f'CHG-{key}' for key in path)}" if path else ""
    found = f"it alters {names}, which CHG-{other} creates{round_about}"[:300]
    save(actor, Dependency(spec_id=spec, other_id=other, kind=kind, found=found))
    audit.append(actor, "dependency.found", f"CHG-{spec}", f"CHG-{spec} {kind} CHG-{other}: {found}.")
