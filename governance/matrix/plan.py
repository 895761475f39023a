"""Expand, migrate and contract as one plan: what the contract takes away is announced by the expand and left behind by the migrate."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from governance.matrix.steps import Effect, Part, Step, table_of

TAKING_AWAY = frozenset({Effect.REMOVE, Effect.RENAME, Effect.RESTRUCTURE, Effect.NARROW})


def steps_of_part(part: Part, parts: Mapping[Part, Iterable[Step]]) -> tuple[Step, ...]:
    """The part's own steps, and before the contract those that it foreshadows.

    `parts`: the steps of each phase's own scripts.
    """
    expand, contract = tuple(parts.get(Part.EXPAND, ())), tuple(parts.get(Part.CONTRACT, ()))
    taken = tuple(_as_planned(step, expand) for step in contract if step.effect in TAKING_AWAY and step.part is Part.CONTRACT)
    if part is Part.CONTRACT:
        return (*(step for step in contract if step.effect not in TAKING_AWAY or step.part is not Part.CONTRACT), *taken)
    moved = {table_of(name) for step in taken for name in step.objects}
    own = (step for step in parts.get(part, ()) if not _keeps_in_sync(step, moved))
    return (*own, *(replace(step, part=part) for step in taken))


def _as_planned(step: Step, expand: tuple[Step, ...]) -> Step:
    """What the expand made beside it says whether a removal is one, or the end of a rename or of another structure."""
    tables = {table_of(name) for name in step.objects}
    made = {name for other in expand for name in other.created}
    in_sync = any(other.in_sync and {table_of(name) for name in other.objects} & tables for other in expand)
    if step.effect is not Effect.REMOVE:
        return replace(step, in_sync=step.in_sync or in_sync)
    if any(name != table_of(name) and table_of(name) in tables for name in made):
        return replace(step, effect=Effect.RENAME, in_sync=in_sync)
    if in_sync and any(name == table_of(name) for name in made):
        return replace(step, effect=Effect.RESTRUCTURE, in_sync=True)
    return step


def _keeps_in_sync(step: Step, moved: set[str]) -> bool:
    """A trigger that carries writes over to the new form is what makes the change harmless, and no change of its own."""
    return step.effect is Effect.BEHAVE and step.in_sync and bool({table_of(name) for name in step.objects} & moved)
