"""What a change does to its database: figures before, during and after a run, and the thresholds that pull a trigger.

A `Reading` is what a server counted up to a moment; two of them make a `Measurement`. The first ones of a run, taken before anything is
executed, are its baseline. A figure that is not there is unknown, never nought.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from statistics import median


class Metric(StrEnum):
    LATENCY = "latency"
    BLOCKED = "blocked"
    LOCK_WAIT = "lock_wait"
    REPLICATION_LAG = "replication_lag"
    TRANSACTIONS = "transactions"
    CACHE_HITS = "cache_hits"
    WAL_RATE = "wal_rate"
    READS = "reads"
    WRITES = "writes"
    TEMPORARY = "temporary"
    SIZE = "size"
    HOST_LOAD = "host_load"
    HOST_MEMORY = "host_memory"
    HOST_DISK = "host_disk"


class Unit(StrEnum):
    SECONDS = "s"
    SESSIONS = "sessions"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes/s"
    PER_SECOND = "/s"
    SHARE = "%"
    NUMBER = ""


class Period(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Action(StrEnum):
    WARN = "warn"
    PAGE = "page"
    PAUSE = "pause"
    STOP = "stop"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class About:
    """What a metric is, and what makes it known where it is not."""

    title: str
    unit: Unit
    unknown: str
    less_is_worse: bool = False


_NO_ADDRESS = "give the target a metrics address"
_NO_IO = "pg_stat_io is there from PostgreSQL 16 on"
_SECOND = "known from the second reading on"
ABOUT: Mapping[Metric, About] = {
    Metric.LATENCY: About("Latency of a query for one row", Unit.SECONDS, "the change touches no table that is there and readable"),
    Metric.BLOCKED: About("Sessions that wait for a lock", Unit.SESSIONS, "the target does not answer"),
    Metric.LOCK_WAIT: About("Longest wait for a lock", Unit.SECONDS, "told by servers from PostgreSQL 14 on"),
    Metric.REPLICATION_LAG: About("Slowest standby is behind by", Unit.SECONDS, "no standby is connected, or pg_monitor is not granted"),
    Metric.TRANSACTIONS: About("Transactions", Unit.PER_SECOND, _SECOND, less_is_worse=True),
    Metric.CACHE_HITS: About("Blocks found in the cache", Unit.SHARE, "nothing was read between two readings", less_is_worse=True),
    Metric.WAL_RATE: About("WAL written", Unit.BYTES_PER_SECOND, _SECOND),
    Metric.READS: About("Read from disk", Unit.BYTES_PER_SECOND, _NO_IO),
    Metric.WRITES: About("Written to disk", Unit.BYTES_PER_SECOND, _NO_IO),
    Metric.TEMPORARY: About("Temporary files", Unit.BYTES_PER_SECOND, _SECOND),
    Metric.SIZE: About("Size of the database", Unit.BYTES, "the target does not answer"),
    Metric.HOST_LOAD: About("Load of the host", Unit.NUMBER, _NO_ADDRESS),
    Metric.HOST_MEMORY: About("Memory of the host that is free", Unit.SHARE, _NO_ADDRESS, less_is_worse=True),
    Metric.HOST_DISK: About("Fullest disk of the host, free", Unit.SHARE, _NO_ADDRESS, less_is_worse=True),
}


class Counter(StrEnum):
    """What a server only ever counts up, until its statistics are reset."""

    WAL = "wal"
    COMMITS = "commits"
    HITS = "hits"
    MISSES = "misses"
    TEMPORARY = "temporary"
    READ = "read"
    WRITTEN = "written"


RATES = {
    Metric.WAL_RATE: Counter.WAL, Metric.TRANSACTIONS: Counter.COMMITS, Metric.TEMPORARY: Counter.TEMPORARY,
    Metric.READS: Counter.READ, Metric.WRITES: Counter.WRITTEN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime  # by the target's clock
    counters: Mapping[str, float] = field(default_factory=dict)  # by Counter
    gauges: Mapping[str, float] = field(default_factory=dict)  # by Metric
    latencies: Mapping[str, float] = field(default_factory=dict)  # seconds by table


@dataclass(frozen=True, slots=True)
class Measurement:
    at: datetime
    values: Mapping[str, float]  # by Metric; what is not there is unknown
    latencies: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Beyond the limit, and beyond so many times the baseline where there is a factor, in each of so many measurements in a row."""

    metric: Metric
    action: Action
    limit: float | None = None  # in the metric's unit
    factor: float | None = None
    times: int = 3


