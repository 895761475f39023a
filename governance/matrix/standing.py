"""Which of several statements about one pair holds: what failed in a test, an override, what passed, what is derived, what is declared."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from governance.matrix.verdicts import NOTHING_KNOWN, Cell, Compatibility, Source

BY_STRENGTH = (Source.OVERRIDDEN, Source.TESTED, Source.DERIVED, Source.DECLARED)


@dataclass(frozen=True, slots=True)
class Statement:
    """Somebody's or something's word on one client with one backend."""

    cell: Cell
    fingerprint: str = ""  # of the schema that a test ran on
    people: frozenset[str] = frozenset()  # who stand for an override
    expires: datetime | None = None

    @property
    def failed(self) -> bool:
        return self.cell.source is Source.TESTED and self.cell.verdict is Compatibility.NO


@dataclass(frozen=True, slots=True)
class Circumstances:
    now: datetime
    production: bool = True
    fingerprint: str = ""  # of the backend's schema; "" when it is not known

    @property
    def people_needed(self) -> int:
        """For an override."""
        return 2 if self.production else 1


def standing(statements: Iterable[Statement], circumstances: Circumstances) -> Cell:
    """What counts now. An override never hides a failed test, and says until when it holds."""
    counting = [each for each in statements if counts(each, circumstances)]
    failed = [each for each in counting if each.failed]
    by_source = {each.cell.source: each for each in counting}
    chosen = next(iter(failed), None) or next((by_source[source] for source in BY_STRENGTH if source in by_source), None)
    if chosen is None:
        return NOTHING_KNOWN
    if chosen.expires:
        return replace(chosen.cell, reason=f"{chosen.cell.reason} (until {chosen.expires:%d %b %Y %H:%M} UTC)")
    return chosen.cell


def counts(statement: Statement, circumstances: Circumstances) -> bool:
    if statement.expires and statement.expires <= circumstances.now:
        return False
    match statement.cell.source:
        case Source.OVERRIDDEN:
            given = bool(statement.cell.reason.strip() and statement.expires)
            return given and len(statement.people) >= circumstances.people_needed
        case Source.TESTED:  # R21
            return not (statement.fingerprint and circumstances.fingerprint) or statement.fingerprint == circumstances.fingerprint
    return True
