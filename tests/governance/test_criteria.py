"""Success criteria that runs measure."""

import pytest

from governance.criteria import Actual, Figure, Measured, check_measure, measured
from governance.errors import BadSpecification
from governance.orders import Verdict

ACTUAL = Actual(
    figures={
        Figure.DURATION: 12.5,
        Figure.LONGEST_LOCK: 0.31,
        Figure.ROWS: 1200000.0,
        Figure.RETRIES: None,
        "lock_wait": 0.31,
        "cache_hits": 0.97,
    },
    checks={"every level is known": Verdict.PASSED, "no bid is lost": Verdict.FAILED, "fast": Verdict.UNKNOWN},
    questions={"performance": Verdict.PASSED},
)

UNMEASURED = ["", "retries = 0", "wal_bytes < 5", "check another = passed", "check fast = passed", "question security = passed"]
UNKNOWN = ["speed < 1", "longest_lock", "longest_lock < fast", "question speed = passed", "check a = failed", "1 < 2"]


@pytest.mark.parametrize(
    ("text", "came"),
    [
        ("longest_lock < 1", Measured("0.31 s", True)),
        ("longest_lock < 0.3", Measured("0.31 s", False)),
        ("duration<=12.5", Measured("12.5 s", True)),
        ("lock_wait < 0.5", Measured("310.0 ms", True)),
        ("cache_hits >= 0.99", Measured("97.0 %", False)),
        ("rows >= 1000000", Measured("1.2e+06", True)),
        ("check every level is known = passed", Measured("passed", True)),
        ("check no bid is lost = passed", Measured("failed", False)),
        ("question performance = passed", Measured("passed", True)),
    ],
)
def test_what_runs_left_is_compared_with_what_was_expected(text, came):
    assert measured(text, ACTUAL) == came


@pytest.mark.parametrize("text", UNMEASURED)
def test_what_nobody_measured_is_left_to_the_reviewer(text):
    assert measured(text, ACTUAL) is None


@pytest.mark.parametrize("text", ["", "longest_lock < 1", "check a = passed", "question accuracy = passed"])
def test_measure_that_can_be_taken_is_accepted(text):
    check_measure("Worst wait", text)


@pytest.mark.parametrize("text", UNKNOWN)
def test_measure_that_runs_do_not_leave_is_refused_with_what_would_be_right(text):
    with pytest.raises(BadSpecification, match=r"criterion “Worst wait”.*(Write for example|They are)"):
        check_measure("Worst wait", text)
