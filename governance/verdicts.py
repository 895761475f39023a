"""Checks as they cross the border between governance and runner: what is asked, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Question(StrEnum):
    """The six questions that every run answers."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    REFERENTIAL_INTEGRITY = "referential_integrity"
    BUSINESS_RULES = "business_rules"
    PERFORMANCE = "performance"
    SECURITY = "security"


class Moment(StrEnum):
    BEFORE = "before"
    IN_TRANSACTION = "in_transaction"
    AFTER = "after"
    MONITORING = "monitoring"  # for as long as the change is watched


class Severity(StrEnum):
    """What a check that does not pass means."""

    BLOCKING = "blocking"
    WARNING = "warning"  # told, and stops nothing


@dataclass(frozen=True, slots=True)
class Check:
    """A query and what it has to answer, or a built-in check and what it is about. `expect`: see `governance.validation.expectation`."""

    name: str
    question: Question
    moment: Moment
    sql: str  # "" where a built-in check finds its own once it sees the table
    expect: str
    severity: Severity = Severity.BLOCKING
    builtin: str = ""  # of `governance.validation.catalogue`
    table: str = ""  # "schema.table" that a built-in check is about
    columns: tuple[str, ...] = ()  # of it, that it is about; none: all
    without: tuple[str, ...] = ()  # columns that it leaves out
    detail: str = ""  # an expression, another table, a path: what the built-in check says it is


@dataclass(frozen=True, slots=True)
class CheckChoice:
    """A check that somebody added, or, without a text, took out."""

    name: str
    text: str  # as in a check file
    reason: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    name: str
    question: Question
    moment: Moment
    verdict: Verdict
    evidence: str  # "0 rows", "50,000 before, 50,000 after", …
    severity: Severity = Severity.BLOCKING
    strength: str = ""  # how much that proves, with its formula
    sample: tuple[str, ...] = ()  # keys of rows that offend: never another value
    seconds: float = 0.0
    sql: str = ""  # asks the same again
