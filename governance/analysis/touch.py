"""A further relation that a statement touches, and the plain case: those that it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from governance.analysis.actions import Action
from governance.analysis.effects import Effect, LockMode, Reach
from governance.analysis.scene import Scene


@dataclass(frozen=True, slots=True)
class Touch:
    relation: str
    mode: LockMode
    scan: bool = False
    reindex: bool = False
    reach: Reach = Reach.NONE


Finder = Callable[[Action, Scene, Effect], Iterator[Touch]]


def named(action: Action, _scene: Scene, effect: Effect) -> Iterator[Touch]:
    if effect.others:
        mode = effect.others
        yield from (Touch(other, mode, effect.others_scan, reach=effect.others_reach) for other in action.others)
