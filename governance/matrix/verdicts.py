"""The four words of the matrix, and a cell: its word, why, and where it has it from."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Compatibility(StrEnum):
    FULL = "full"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    NO = "no"


class Source(StrEnum):
    """Where a cell comes from, weakest first."""

    DECLARED = "declared"
    DERIVED = "derived"
    TESTED = "tested"
    OVERRIDDEN = "overridden"


WORST_FIRST = (Compatibility.NO, Compatibility.UNKNOWN, Compatibility.PARTIAL, Compatibility.FULL)
BADNESS = {verdict: len(WORST_FIRST) - place for place, verdict in enumerate(WORST_FIRST)}


def worst(verdicts: Iterable[Compatibility]) -> Compatibility:
    """Nothing is wrong with nothing: full."""
    return max(verdicts, key=BADNESS.__getitem__, default=Compatibility.FULL)


@dataclass(frozen=True, slots=True, order=True)
class Ruling:
    """What one rule says of one client and one step of a change."""

    change: str  # "CHG-12"
    rule: str  # "R13"
    verdict: Compatibility
    subject: str  # "public.bids.total"
    text: str
    way_out: str = ""
    last_seen: str = ""  # day on which the client was last seen using the subject


@dataclass(frozen=True, slots=True)
class Cell:
    verdict: Compatibility
    reason: str
    source: Source = Source.DERIVED
    rulings: tuple[Ruling, ...] = ()  # the worst ones, which made it what it is


NOTHING_KNOWN = Cell(Compatibility.UNKNOWN, "nothing is known about this client with the present backend")
