"""Clients, steps and questions for tests of the matrix."""

from datetime import UTC, date, datetime

from governance.matrix import Cell, Client, Compatibility, Coverage, Derivation, Effect, Part, Step, Use

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
COLUMN = "public.bids.total"
COVERED = Coverage(identified=0.99, seen=True, days=60, longest_gap=3, bound=True)
FULL = Cell(Compatibility.FULL, "as tested")


def step(effect: Effect, part: Part = Part.CONTRACT, **given: object) -> Step:
    return Step(**{"change": "CHG-1", "effect": effect, "part": part, "objects": frozenset({COLUMN}), "place": 1, **given})


def client(*, reads: bool = False, writes: bool = False, uses: tuple[Use, ...] = (), **given: object) -> Client:
    own = (Use(COLUMN, reads, writes),) if reads or writes else ()
    return Client(**{"name": "App", "version": "2.0", "uses": (*own, *uses), "coverage": COVERED, **given})


def after(before: Cell, who: Client, *steps: Step) -> Cell:
    return Derivation(steps, TODAY).after(before, who)
