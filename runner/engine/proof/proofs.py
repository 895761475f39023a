"""What was predicted of a statement beside what the server did."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from governance.analysis.effects import LockMode
from governance.analysis.locks import locks, strongest
from governance.analysis.playing import played
from governance.analysis.scene import Catalogue, Scene
from governance.analysis.statements import parse, read
from governance.facts import Facts
from runner.engine.facts import read_facts
from runner.engine.proof.cases import Case
from runner.engine.proof.observe import Sight, observe, observe_outside
from runner.engine.proof.place import Place


@dataclass(frozen=True, slots=True)
class Proof:
    case: Case
    predicted: tuple[Sight, ...]
    observed: tuple[Sight, ...]
    error: str = ""  # the server's, when it refused the statement

    @property
    def agrees(self) -> bool:
        return not self.error and self._comparable(self.predicted) == self._comparable(self.observed)

    def _comparable(self, sights: tuple[Sight, ...]) -> tuple[Sight, ...]:
        """What a query reads from end to end is the planner's choice; what only a second session saw has no counters."""
        weak = LockMode.ROW_EXCLUSIVE.strength  # of queries and writes, those of triggers included
        free = {sight.relation for sight in self.observed if sight.scan is None or self.case.planned or sight.mode.strength <= weak}
        return tuple(replace(sight, scan=None) if sight.relation in free else sight for sight in sights)


def prove(place: Place, cases: Iterable[Case]) -> Iterator[Proof]:
    """One proof for each case that the server knows and has the means for."""
    with psycopg.connect(place.copy(), autocommit=True) as connection:
        facts = read_facts(connection, "proof")
        for case in cases:
            if place.can_try(case):
                here = place.adapted(case)
                yield _proof(here, facts, partial(_observe_in_copy, place) if case.outside else partial(observe, connection))


def predict(case: Case, facts: Facts) -> tuple[Sight, ...]:
    """By relation. A table that is written anew is read on the way: that is no scan of its own."""
    scene = Scene(Catalogue.of(replace(facts, settings={**facts.settings, **case.settings})))
    statements = ((None, statement.text, node) for statement, node in zip(read("case", case.script), parse(case.script), strict=True))
    found = (lock for _, _, action, now in played(statements, scene) for lock in locks(action, now.during(action)))
    ordered = sorted(strongest(found), key=lambda lock: lock.relation)
    return tuple(Sight(lock.relation, lock.mode, lock.rewrite, lock.reindex, lock.scan and not lock.rewrite) for lock in ordered)


def _proof(case: Case, facts: Facts, look: Callable[[Case], tuple[Sight, ...]]) -> Proof:
    predicted = predict(case, facts)
    try:
        return Proof(case, predicted, look(case))
    except psycopg.Error as error:
        return Proof(case, predicted, (), error.diag.message_primary or str(error))


def _observe_in_copy(place: Place, case: Case) -> tuple[Sight, ...]:
    copy = place.copy()
    try:
        return observe_outside(copy, case)
    finally:
        place.drop(copy)
