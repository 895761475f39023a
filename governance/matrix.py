"""Which client version works with which backend version, and why. v0: derived from the change class; declared entries stay.

Rules: an additive change keeps every client whole; removal, renaming and a changed type break clients of before partly or wholly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.analysis.classify import ChangeClass


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
VERDICTS: Mapping[ChangeClass, tuple[Compatibility, str]] = {
    ChangeClass.NONE: (Compatibility.FULL, "nothing that a client sees is changed"),
    ChangeClass.ADDITIVE: (Compatibility.FULL, "only additions"),
    ChangeClass.RENAMING: (Compatibility.PARTIAL, "names change; old names work while their views live"),
    ChangeClass.STRUCTURAL: (Compatibility.PARTIAL, "relationships or constraints change: writes of the old form may be refused"),
    ChangeClass.DATA_TYPE: (Compatibility.PARTIAL, "a column's type changes: clients that bind the old type may fail"),
    ChangeClass.REMOVAL: (Compatibility.NO, "something that clients of before may use is removed"),
    ChangeClass.UNKNOWN: (Compatibility.UNKNOWN, "a statement could not be classified"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    verdict: Compatibility
    reason: str
    source: Source = Source.DERIVED


@dataclass(frozen=True, slots=True)
class Answer:
    """`yes`, `no` or `unknown`, with reasons. Unknown never passes for production."""

    verdict: str
    reasons: tuple[str, ...]


def derive(before: Cell, change_class: ChangeClass, change: str) -> Cell:
    """A client's cell with the backend after a change, from its cell with the backend before: the worse of the two wins."""
    verdict, why = VERDICTS[change_class]
    if WORST_FIRST.index(before.verdict) < WORST_FIRST.index(verdict):
        return Cell(before.verdict, f"as before {change}: {before.reason}")
    return Cell(verdict, f"{change}: {why}")


def can_deploy(cells: Iterable[tuple[str, Cell]]) -> Answer:
    """`cells`: each live client's name and its cell with what would be deployed. No client at all is an answer too: yes."""
    known = tuple(cells)
    for verdict, answer in ((Compatibility.NO, "no"), (Compatibility.UNKNOWN, "unknown")):
        reasons = tuple(f"{client}: {cell.reason}" for client, cell in known if cell.verdict is verdict)
        if reasons:
            return Answer(answer, reasons)
    return Answer("yes", tuple(f"{client}: {cell.reason}" for client, cell in known))
