"""Risk as points, each with its reason: never a bare number."""

import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Protocol

from governance.analysis.classify import ChangeClass
from governance.analysis.locks import Lock
from governance.analysis.rule import Finding
from governance.facts import Facts
from governance.values import dataclass

GIGABYTE = 2**30
PROTECTED_DATA = frozenset({"personal", "financial"})


class RiskLevel(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


HIGH = 50  # what does not fit into its window is at least that
THRESHOLDS = ((80, RiskLevel.CRITICAL), (HIGH, RiskLevel.HIGH), (20, RiskLevel.MEDIUM), (0, RiskLevel.LOW))


@dataclass(frozen=True, slots=True)
class Point:
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Risk:
    level: RiskLevel
    points: tuple[Point, ...]
    total: int


class Reported(Protocol):
    """What risk looks at in a statement's report."""

    @property
    def tag(self) -> str: ...
    @property
    def change_class(self) -> ChangeClass: ...
    @property
    def locks(self) -> tuple[Lock, ...]: ...
    @property
    def tables(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What it meets on its target at its time: each a sentence, "" where it is not so."""

    failed: str = ""
    unknown: str = ""  # clients of whom nobody knows whether they can live with it
    peak: str = ""
    overrun: str = ""  # of the booked time


CALM = Situation()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the statements do not say."""

    data_class: str = ""
    irreversible: bool = False
    rehearsed: bool = False
    situation: Situation = CALM


def assess(reports: tuple[Reported, ...], findings: tuple[Finding, ...], facts: Facts | None, circumstances: Circumstances) -> Risk:
    points = (
        *_operation(reports),
        *_size(reports, facts),
        *_security(findings),
        *_circumstances(reports, circumstances),
        *_situation(circumstances.situation),
    )
    if overrun := circumstances.situation.overrun:
        points = (*points, Point(max(HIGH - sum(point.points for point in points), 0), overrun))
    total = sum(point.points for point in points)
    level = next(level for threshold, level in THRESHOLDS if total >= threshold)
    return Risk(level, points, total)


def _operation(reports: tuple[Reported, ...]) -> Iterator[Point]:
    """The points of the riskiest statement only: a hundred harmless ones stay harmless."""
    worst = max((_points_of(report) for report in reports), key=lambda point: point.points, default=None)
    if worst:
        yield worst


def _points_of(report: Reported) -> Point:
    if report.change_class is ChangeClass.UNKNOWN:
        return Point(15, f"What {report.tag} does cannot be told, which counts as unknown compatibility")
    if report.change_class is ChangeClass.REMOVAL or report.tag in ("DELETE", "TRUNCATE TABLE"):
        return Point(30, f"{report.tag} takes something away{' from ' + _names(report.tables) if report.tables else ''}")
    if rewritten := _relations(lock for lock in report.locks if lock.rewrite):
        return Point(30, f"{report.tag} rewrites {rewritten}")
    if scanned := _relations(lock for lock in report.locks if lock.scan and lock.blocks != "nothing"):
        return Point(20, f"{report.tag} scans {scanned} while others wait")
    if report.change_class is ChangeClass.RENAMING:
        return Point(20, f"{report.tag} takes away a name that clients use")
    if scanned := _relations(lock for lock in report.locks if lock.scan):
        return Point(10, f"{report.tag} reads all of {scanned} while others go on")
    if report.change_class in (ChangeClass.STRUCTURAL, ChangeClass.DATA_TYPE):
        return Point(10, f"{report.tag} changes what clients may write")
    return Point(2, f"{report.tag} is compatible and short")


def _size(reports: tuple[Reported, ...], facts: Facts | None) -> Iterator[Point]:
    touched = {table for report in reports for table in report.tables}
    if facts is None:
        yield Point(0, "The size of the tables is unknown: there are no facts about the target")
        return
    largest = max((table for table in facts.tables if table.identity in touched), key=lambda table: table.bytes, default=None)
    if largest and largest.bytes > GIGABYTE:
        gigabytes = largest.bytes / GIGABYTE
        yield Point(min(15, math.ceil(math.log2(gigabytes))), f"{largest.identity} has {gigabytes:,.0f} GB")


def _security(findings: tuple[Finding, ...]) -> Iterator[Point]:
    weakening = next((found for found in findings if found.code == "weakens-security"), None)
    if weakening:
        yield Point(20, weakening.message.removesuffix("."))


def _circumstances(reports: tuple[Reported, ...], given: Circumstances) -> Iterator[Point]:
    if given.irreversible:
        yield Point(20, "The change cannot be undone by a script")
    if given.data_class in PROTECTED_DATA:
        yield Point(10, f"It touches {given.data_class} data")
    if reports and not given.rehearsed:
        yield Point(15, "It has not been rehearsed")


def _situation(given: Situation) -> Iterator[Point]:
    yield from (Point(points, why) for points, why in ((10, given.failed), (15, given.unknown), (5, given.peak)) if why)


def _relations(locks: Iterable[Lock]) -> str:
    return _names(lock.relation for lock in locks)


def _names(tables: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(tables))
