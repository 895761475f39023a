"""How long a statement takes and how long it makes others wait: a prior from bytes, before there are runs to learn from.

The throughputs are on the careful side: `likely` is about half, `p90` about an eighth of what was measured on warm tables of
11 to 558 MB (scan 1,800 MB/s, index build 230, rewrite 84, whole-table UPDATE 23). They are beliefs: `Throughput.learned` takes the
rates of runs, and the more there are the less the shipped ones count.
"""

import math
import re
from collections.abc import Iterable

from governance.analysis import StatementReport
from governance.analysis.classify import Category, ChangeClass
from governance.analysis.locks import Lock
from governance.belief import Belief
from governance.facts import Facts
from governance.values import dataclass, replace

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Interval:
    """Seconds. An infinite `p90` says that nobody can know."""

    likely: float
    p90: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Megabytes per second of one class of work."""

    work: str
    likely: float
    p90: float
    runs: int = 0  # that it has been learned from

    def learned(self, rates: Iterable[float]) -> "Throughput":
        """After runs with these rates; "prior only" is true below five of them."""
        rates = tuple(rates)
        belief = Belief.from_rates(self.likely, self.p90).learned(rates)
        return replace(self, likely=belief.rate(0.5), p90=belief.rate(0.9), runs=len(rates))


SCAN = Throughput("reads", 900, 220)
INDEX = Throughput("builds an index over", 110, 28)
REWRITE = Throughput("rewrites", 40, 10)
WRITE = Throughput("updates", 12, 3)
COMPARE = Throughput("compares the rows of", 2, 0.5)
METADATA = (0.02, 0.1)  # seconds, for a change of the catalogue alone
EXCLUDING = re.compile(r"\bEXCLUDE\b", re.IGNORECASE)
INDEXING = ("CREATE INDEX", "REINDEX", "REFRESH")


def forecast_statement(report: StatementReport, facts: Facts | None) -> Interval:
    """How long it runs, without the time it waits for its locks."""
    if report.change_class is ChangeClass.UNKNOWN:
        return Interval(METADATA[0], math.inf, (f"what {report.tag} does cannot be told from its text",))
    return _sum(_work(report, lock, facts) for lock in report.locks)


def forecast_lock(report: StatementReport, facts: Facts | None) -> Interval:
    """How long others cannot write, reckoned from the moment it has its locks to its own end."""
    if report.change_class is ChangeClass.UNKNOWN:
        return forecast_statement(report, facts)
    if not any(lock.blocks != "nothing" for lock in report.locks) and not _locks_rows(report):
        return Interval(0.0, 0.0, ("it stops no reads and no writes",))
    return forecast_statement(report, facts)


def _locks_rows(report: StatementReport) -> bool:
    """UPDATE and DELETE lock the rows they write, which other writers of those rows wait for."""
    return report.tag in ("UPDATE", "DELETE", "MERGE") or (report.writes_rows and report.tag == "SELECT")


def _work(report: StatementReport, lock: Lock, facts: Facts | None) -> Interval:
    throughput = _throughput(report, lock)
    if throughput is None or lock.fresh:
        return Interval(*METADATA, ())
    table = facts.table(lock.relation) if facts else None
    if table is None:
        return Interval(METADATA[0], math.inf, (f"it {throughput.work} {lock.relation}, whose size is not known",))
    megabytes = table.bytes / MEGABYTE
    reason = f"it {throughput.work} {lock.relation}: {megabytes:,.1f} MB at {throughput.p90:g} to {throughput.likely:g} MB/s"
    return Interval(METADATA[0] + megabytes / throughput.likely, METADATA[1] + megabytes / throughput.p90, (reason,))


def _throughput(report: StatementReport, lock: Lock) -> Throughput | None:
    """None: the size of the relation does not matter."""
    if lock.rewrite:
        return REWRITE
    if lock.relation in report.tables and _writes_what_it_finds(report):
        return WRITE
    if lock.reindex and EXCLUDING.search(report.statement):
        return COMPARE
    if lock.reindex or (lock.scan and report.tag.startswith(INDEXING)):
        return INDEX
    return SCAN if lock.scan else None


def _writes_what_it_finds(report: StatementReport) -> bool:
    """As many rows as a query finds, at most all: INSERT … VALUES writes only what it says."""
    return report.writes_rows and report.category is Category.DATA


def _sum(parts: Iterable[Interval]) -> Interval:
    """The base is paid once per statement, however many relations it touches."""
    parts = tuple(parts)
    likely = METADATA[0] + sum(part.likely - METADATA[0] for part in parts)
    p90 = METADATA[1] + sum(part.p90 - METADATA[1] for part in parts)
    reasons = tuple(reason for part in parts for reason in part.reasons)
    return Interval(likely, p90, reasons or ("it changes the catalogue only",))
