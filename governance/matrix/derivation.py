"""Cells from evidence: what the changes between two backends mean for a client that uses what it is known to use.

Derivation goes from a backend of which something is known – the one a release was made for, or one that somebody declared or tested –
forward through the steps that follow it, and back through those before it. The worst ruling on the way wins.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from governance.matrix.clients import Client, Use
from governance.matrix.rules import FINE, Opinion, rule_for
from governance.matrix.steps import ANYTHING, Effect, Step, table_of
from governance.matrix.verdicts import BADNESS, Cell, Compatibility, Ruling, Source

MOST_RULINGS = 12  # that a cell names
MADE_FOR = Cell(Compatibility.FULL, "made for this backend")
NOT_MADE_FOR = Cell(Compatibility.UNKNOWN, "for which backend it was made is not known, and nobody has declared or tested one")
UNCONCERNED = "nothing that changed since a backend it works with concerns it"
DOUBT = "whether it uses this is not known"


@dataclass(frozen=True)
class Steps:
    """Many steps, found by what they touch."""

    all: tuple[Step, ...]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Steps":
        return cls(tuple(sorted(steps, key=_in_order)))

    @cached_property
    def by_object(self) -> Mapping[str, Sequence[int]]:
        """Positions in `all`, by object and by the table of each object that is a column."""
        found: dict[str, list[int]] = defaultdict(list)
        for position, step in enumerate(self.all):
            for name in {*step.objects, *(f"{table_of(each)}.*" for each in step.objects)}:
                found[name].append(position)
        return found

    @cached_property
    def makers(self) -> Mapping[str, Step]:
        """The first step that creates an object, by its name."""
        found: dict[str, Step] = {}
        for step in self.all:
            for name in step.created:
                found.setdefault(name, step)
        return found

    def touched_by(self, use: Use) -> set[int]:
        table = table_of(use.object)
        positions = {*self.by_object.get(use.object, ()), *self.by_object.get(table, ()), *self.by_object.get(ANYTHING, ())}
        return positions | set(self.by_object.get(f"{table}.*", ())) if use.object == table else positions


def _in_order(step: Step) -> tuple[int, str, str, tuple[str, ...]]:
    return step.place, step.change, step.effect, tuple(sorted(step.objects))


class Derivation:
    """Rulings on a set of steps, kept for clients that rules cannot tell apart."""

    def __init__(self, steps: Iterable[Step], today: date) -> None:
        self.steps, self.today = Steps.of(steps), today
        self._opinions: dict[Hashable, Opinion] = {}

    def rulings(self, client: Client) -> list[tuple[int, Ruling]]:
        """All but the harmless, each with the place of its step, in the order of the steps."""
        client = self._without_past_api(client)
        uses = self._uses_by_step(client)
        found = [self._ruling(step, client, uses.get(position, ())) for position, step in enumerate(self.steps.all)]
        return [(step.place, ruling) for step, ruling in zip(self.steps.all, found, strict=True) if ruling]

    def after(self, before: Cell, client: Client) -> Cell:
        """The cell once all steps are done."""
        return _worse(before, [ruling for _, ruling in self.rulings(client)])

    def row(self, client: Client, bases: Mapping[int, Cell], places: int) -> list[Cell]:
        """A client's cell with each of the backend releases 0 to `places` - 1.

        `bases`: cells that are known by declaration or test, by place.
        """
        known = {client.place: MADE_FOR, **bases} if client.place is not None else dict(bases)
        by_place: dict[int, list[Ruling]] = defaultdict(list)
        for place, ruling in self.rulings(client):
            by_place[place].append(ruling)
        first = min(known, default=places)
        before = _carried(known[first]) if known else NOT_MADE_FOR
        row: list[Cell] = [before] * min(first, places)
        for place in range(first, places):
            row.append(known.get(place) or _worse(_carried(row[place - 1]), by_place[place]))
        return self._without_what_is_missing(row, client)

    def _without_what_is_missing(self, row: list[Cell], client: Client) -> list[Cell]:
        missing = sorted(self.missing(client), key=lambda found: found[0])
        return [_worse(cell, [ruling for until, ruling in missing if place < until]) for place, cell in enumerate(row)]

    def missing(self, client: Client) -> Iterator[tuple[int, Ruling]]:
        """R23. What the client uses, and the place of the backend before which there is none of it."""
        for use in client.uses:
            makers = [self.steps.makers[name] for name in {use.object, table_of(use.object)} if name in self.steps.makers]
            if makers:
                last = max(makers, key=_in_order)
                yield last.place, _missing(last.change, use)

    def _uses_by_step(self, client: Client) -> dict[int, list[Use]]:
        found: dict[int, list[Use]] = defaultdict(list)
        for use in client.uses:
            for position in self.steps.touched_by(use):
                found[position].append(use)
        return found

    def _ruling(self, step: Step, client: Client, uses: Sequence[Use]) -> Ruling | None:
        reads, writes = any(use.reads for use in uses), any(use.writes for use in uses)
        certain = self._opinion(step, client, reads=reads, writes=writes)
        doubted = self._opinion(step, client, reads=True, writes=True) if client.doubts and step.objects else FINE
        if step.effect is Effect.OPAQUE:
            certain = self._opinion(step, client, reads=True, writes=True)
        if BADNESS[doubted[0]] > BADNESS[certain[0]] and BADNESS[certain[0]] < BADNESS[Compatibility.UNKNOWN]:
            return _doubt(step, client)
        if certain[0] is Compatibility.FULL:
            return None
        rule = rule_for(step)
        subject = min((use.object for use in uses), default=min(step.objects, default=""))
        seen = max((use.last_seen for use in uses), default="")
        return Ruling(step.change, rule.code, certain[0], subject, certain[1], rule.way_out, seen)

    def _opinion(self, step: Step, client: Client, *, reads: bool, writes: bool) -> Opinion:
        if not reads and not writes:
            return FINE
        key = (id(step), client.traits, reads, writes)
        if key not in self._opinions:
            self._opinions[key] = rule_for(step).opinion(step, client, reads=reads, writes=writes)
        return self._opinions[key]

    def _without_past_api(self, client: Client) -> Client:
        return replace(client, api=None) if client.api and client.api.is_past(self.today) else client


def _doubt(step: Step, client: Client) -> Ruling:
    """R16."""
    text = f"{DOUBT}: {client.doubts[0]}"
    way_out = "Declare what the client uses, or observe its requests for long enough."
    return Ruling(step.change, "R16", Compatibility.UNKNOWN, min(step.objects, default=""), text, way_out)


def _missing(change: str, use: Use) -> Ruling:
    way_out = f"Keep this client from backends that do not have {change} yet."
    text = f"it uses {use.object}, which a backend without this change does not have"
    return Ruling(change, "R23", Compatibility.NO, use.object, text, way_out, use.last_seen)


def _carried(cell: Cell) -> Cell:
    """What is known of one backend is where the derivation for its neighbours begins."""
    return replace(cell, reason=UNCONCERNED if cell.verdict is Compatibility.FULL else cell.reason, source=Source.DERIVED)


def _worse(before: Cell, rulings: Sequence[Ruling]) -> Cell:
    if not rulings:
        return before
    worst = max(rulings, key=lambda ruling: BADNESS[ruling.verdict]).verdict
    if BADNESS[worst] < BADNESS[before.verdict]:
        return before
    found = sorted({ruling for ruling in rulings if ruling.verdict is worst})
    named = (*before.rulings, *found) if worst is before.verdict else tuple(found)
    reason = f"{named[0].change}: {named[0].text}"
    return Cell(worst, reason, rulings=named[:MOST_RULINGS])
