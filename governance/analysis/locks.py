"""Which relations a statement locks, in which mode, and what it does to them meanwhile."""

from collections.abc import Iterable
from dataclasses import replace

from governance.analysis.actions import Action, Kind
from governance.analysis.effects import EFFECTS, Effect, Lock, LockMode
from governance.analysis.refinements import PARTNERS, REFINEMENTS
from governance.analysis.scene import Scene

__all__ = ["Lock", "LockMode", "effect_of", "locks", "strongest"]


def locks(action: Action, scene: Scene) -> tuple[Lock, ...]:
    """Every relation that the action locks, with its strongest mode."""
    effect = effect_of(action, scene)
    own = _lock(_own(action, scene), effect.mode, scene, effect.rewrite, effect.scan)
    others = [_lock(other, effect.others, scene, False, effect.others_scan) for other in _others(action, scene)]
    parents = [_lock(parent, LockMode.SHARE_UPDATE_EXCLUSIVE, scene, False, False) for parent in action.parents]
    return strongest([own, *others, *parents])


def strongest(found: Iterable[Lock | None]) -> tuple[Lock, ...]:
    """One lock per relation, which is what its owner holds until the end of the transaction."""
    merged: dict[str, Lock] = {}
    for lock in found:
        if lock is not None:
            before = merged.get(lock.relation, lock)
            merged[lock.relation] = replace(
                lock if lock.mode.strength >= before.mode.strength else before,
                rewrite=lock.rewrite or before.rewrite,
                scan=lock.scan or before.scan,
            )
    return tuple(merged.values())


def effect_of(action: Action, scene: Scene) -> Effect:
    """The family's effect, as this statement on this target has it."""
    if action.kind is Kind.LOCK:
        return Effect(LockMode(action.type))
    effect = EFFECTS.get(action.kind, Effect(None))
    refine = REFINEMENTS.get(action.kind)
    return refine(action, scene, effect) if refine else effect


def _lock(relation: str, mode: LockMode | None, scene: Scene, rewrite: bool, scan: bool) -> Lock | None:
    if not relation or mode is None:
        return None
    identity = scene.identity(relation)
    fresh = scene.is_new(identity)
    return Lock(identity, mode, rewrite and not fresh, scan and not fresh, fresh)


def _own(action: Action, scene: Scene) -> str:
    if action.kind in (Kind.DROP_INDEX, Kind.REINDEX) and not action.relation:
        return scene.catalogue.owner_of_index(action.name)
    return action.relation


def _others(action: Action, scene: Scene) -> tuple[str, ...]:
    """The relations that the statement names, and those that only the facts know of."""
    table = scene.table(action.relation)
    known = PARTNERS[action.kind](action, table, scene) if table and action.kind in PARTNERS else ()
    return (*action.others, *known)