# What holds in an environment until it says otherwise for the metric. Limits are what people notice; a factor keeps slow databases quiet.
DEFAULTS = (
    Threshold(Metric.LATENCY, Action.PAUSE, limit=0.25, factor=10),
    Threshold(Metric.LATENCY, Action.STOP, limit=2.0, factor=10),
    Threshold(Metric.BLOCKED, Action.PAUSE, limit=10, factor=3),
    Threshold(Metric.LOCK_WAIT, Action.PAGE, limit=10.0, factor=3, times=2),
    Threshold(Metric.REPLICATION_LAG, Action.PAUSE, limit=30.0, factor=3),
    Threshold(Metric.CACHE_HITS, Action.WARN, limit=0.9, factor=0.9, times=6),
    Threshold(Metric.TEMPORARY, Action.WARN, limit=100e6, factor=3, times=6),
    Threshold(Metric.HOST_MEMORY, Action.WARN, limit=0.05, times=6),
    Threshold(Metric.HOST_DISK, Action.PAUSE, limit=0.10, times=1),
)


def measured(earlier: Reading | None, now: Reading) -> Measurement:
    """What happened between two readings. A counter that went back was reset: its rate is unknown."""
    values = dict(now.gauges)
    grown = _grown(earlier, now) if earlier else {}
    seconds = (now.at - earlier.at).total_seconds() if earlier else 0.0
    if seconds > 0:
        values |= {metric: grown[counter] / seconds for metric, counter in RATES.items() if counter in grown}
    asked = grown.get(Counter.HITS, 0.0) + grown.get(Counter.MISSES, 0.0)
    if asked:
        values[Metric.CACHE_HITS] = grown.get(Counter.HITS, 0.0) / asked
    if now.latencies:
        values[Metric.LATENCY] = max(now.latencies.values())
    return Measurement(now.at, values, now.latencies)


def _grown(earlier: Reading, now: Reading) -> dict[str, float]:
    grown = {name: value - earlier.counters[name] for name, value in now.counters.items() if name in earlier.counters}
    return grown if all(value >= 0 for value in grown.values()) else {}


def baseline(before: Iterable[Measurement]) -> dict[str, float]:
    """The median of what was measured before the run, by metric."""
    found: dict[str, list[float]] = {}
    for each in before:
        for metric, value in each.values.items():
            found.setdefault(metric, []).append(value)
    return {metric: median(values) for metric, values in found.items()}


def bound(threshold: Threshold, before: Mapping[str, float]) -> float | None:
    """The value beyond which it is too much; None when nothing says so. Without a baseline the limit alone counts."""
    usual = before.get(threshold.metric)
    scaled = usual * threshold.factor if usual is not None and threshold.factor is not None else None
    known = [each for each in (threshold.limit, scaled) if each is not None]
    worse = min if ABOUT[threshold.metric].less_is_worse else max
    return worse(known) if known else None


def beyond(threshold: Threshold, value: float | None, before: Mapping[str, float]) -> bool:
    edge = bound(threshold, before)
    if edge is None or value is None:
        return False
    return value < edge if ABOUT[threshold.metric].less_is_worse else value > edge


def pulled(thresholds: Iterable[Threshold], before: Mapping[str, float], latest: Sequence[Measurement]) -> tuple[Threshold, ...]:
    """Those that the last measurements are beyond, each in as many as it asks for."""
    return tuple(
        each
        for each in thresholds
        if len(latest) >= each.times and all(beyond(each, one.values.get(each.metric), before) for one in latest[-each.times :])
    )


def in_force(own: Iterable[Threshold]) -> tuple[Threshold, ...]:
    """An environment's own thresholds, and the defaults of the metrics for which it has none."""
    own = tuple(own)
    named = {each.metric for each in own}
    return (*own, *(each for each in DEFAULTS if each.metric not in named))


def in_words(metric: Metric, value: float) -> str:
    """The value with its unit, short enough for a sentence."""
    unit = ABOUT[metric].unit
    if unit is Unit.SHARE:
        return f"{100 * value:.1f} %"
    if unit is Unit.SECONDS:
        return f"{1000 * value:.1f} ms" if value < 1 else f"{value:.1f} s"
    if unit in (Unit.BYTES, Unit.BYTES_PER_SECOND):
        return f"{_bytes(value)}{'/s' if unit is Unit.BYTES_PER_SECOND else ''}"
    number = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
    return f"{number}{'/s' if unit is Unit.PER_SECOND else ''}"


def _bytes(value: float) -> str:
    for name in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{value:.0f} {name}" if name == "B" else f"{value:.1f} {name}"
        value /= 1000
    return f"{value:.1f} TB"


def sentence(threshold: Threshold, before: Mapping[str, float]) -> str:
    """ "Latency of a query for one row above 250.0 ms, 3 times in a row"."""
    about, edge = ABOUT[threshold.metric], bound(threshold, before)
    if edge is None:
        return f"{about.title}: {threshold.factor} times the baseline, which is not known"
    often = f", {threshold.times} times in a row" if threshold.times > 1 else ""
    return f"{about.title} {'below' if about.less_is_worse else 'above'} {in_words(threshold.metric, edge)}{often}"
