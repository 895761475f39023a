"""What a statement does to the partitions and children of its table, where that is not what it does to the table."""

from governance.analysis.actions import Action, Kind
from governance.analysis.effects import AS, EFFECTS, Effect, S
from governance.analysis.majors import Difference
from governance.analysis.refinements import Refinement, add_column, data_untouched, effect_of
from governance.analysis.scene import Scene
from governance.values import replace


def effect_below(action: Action, scene: Scene) -> Effect:
    """On a partition or child."""
    effect = effect_of(action, scene)
    refine = BELOW.get(action.kind)
    return refine(action, scene, effect) if refine else effect


def _check_below(action: Action, scene: Scene, effect: Effect) -> Effect:
    if action.constraint is None or not action.constraint.no_inherit:
        return effect
    return data_untouched(effect) if scene.catalogue.has(Difference.CHILDREN_LOCKED_FOR_CONSTRAINTS) else Effect(None)


def _unique_below(action: Action, scene: Scene, effect: Effect) -> Effect:
    """A key also makes columns NOT NULL, where they are not. A table that merely inherits gets no index."""
    columns = action.constraint.columns if action.constraint and action.kind is Kind.ADD_PRIMARY_KEY else ()
    known = all(scene.is_not_null(action.relation, column) for column in columns)
    if _merely_inherits(action, scene):
        untouched = known and not scene.catalogue.has(Difference.CHILDREN_LOCKED_FOR_CONSTRAINTS)
        return Effect(None) if untouched else replace(data_untouched(effect), scan=not known)
    return effect if not known or scene.catalogue.has(Difference.PARTITIONS_LOCKED_FOR_UNIQUE) else replace(effect, mode=S)


def _key_below(action: Action, scene: Scene, effect: Effect) -> Effect:
    if not _merely_inherits(action, scene):
        return effect
    return data_untouched(effect) if scene.catalogue.has(Difference.CHILDREN_LOCKED_FOR_CONSTRAINTS) else Effect(None)


def _column_below(action: Action, scene: Scene, effect: Effect) -> Effect:
    """Keys, and CHECKs that say so, are not inherited."""
    if action.column is None or not _merely_inherits(action, scene):
        return effect
    inherited = tuple(found for found in action.column.constraints if found.kind is Kind.ADD_CHECK and not found.no_inherit)
    column = replace(action.column, constraints=inherited)
    return add_column(replace(action, column=column), scene, EFFECTS[Kind.ADD_COLUMN])


def _merely_inherits(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and not table.bound


def _analyze_below(action: Action, scene: Scene, effect: Effect) -> Effect:
    sampled = _merely_inherits(action, scene) and not scene.catalogue.has(Difference.CHILDREN_ANALYZED)
    return replace(effect, mode=AS) if sampled else effect


def _renamed_below(_action: Action, scene: Scene, effect: Effect) -> Effect:
    return effect if scene.catalogue.has(Difference.TRIGGER_RENAMED_BELOW) else Effect(None)


BELOW: dict[Kind, Refinement] = {
    Kind.ADD_CHECK: _check_below,
    Kind.ADD_UNIQUE: _unique_below,
    Kind.ADD_PRIMARY_KEY: _unique_below,
    Kind.ADD_EXCLUDE: _unique_below,
    Kind.ADD_FOREIGN_KEY: _key_below,
    Kind.ADD_COLUMN: _column_below,
    Kind.ANALYZE: _analyze_below,
    Kind.RENAME_OBJECT: _renamed_below,
}
