"""A further relation that a statement touches, and the plain case: those that it names."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from governance.analysis.actions import Action
from governance.analysis.effects import Effect, LockMode, Reach
from governance.analysis.scene import Scene
from governance.values import dataclass


@dataclass(frozen=True, slots=True)
class Touch:
    relation: str
    mode: LockMode
    scan: bool = False
    reindex: bool = False
    reach: Reach = Reach.NONE
    rewrite: ClassVar[bool] = False  # that is only done to a statement's own relation


Finder = Callable[[Action, Scene, Effect], Iterator[Touch]]


def named(action: Action, _scene: Scene, effect: Effect) -> Iterator[Touch]:
    if effect.others:
        for other in action.others:
            yield Touch(other, effect.others, effect.others_scan, reach=effect.others_reach)
