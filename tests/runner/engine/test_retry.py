from random import Random

from hypothesis import given
from hypothesis import strategies as st

from governance.orders import Limits, RunStatus
from runner.engine import retry

LIMITS = Limits(attempts=10, first_pause=0.1, longest_pause=5.0)


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_pause_is_bounded_and_never_nothing(attempt, seed):
    seconds = retry.pause(attempt, LIMITS, Random(seed))

    assert 0.05 <= seconds <= LIMITS.longest_pause


def test_pauses_grow():
    pauses = [retry.pause(attempt, LIMITS, Random(1)) for attempt in (1, 3, 5, 7)]

    assert pauses == sorted(pauses)
    assert pauses[0] < 0.11


def test_pauses_of_two_runners_differ():
    first, second = (retry.pause(4, LIMITS, Random(seed)) for seed in (1, 2))

    assert first != second


def test_only_lock_deadlock_and_serialization_errors_are_tried_again():
    tried = [state for state in ("55P03", "40P01", "40001", "57014", "23505", "57P01", None) if retry.again(state, 1, LIMITS)]

    assert tried == ["55P03", "40P01", "40001"]


def test_attempts_are_bounded():
    assert retry.again("55P03", LIMITS.attempts - 1, LIMITS)
    assert not retry.again("55P03", LIMITS.attempts, LIMITS)


def test_new_session_goes_on_only_after_an_administrator_ended_one_and_when_the_ledger_knows_all():
    found = [
        (state, status.value)
        for state in ("57P01", "57P02", "08006", None)
        for status in (RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE, RunStatus.SUCCEEDED)
        if retry.go_on(state, status)
    ]

    assert found == [("57P01", "failed_clean"), ("57P01", "failed_dirty")]
