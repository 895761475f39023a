"""What was read and what was sent goes after a while; what somebody may still need stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import handoff
from governance.handoff import clearing
from governance.models import Delivery, DeliveryAttempt, DeliveryState, Notice
from governance.telling import NoticeKind, Way
from tests import factories


def told(person, *, days: float, read: bool = True, **given) -> Notice:
    at = timezone.now() - timedelta(days=days)
    return Notice.objects.create(person=person, kind=NoticeKind.RUN_FAILED, way=Way.PORTAL, read_at=at if read else None, **given)


def sent(person, *, days: float, state: DeliveryState) -> Delivery:
    row = Delivery.objects.create(person=person, kind="run_failed", subject="", text="", due_at=timezone.now(), state=state)
    Delivery.objects.filter(pk=row.pk).update(made_at=timezone.now() - timedelta(days=days))
    DeliveryAttempt.objects.create(delivery=row, number=1)
    return row


def test_what_was_read_long_ago_goes_and_what_was_not_read_stays(cast, settings):
    settings.KEEP_NOTICES = 30
    late, unread = told(cast.engineer, days=29), told(cast.engineer, days=31, read=False)
    told(cast.engineer, days=31)

    cleared = handoff.clear_away()

    assert cleared == 1
    assert set(Notice.objects.all()) == {late, unread}


def test_what_was_told_of_a_change_stays_until_it_is_over(cast, settings):
    settings.KEEP_NOTICES = 30
    factories.make_targets()
    phase = factories.phase_of(factories.make_spec(cast))
    Notice.objects.all().delete()
    told(cast.engineer, days=31, phase=phase)

    assert handoff.clear_away() == 0


@pytest.mark.parametrize(("state", "left"), [(DeliveryState.DELIVERED, 0), (DeliveryState.GIVEN_UP, 0), (DeliveryState.WAITING, 1)])
def test_deliveries_go_with_their_log_once_they_are_settled(cast, settings, state, left):
    settings.KEEP_NOTICES = 30
    sent(cast.engineer, days=31, state=state)

    handoff.clear_away()

    assert Delivery.objects.count() == DeliveryAttempt.objects.count() == left


@pytest.mark.parametrize(("days", "left"), [(0, 1), (1, 1), (6, 0)])  # whoever reminds asks what was told within a week
def test_nothing_goes_when_all_is_kept_and_nothing_within_a_week(cast, settings, days, left):
    settings.KEEP_NOTICES = days
    told(cast.engineer, days=days + 1.5)

    handoff.clear_away()

    assert Notice.objects.count() == left


def test_many_rows_go_in_several_transactions(cast, settings, monkeypatch, django_assert_num_queries):
    settings.KEEP_NOTICES = 30
    monkeypatch.setattr(clearing, "BATCH", 2)
    for _ in range(5):
        told(cast.engineer, days=31)

    with django_assert_num_queries(3 * 2 + 1 + 1):  # three batches, an empty one, and no delivery
        cleared = handoff.clear_away()

    assert cleared == 5
