"""What a rehearsal finds out about pairs of scripts, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from governance.schema.diff import Entry


class PairVerdict(StrEnum):
    """What a rehearsal says of one forward script and its rollback; the worst that applies, and the worst is the last."""

    RESTORED = "restored"
    COSMETIC = "cosmetic"  # restored but for column order, or white space in function bodies
    NOT_RESTORED = "not_restored"
    ROLLBACK_FAILED = "rollback_failed"
    ROLLBACK_MISSING = "rollback_missing"
    FORWARD_FAILED = "forward_failed"
    SECOND_FORWARD_FAILED = "second_forward_failed"


@dataclass(frozen=True, slots=True)
class Loss:
    """Values that were there before the forward script and are not after its rollback."""

    column: str  # public.bids.amount
    rows: int


@dataclass(frozen=True, slots=True)
class PairOutcome:
    version: str
    description: str
    verdict: PairVerdict
    data_lost: tuple[Loss, ...] = ()
    differences: tuple[Entry, ...] = ()  # of the schema after the rollback from the one before
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clients:
    """What simulated clients of one table met with while a script ran."""

    script: str
    table: str  # public.bids
    requests: int
    failed: int
    slowest: float  # seconds
    error: str = ""  # the first one


@dataclass(frozen=True, slots=True)
class HeldLock:
    """The strongest lock that a script held on a table, until its end."""

    script: str
    table: str  # public.bids
    mode: str  # AccessExclusiveLock
    seconds: float
