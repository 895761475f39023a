"""Which relations a statement locks, in which mode, and what it does to them meanwhile.

A relation is what pg_locks names and what other sessions may have to wait for: tables, partitioned tables, foreign tables, views
and materialized views always; a sequence where its next number has to be waited for; an index where only it is locked, and not
its table (otherwise it counts as a part of its table). TOAST tables and PostgreSQL's own catalogue are left out.
"""

from collections.abc import Iterable, Iterator

from governance.analysis.actions import Action, Kind
from governance.analysis.below import effect_below
from governance.analysis.catalogue import is_system
from governance.analysis.effects import Effect, Lock, LockMode, Reach
from governance.analysis.partners import partners
from governance.analysis.refinements import effect_of
from governance.analysis.scene import Scene
from governance.analysis.touch import Touch
from governance.values import replace

__all__ = ["Lock", "LockMode", "effect_of", "locks", "strongest"]

INDEX, SEQUENCE, STATISTICS = "OBJECT_INDEX", "OBJECT_SEQUENCE", "OBJECT_STATISTIC_EXT"
BESIDE_TABLES = frozenset({INDEX, SEQUENCE, STATISTICS})
EVERYWHERE = frozenset({Kind.VACUUM, Kind.VACUUM_FULL, Kind.ANALYZE})  # without a name they mean the whole database
WITHOUT_ROWS = ("p", "v", "f")


def locks(action: Action, scene: Scene) -> tuple[Lock, ...]:
    """Every relation that the action locks, with its strongest mode."""
    found = [lock for lock in _found(action, scene) if not is_system(lock.relation)]
    return strongest(found) if len(found) > 1 else tuple(found)


def strongest(found: Iterable[Lock]) -> tuple[Lock, ...]:
    """One lock per relation, which is what its owner holds until the end of the transaction."""
    merged: dict[str, Lock] = {}
    for lock in found:
        before = merged.get(lock.relation)
        merged[lock.relation] = _together(before, lock) if before else lock
    return tuple(merged.values())


def _together(before: Lock, lock: Lock) -> Lock:
    return replace(
        lock if lock.mode.strength >= before.mode.strength else before,
        rewrite=lock.rewrite or before.rewrite,
        scan=lock.scan or before.scan,
        reindex=lock.reindex or before.reindex,
        unplannable=lock.unplannable or before.unplannable,
    )


def _found(action: Action, scene: Scene) -> Iterator[Lock]:
    alone = {scene.identity(name) for name in action.only} if action.only else ()
    named, as_named = scene.identity(action.relation), effect_of(action, scene)
    for own in filter(None, _own(action, named, scene)):
        effect = as_named if own == named else effect_of(replace(action, relation=own), scene)
        if effect.mode:
            yield _lock(own, effect.mode, effect, action, scene)
        if effect.reach is not Reach.NONE and own not in alone:
            for below in _reached(own, effect.reach, scene):
                further = effect_below(replace(action, relation=below), scene)
                if further.mode:
                    yield _lock(below, further.mode, further, action, scene)
    for touch in partners(action, scene, as_named):
        other = scene.identity(touch.relation)
        yield _lock(other, touch.mode, touch, action, scene)
        if touch.reach is not Reach.NONE and other not in alone:
            for below in _reached(other, touch.reach, scene):
                yield _lock(below, touch.mode, touch, action, scene)


def _lock(relation: str, mode: LockMode, effect: Effect | Touch, action: Action, scene: Scene) -> Lock:
    """With what the relation makes of it: a new table is empty, a partitioned one has no rows of its own, indexes go with a rewrite."""
    table, fresh = scene.catalogue.tables.get(relation), scene.has_made(relation)
    unplannable = action.kind is Kind.REINDEX and mode is LockMode.SHARE
    if fresh or (table and table.kind in WITHOUT_ROWS):
        return Lock(relation, mode, fresh=fresh, unplannable=unplannable)
    moved_alone = action.kind is Kind.SET_TABLESPACE
    indexed = table is None or table.partial or bool(table.indexes)
    reindex = (effect.reindex or (effect.rewrite and not moved_alone)) and (indexed or effect.scan)
    return Lock(relation, mode, effect.rewrite, effect.scan, reindex=reindex, unplannable=unplannable)


def _own(action: Action, named: str, scene: Scene) -> tuple[str, ...]:
    """What the statement is about; several only where it names none or a whole schema."""
    if action.relation and action.type not in BESIDE_TABLES:
        return (named,)
    catalogue = scene.catalogue
    if action.type == SEQUENCE:
        return () if action.kind in (Kind.GRANT, Kind.REVOKE) else (catalogue.sequence(action.name),)
    if action.type == STATISTICS:
        return (catalogue.owner_of_statistics(action.name),) if action.kind is Kind.DROP_OBJECT else ()
    if action.kind in (Kind.DROP_INDEX, Kind.REINDEX):
        return _indexed(action, scene)
    if action.type == INDEX:
        return () if action.new_name and action.kind is Kind.ALTER_OBJECT else (catalogue.index(action.name),)
    if action.kind in EVERYWHERE:
        return tuple(name for name, table in catalogue.tables.items() if table.kind in ("r", "m", "p"))
    return (named,)


def _indexed(action: Action, scene: Scene) -> tuple[str, ...]:
    tables = [table for table in scene.catalogue.tables.values() if table.kind in ("r", "m")]
    match action.type:
        case "REINDEX_OBJECT_SCHEMA":
            return tuple(table.identity for table in tables if table.schema == action.name)
        case "REINDEX_OBJECT_DATABASE":
            return tuple(table.identity for table in tables)
    return (scene.catalogue.owner_of_index(action.name),)


def _reached(relation: str, reach: Reach, scene: Scene) -> tuple[str, ...]:
    return scene.catalogue.descendants(relation) if reach is Reach.ALL else scene.catalogue.partitions(relation)
