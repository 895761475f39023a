"""How far a run is: values that change by the second while it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is. It goes through its table at least twice: the last pass finds nothing left to do."""

    rows: int  # written so far, by earlier attempts too
    seen: int  # of the table's rows, in this pass
    total: int | None  # rows that the table has, as its statistics say
    rate: float  # rows seen per second, of late
    batch: int  # rows in a batch now
    pass_number: int = 1
    throttled: str = ""  # why it rests; "" while it works


@dataclass(frozen=True, slots=True)
class Activity:
    """What the server says of a statement while it runs."""

    phase: str = ""  # "building index: scanning table"; "" where PostgreSQL tells nothing
    done: int | None = None
    total: int | None = None
    unit: str = ""
    rate: float | None = None  # units per second, of late
    waits_for: str = ""  # who blocks us
    keeps_waiting: str = ""  # whom we block
