"""What two bookings do to each other: how bad it would be, times how much of the time they share. Pure.

`Work` is a booking with its end as nine runs in ten reach it; a start by hand may come at any moment of what is booked.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_TABLE, ORDER, NEIGHBOUR, SAME_TARGET, SAME_SERVER, SAME_PERSON = 1.0, 1.0, 0.7, 0.4, 0.3, 0.3
BLOCKS, ASKS = 0.7, 0.3  # from here on it is refused; from here on somebody has to say that they know


@dataclass(frozen=True, slots=True)
class Work:
    change: str  # CHG-12
    target: str
    starts: datetime
    ends: datetime  # as booked
    p90: float | None = None  # seconds; None: nobody knows
    by_hand: bool = True
    person: str = ""  # who starts and watches it
    servers: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    neighbours: frozenset[str] = frozenset()  # tables that foreign keys tie to those
    requires: frozenset[str] = frozenset()  # changes that have to be there before,
    conflicts: frozenset[str] = frozenset()  # and those that must not run at the same time

    @property
    def over(self) -> datetime:
        """When it is over in nine runs of ten."""
        if self.p90 is None or math.isinf(self.p90):
            return self.ends
        likely = self.starts + timedelta(seconds=self.p90)
        return max(self.ends, likely) if self.by_hand else likely


@dataclass(frozen=True, slots=True)
class Reason:
    weight: float
    text: str
    whatever_the_share: bool = False  # an order is broken or not, however long both last


@dataclass(frozen=True, slots=True)
class Collision:
    score: float
    why: str

    @property
    def blocks(self) -> bool:
        return self.score >= BLOCKS

    @property
    def asks(self) -> bool:
        return ASKS <= self.score < BLOCKS


def collide(one: Work, other: Work) -> Collision | None:
    """None: they do nothing to each other. All reasons are said, the worst one counts."""
    share = shared(one, other)
    found = [(reason.weight * (1.0 if reason.whatever_the_share else share), reason) for reason in _reasons(one, other, share)]
    counting = sorted(((score, reason) for score, reason in found if score > 0), key=lambda each: -each[0])
    if not counting:
        return None
    spent = "" if all(reason.whatever_the_share for _, reason in counting) else f"; they share {share:.0%} of the shorter one's time"
    return Collision(round(counting[0][0], 2), "; ".join(reason.text for _, reason in counting) + spent)


def shared(one: Work, other: Work) -> float:
    """How much of the shorter one's time both would be at work, from 0 to 1."""
    both = min(one.over, other.over) - max(one.starts, other.starts)
    shorter = min(one.over - one.starts, other.over - other.starts)
    return max(both / shorter, 0.0) if shorter > timedelta(0) else 0.0


def _reasons(one: Work, other: Work, share: float) -> Iterator[Reason]:
    if one.change == other.change:
        return
    yield from _order(one, other, share)
    if one.target == other.target:
        yield from _on_one_target(one, other)
    if servers := one.servers & other.servers:
        yield Reason(SAME_SERVER, f"both load {_names(servers)}")
    if one.person and one.person == other.person and one.by_hand and other.by_hand:
        yield Reason(SAME_PERSON, f"{one.person} would start and watch both")


def _order(one: Work, other: Work, share: float) -> Iterator[Reason]:
    for later, earlier in ((one, other), (other, one)):
        if earlier.change in later.requires and later.starts < earlier.over and one.target == other.target:
            yield Reason(ORDER, f"{later.change} requires {earlier.change}, which is not over before", whatever_the_share=True)
    if share and (other.change in one.conflicts or one.change in other.conflicts):
        yield Reason(ORDER, f"{one.change} and {other.change} must not run at the same time", whatever_the_share=True)


def _on_one_target(one: Work, other: Work) -> Iterator[Reason]:
    if tables := one.tables & other.tables:
        yield Reason(SAME_TABLE, f"both change {_names(tables)} on {one.target}")
    elif tied := (one.neighbours & other.tables) | (one.tables & other.neighbours):
        yield Reason(NEIGHBOUR, f"a foreign key ties {_names(tied)} to what the other changes on {one.target}")
    else:
        yield Reason(SAME_TARGET, f"both are on {one.target}")


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
