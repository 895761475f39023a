"""Who uses a database: releases of clients, what they use, where they live, and how much of that is known."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

NUMBER = re.compile(r"\d+")
IDENTIFIED = 0.95  # of an environment's requests, by client and version
SHORTEST_WINDOW = 30.0  # days of observation
GAPS = 2.0  # the window is at least so many times the longest silence of a client that came back
PRESENCE_KEEPS = timedelta(days=7)


def number_of(version: str) -> tuple[int, ...]:
    """By which releases are ordered: 1.9 before 1.10."""
    return tuple(map(int, NUMBER.findall(version)))


@dataclass(frozen=True, slots=True)
class Use:
    """Of an object, as "public.bids.total", or of a whole table."""

    object: str
    reads: bool = True
    writes: bool = False
    last_seen: str = ""  # day; "" when it is declared


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much the observation of an environment can say about what a client does not use."""

    identified: float = 0.0  # share of all requests whose client and version are known
    seen: bool = False  # this very version
    days: float = 0.0  # observed
    longest_gap: float = 0.0  # days without a sign of a client that came back
    bound: bool = False  # which columns stand behind its API fields or queries

    @property
    def lacks(self) -> tuple[str, ...]:
        """What keeps "no use observed" from counting, in words. Empty: it counts."""
        needed = max(SHORTEST_WINDOW, GAPS * self.longest_gap)
        wrong = (
            (self.identified < IDENTIFIED, f"only {self.identified:.0%} of the requests name their client, {IDENTIFIED:.0%} are needed"),
            (not self.seen, "this version has not been seen"),
            (self.days < needed, f"observed for {self.days:.0f} days, {needed:.0f} are needed"),
            (not self.bound, "which columns stand behind its requests is not known"),
        )
        return tuple(text for holds, text in wrong if holds)


@dataclass(frozen=True, slots=True)
class ApiVersion:
    name: str  # "1.2"
    sunset: date | None = None
    shields: frozenset[str] = frozenset()  # changes before which it keeps its contract, each proved by a contract test that passed

    def is_past(self, today: date) -> bool:
        return self.sunset is not None and today >= self.sunset


@dataclass(frozen=True, slots=True)
class Presence:
    since: datetime
    observed: bool = False
    last_seen: datetime | None = None

    def is_stale(self, now: datetime) -> bool:
        """What was observed has to be observed again; what a person declared holds until they say otherwise."""
        return self.observed and now - (self.last_seen or self.since) > PRESENCE_KEEPS


@dataclass(frozen=True)
class Client:
    name: str
    version: str
    uses: tuple[Use, ...] = ()
    complete: bool = False  # its contract names all that it uses
    coverage: Coverage = Coverage()
    strict: bool = False  # fails on fields that it does not know
    closed_values: bool = False  # fails on enum values that it does not know
    integer_bits: int = 64  # 32; 53 for a double, as in JavaScript
    timeout: float = 30.0  # seconds
    api: ApiVersion | None = None
    place: int | None = None  # of the backend release that it was made for

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why what it is not known to use might be used all the same."""
        return () if self.complete else self.coverage.lacks

    @cached_property
    def traits(self) -> tuple[object, ...]:
        """All that rules look at, uses apart."""
        return (self.name, self.version, self.strict, self.closed_values, self.integer_bits, self.timeout, self.api)

    def has_reached(self, version: str) -> bool:
        return number_of(self.version) >= number_of(version)
