"""Success criteria that runs measure: written before as `longest_lock < 1`, judged after from what the runs in production left. Pure."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.errors import BadSpecification
from governance.monitoring import Metric, in_words
from governance.orders import Question, Verdict


class Figure(StrEnum):
    """What runs in production leave; of several the sum, of locks the longest. What is measured around them is a `Metric`."""

    DURATION = "duration"  # seconds
    LONGEST_LOCK = "longest_lock"  # seconds: no client waited longer for the change
    ROWS = "rows"
    RETRIES = "retries"
    WAL_BYTES = "wal_bytes"


UNITS = {Figure.DURATION: " s", Figure.LONGEST_LOCK: " s", Figure.WAL_BYTES: " bytes"}
COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
BY_FIGURE = re.compile(rf"({'|'.join([*Figure, *Metric])})\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)")
BY_CHECK = re.compile(r"(check|question)\s+(\S.*?)\s*=\s*passed")
EXAMPLES = (
    "Write for example longest_lock < 1, lock_wait < 0.5, duration <= 600, check every level is known = passed, "
    "or question performance = passed."
)


@dataclass(frozen=True, slots=True)
class Actual:
    """What the runs in production left; a figure that nobody measured is None."""

    figures: Mapping[str, float | None] = field(default_factory=dict)  # by Figure, or by Metric: the worst that was measured of it
    checks: Mapping[str, Verdict] = field(default_factory=dict)
    questions: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    result: str
    met: bool


def check_measure(name: str, text: str) -> None:
    """Raises BadSpecification."""
    by_check = BY_CHECK.fullmatch(text.strip())
    if by_check and by_check[1] == "question" and by_check[2] not in set(Question):
        raise BadSpecification(f"criterion “{name}”", f"no question is called {by_check[2]!r}", f"They are {', '.join(Question)}.")
    if text.strip() and not by_check and not BY_FIGURE.fullmatch(text.strip()):
        raise BadSpecification(f"criterion “{name}”", f"{text!r} measures nothing that runs leave", EXAMPLES)


def measured(text: str, actual: Actual) -> Measured | None:
    """None: nothing was measured, so whoever reviews judges."""
    if found := BY_FIGURE.fullmatch(text.strip()):
        value = actual.figures.get(found[1])
        return None if value is None else Measured(_said(found[1], value), COMPARED[found[2]](value, float(found[3])))
    if found := BY_CHECK.fullmatch(text.strip()):
        verdict = (actual.checks if found[1] == "check" else actual.questions).get(found[2])
        return None if verdict in (None, Verdict.UNKNOWN) else Measured(str(verdict), verdict is Verdict.PASSED)
    return None


def _said(name: str, value: float) -> str:
    return in_words(Metric(name), value) if name in set(Metric) else f"{value:,.4g}{UNITS.get(Figure(name), '')}"
