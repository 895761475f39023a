"""Changes taken as executed one after the other: each begins where those before it have led."""

import os
from collections.abc import Sequence

from governance.analysis import Change, Examined, Scene, examine_in, left_by
from governance.analysis.catalogue import Catalogue
from governance.facts import Facts
from runner.analysing.sources import VERSIONED, Source, in_numbers

REPEATABLE = "R__"  # Flyway's, which run behind all versions


class InOrder:
    """Tables that earlier changes have made are known with all that was said of them. Others use them since: they are new no more."""

    def __init__(self, facts: Facts | None) -> None:
        self._scene = Scene(Catalogue.of(facts))

    def __call__(self, change: Change) -> Examined:
        before = self._scene
        examined = examine_in(change, before)
        self._scene = left_by(examined.forward, before).later()
        return examined


def by_version(changes: Sequence[tuple[Source, ...]]) -> list[tuple[Source, ...]]:
    """As they are executed: by the versions in their names, where all have one, or else as they came; what is repeatable comes last."""
    once = [change for change in changes if not _name(change).startswith(REPEATABLE)]
    if all(map(_version, once)):
        once.sort(key=lambda change: in_numbers(_version(change)))
    return [*once, *(change for change in changes if _name(change).startswith(REPEATABLE))]


def _name(change: tuple[Source, ...]) -> str:
    return os.path.basename(change[0].path)


def _version(change: tuple[Source, ...]) -> str:
    found = VERSIONED.match(_name(change))
    return found[1] if found else ""
