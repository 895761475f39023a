"""Statements played through: each of their actions, with the scene in which it is done."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from governance.analysis.actions import Action, Kind
from governance.analysis.bodies import actions_of
from governance.analysis.nodes import Node
from governance.analysis.scene import Scene

Place = TypeVar("Place")


def played(statements: Iterable[tuple[Place, str, Node]], scene: Scene) -> Iterator[tuple[Place, Node, Action, Scene]]:
    """Of statements as text and as trees; whatever stands in a script is told, even if it does nothing."""
    bodies: dict[str, tuple[Action, ...]] = {}
    last: Action | None = None
    for place, text, node in statements:
        for action in actions_of(node, text, bodies) or (Action(Kind.SESSION),):
            scene = scene.after(last) if last else scene
            yield place, node, action, scene
            last = action
            if action.kind is Kind.CREATE_FUNCTION:
                bodies[action.name.rpartition(".")[2]] = action.does
