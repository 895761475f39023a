"""What a target answered to a check, and what that comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.orders import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    rows: int
    first: str | None  # the first row's first column, as PostgreSQL writes it
    digest: str  # of all rows, in their order
    sample: tuple[str, ...] = ()  # keys of the first rows: never another value
    detail: Mapping[str, Any] = field(default_factory=dict)  # what a built-in check compares with later; plain JSON
    seconds: float = 0.0
    sql: str = ""  # asks the same again
    alone: bool = True  # a row is one column: of several, the first says little of the others

    def __str__(self) -> str:
        if self.rows == 1 and self.first is not None and self.alone:
            return f"{int(self.first):,}" if self.first.isdecimal() else self.first
        return f"{self.rows:,} row{'' if self.rows == 1 else 's'}"


Baseline = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    evidence: str  # what was found, in a sentence
    strength: str = ""  # how much that proves, with its formula
    sample: tuple[str, ...] = ()


def verdict(holds: bool) -> Verdict:
    return Verdict.PASSED if holds else Verdict.FAILED


def some(number: int, noun: str, nouns: str = "") -> str:
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
