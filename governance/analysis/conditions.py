"""Whether IF EXISTS or IF NOT EXISTS leaves nothing to do, as far as facts tell."""

from collections.abc import Callable

from governance.analysis.actions import Action, Kind
from governance.analysis.scene import Scene
from governance.values import replace


def finds_nothing(action: Action, scene: Scene) -> bool:
    if action.if_there and lacks_object(action, scene):
        return True
    found = FINDING_NOTHING.get(action.kind) if action.conditional else None
    return found is not None and found(action, scene)


def lacks_object(action: Action, scene: Scene) -> bool:
    """Whatever ALTER or DROP … IF EXISTS names: a relation, or else an index or a sequence."""
    catalogue, known = scene.catalogue, scene.catalogue.facts is not None
    match action.type:
        case "OBJECT_INDEX":
            return known and catalogue.index(action.name) not in catalogue.index_owners
        case "OBJECT_SEQUENCE":
            return known and catalogue.sequence(action.name) not in catalogue.sequences
    return scene.lacks(action.relation)


def _lacks_part(action: Action, scene: Scene) -> bool:
    """A trigger, rule or policy. A partition may have its parent's trigger without anybody having made it there."""
    table = scene.table(action.relation)
    if table is None or table.partial:
        return scene.lacks(action.relation)
    kind = action.type.removeprefix("OBJECT_").lower()
    own = any((found.kind, found.name, found.on) == (kind, action.name, table.identity) for found in table.dependants)
    return not own and all(_lacks_part(replace(action, relation=parent), scene) for parent in table.parents)


def _lacks_function(action: Action, scene: Scene) -> bool:
    catalogue = scene.catalogue
    return catalogue.facts is not None and catalogue.function(action.name) not in catalogue.functions


def _has_column(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and any(found.name == action.name for found in table.columns)


def _lacks_column(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and not table.partial and all(found.name != action.name for found in table.columns)


def _lacks_constraint(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and not table.partial and all(found.name != action.name for found in table.constraints)


FINDING_NOTHING: dict[Kind, Callable[[Action, Scene], bool]] = {
    Kind.DROP_TABLE: lacks_object,
    Kind.DROP_VIEW: lacks_object,
    Kind.DROP_INDEX: lacks_object,
    Kind.DROP_FUNCTION: _lacks_function,
    Kind.DROP_TRIGGER: _lacks_part,
    Kind.DROP_POLICY: _lacks_part,
    Kind.ADD_COLUMN: _has_column,
    Kind.DROP_COLUMN: _lacks_column,
    Kind.DROP_CONSTRAINT: _lacks_constraint,
    Kind.ALTER_OBJECT: lacks_object,
    Kind.DROP_OBJECT: lacks_object,
}
