"""Whether IF EXISTS or IF NOT EXISTS leaves nothing to do, as far as facts tell."""

from collections.abc import Callable
from dataclasses import replace

from governance.analysis.actions import Action, Kind
from governance.analysis.scene import Scene


def finds_nothing(action: Action, scene: Scene) -> bool:
    if action.if_there and scene.lacks(action.relation):
        return True
    found = FINDING_NOTHING.get(action.kind) if action.conditional else None
    return found is not None and found(action, scene)


def _lacks_relation(action: Action, scene: Scene) -> bool:
    return scene.lacks(action.relation)


def _lacks_part(action: Action, scene: Scene) -> bool:
    """A trigger, rule or policy. A partition may have its parent's trigger without anybody having made it there."""
    table = scene.table(action.relation)
    if table is None or table.partial:
        return scene.lacks(action.relation)
    kind = action.type.removeprefix("OBJECT_").lower()
    own = any((found.kind, found.name, found.on) == (kind, action.name, table.identity) for found in table.dependants)
    return not own and all(_lacks_part(replace(action, relation=parent), scene) for parent in table.parents)


def _has_column(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and any(found.name == action.name for found in table.columns)


def _lacks_column(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and not table.partial and all(found.name != action.name for found in table.columns)


def _lacks_constraint(action: Action, scene: Scene) -> bool:
    table = scene.table(action.relation)
    return table is not None and not table.partial and all(found.name != action.name for found in table.constraints)


def _lacks_sequence(action: Action, scene: Scene) -> bool:
    known = action.type == "OBJECT_SEQUENCE" and scene.catalogue.facts is not None
    return known and scene.catalogue.sequence(action.name) not in scene.catalogue.sequences


FINDING_NOTHING: dict[Kind, Callable[[Action, Scene], bool]] = {
    Kind.DROP_TABLE: _lacks_relation,
    Kind.DROP_VIEW: _lacks_relation,
    Kind.DROP_TRIGGER: _lacks_part,
    Kind.DROP_POLICY: _lacks_part,
    Kind.ADD_COLUMN: _has_column,
    Kind.DROP_COLUMN: _lacks_column,
    Kind.DROP_CONSTRAINT: _lacks_constraint,
    Kind.ALTER_OBJECT: _lacks_sequence,
    Kind.DROP_OBJECT: _lacks_sequence,
}
