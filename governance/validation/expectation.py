"""What a check expects of its answer: a small language, read once and judged without a database."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from governance.orders import Check, Verdict
from governance.validation.answers import Answer, Judgement, some, verdict
from governance.validation.strength import EXACT

UNCHANGED, NO_ROWS, ROWS = "unchanged", "no rows", "rows"
NUMBER = r"[+-]?\d+(?:\.\d+)?"
HASH = re.compile(r"[0-9a-f]{32}")  # of which nobody can read anything
MOST = 100_000  # rows that are fetched; beyond them only "more" is known
FORMS = (
    (re.compile(r"no rows"), "no rows"),
    (re.compile(r"rows"), "rows"),
    (re.compile(r"unchanged"), "unchanged"),
    (re.compile(r"value .+"), "value <text>"),
    (re.compile(rf"(at most|at least) {NUMBER}"), "at most <number>"),
    (re.compile(rf"between {NUMBER} and {NUMBER}"), "between <number> and <number>"),
    (re.compile(r"changed by [+-]\d+(\.\d+)?"), "changed by +<number>"),
    (re.compile(r"within \d+(\.\d+)?%"), "within <number>%"),
    (re.compile(r"no slower than \d+(\.\d+)?x"), "no slower than <number>x"),
)
KNOWN = ", ".join(f"`{example}`" for _form, example in FORMS)


def is_expectation(text: str) -> bool:
    return any(form.fullmatch(text) for form, _example in FORMS)


def compares(expect: str) -> bool:
    """Whether the answer before the change is needed."""
    return expect == UNCHANGED or expect.startswith(("changed by", "within", "no slower"))


def judge(check: Check, answer: Answer | str, before: Answer | None) -> Judgement:
    """`answer`: or why there is none, which is never taken for a pass."""
    if isinstance(answer, str):
        return Judgement(Verdict.UNKNOWN, answer)
    if compares(check.expect):
        return _against(check.expect, answer, before)
    if check.expect in (NO_ROWS, ROWS):
        return _of_rows(check.expect, answer)
    return _of_value(check.expect, answer)


def _of_rows(expect: str, answer: Answer) -> Judgement:
    found = f"more than {MOST:,} rows" if answer.rows > MOST else some(answer.rows, "row")
    return Judgement(verdict((answer.rows > 0) == (expect == ROWS)), found, EXACT, answer.sample if expect == NO_ROWS else ())


def _of_value(expect: str, answer: Answer) -> Judgement:
    if expect.startswith("value "):
        wanted = expect.removeprefix("value ")
        holds = answer.first == wanted
        return Judgement(verdict(holds), f"{answer.first}" if holds else f"{answer.first} instead of {wanted}", EXACT)
    number = _number(answer)
    if number is None:
        return Judgement(Verdict.UNKNOWN, f"{answer.first} is not a number, and {expect} was expected")
    bounds = [Decimal(found) for found in re.findall(NUMBER, expect)]
    low = bounds[0] if expect.startswith(("at least", "between")) else None
    high = bounds[-1] if expect.startswith(("at most", "between")) else None
    holds = (low is None or number >= low) and (high is None or number <= high)
    return Judgement(verdict(holds), f"{answer}, {expect}" if holds else f"{answer} instead of {expect}", EXACT)


def _against(expect: str, answer: Answer, before: Answer | None) -> Judgement:
    if before is None:
        return Judgement(Verdict.UNKNOWN, f"{answer} now; the answer before the change is not known")
    if expect == UNCHANGED:
        if HASH.fullmatch(answer.first or ""):
            same = answer.digest == before.digest
            return Judgement(verdict(same), "as before" if same else "not as before", EXACT)
        differs = ", other content" if answer.digest != before.digest and str(answer) == str(before) else ""
        return Judgement(verdict(answer.digest == before.digest), f"{before} before, {answer} after{differs}", EXACT, answer.sample)
    old, new = _number(before), _number(answer)
    if old is None or new is None:
        return Judgement(Verdict.UNKNOWN, f"{before} before, {answer} after: not two numbers, so {expect} cannot be told")
    judged: Callable[[Decimal, Decimal, Decimal], bool] = _by if expect.startswith("changed by") else _within
    holds = judged(old, new, Decimal(re.findall(NUMBER, expect)[0]))
    return Judgement(verdict(holds), f"{before} before, {answer} after" + ("" if holds else f", and {expect} was expected"), EXACT)


def _by(old: Decimal, new: Decimal, difference: Decimal) -> bool:
    return new - old == difference


def _within(old: Decimal, new: Decimal, percent: Decimal) -> bool:
    return abs(new - old) * 100 <= abs(old) * percent


def _number(answer: Answer) -> Decimal | None:
    try:
        found = Decimal(answer.first or "")
    except InvalidOperation:
        return None
    return found if answer.rows == 1 and found.is_finite() else None
