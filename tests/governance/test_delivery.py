"""Delivery's four figures, from values alone."""

from datetime import UTC, datetime, timedelta

from governance.delivery import Ended, figures, weekly
from governance.orders import RunKind, RunStatus

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def run(deployment=1, kind=RunKind.DEPLOY, status=RunStatus.SUCCEEDED, at=NOON, asked=None):
    return Ended(deployment, kind, status, NOON - 24 * HOUR, asked or at, at)


def test_without_runs_nothing_is_known():
    delivery = figures([])

    assert (delivery.lead_time, delivery.failure_share, delivery.time_to_restore) == (None, None, None)


def test_lead_time_is_the_median_from_submission_to_success():
    delivery = figures([run(1), run(2, at=NOON + 2 * HOUR), run(3, at=NOON + 10 * HOUR)])

    assert delivery.lead_time == 26 * 3600


def test_deployment_that_failed_once_and_then_went_through_counts_as_one_failure_of_one():
    delivery = figures([run(status=RunStatus.FAILED_CLEAN), run(at=NOON + HOUR)])

    assert (delivery.failed, delivery.tried, delivery.restored) == (1, 1, (3600.0,))


def test_rollback_makes_a_deployment_a_failure_from_when_it_was_asked_for():
    back = run(kind=RunKind.ROLLBACK, status=RunStatus.ROLLED_BACK, asked=NOON + HOUR, at=NOON + HOUR + timedelta(minutes=4))

    delivery = figures([run(), run(2), back])

    assert (delivery.failure_share, delivery.time_to_restore) == (0.5, 240.0)


def test_share_of_failures_is_told_after_each_change_in_order_of_time():
    delivery = figures([run(3, at=NOON + HOUR), run(1, status=RunStatus.FAILED_CLEAN, at=NOON + 2 * HOUR), run(2)])

    assert delivery.failure_shares == (0.0, 0.0, 1 / 3)


def test_failure_that_is_not_made_good_yet_has_no_time_to_restore():
    delivery = figures([run(status=RunStatus.FAILED_DIRTY)])

    assert (delivery.time_to_restore, delivery.unrestored) == (None, 1)


def test_weeks_are_counted_oldest_first():
    counts = weekly([NOON, NOON - timedelta(days=1), NOON - timedelta(days=8), NOON - timedelta(days=400)], NOON, weeks=3)

    assert counts == [0, 1, 2]
