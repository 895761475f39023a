"""Booking time, and the hours in which production may be touched."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import workflow
from governance.dossier import gather
from governance.errors import BookingTaken, MissingEvidence, MissingRole, OutsideWindow, WrongStage
from governance.gates import check_open, clock
from governance.lifecycle import Stage
from governance.models import Booking
from governance.orders import RunKind
from tests import factories
from tests.factories import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def phase(cast: Cast, spec):
    return factories.bring_to_window(cast, spec)


def book(cast, phase, window, **given):
    return workflow.book(actor=cast.operator, phase=phase, target=factories.on(phase, production=True).target, window=window, **given)


def window_of(phase, **given):
    return factories.make_window(factories.on(phase, production=True).target, **given)


@pytest.mark.at("window")
def test_booking_takes_the_whole_window_unless_said_otherwise(cast, phase):
    window = window_of(phase)

    whole = book(cast, phase, window)
    part = book(cast, phase, window, starts=window.starts + HOUR, ends=window.starts + 2 * HOUR)

    assert (whole.starts, whole.ends) == (window.starts, window.ends)
    assert Booking.objects.get(cancelled_at=None) == part


@pytest.mark.parametrize(("before", "after"), [(HOUR, -HOUR), (-HOUR, HOUR)])
@pytest.mark.at("window")
def test_booking_stays_inside_its_window(cast, phase, before, after):
    window = window_of(phase)

    with pytest.raises(OutsideWindow, match="Book inside it"):
        book(cast, phase, window, starts=window.starts - before, ends=window.ends + after)

    assert not Booking.objects.exists()


@pytest.mark.at("window")
def test_booking_needs_a_maintenance_window_of_the_targets_environment(cast, phase):
    other = factories.make_window(factories.on(phase, production=False).target)
    blackout = factories.make_blackout(factories.on(phase, production=True).target)

    for window in (other, blackout):
        with pytest.raises(OutsideWindow, match="is not a maintenance window of its environment"):
            book(cast, phase, window)


@pytest.mark.at("window")
def test_booking_under_a_blackout_is_refused(cast, phase):
    window = window_of(phase)
    factories.make_blackout(factories.on(phase, production=True).target, starts_in=2)

    with pytest.raises(OutsideWindow, match="blackout “sale” lies over that time"):
        book(cast, phase, window)


@pytest.mark.at("window")
def test_blackout_laid_over_a_booking_later_is_a_conflict(cast, phase):
    book(cast, phase, window_of(phase))

    factories.make_blackout(factories.on(phase, production=True).target, starts_in=2)

    assert gather(phase).on(production=True)[0].conflict == "blackout “sale” on production_db"


@pytest.mark.at("window")
def test_two_changes_do_not_share_time_on_a_target(cast, phase):
    window = window_of(phase)
    book(cast, phase, window, starts=window.starts, ends=window.starts + 2 * HOUR)
    other = factories.bring_to_window(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))

    with pytest.raises(BookingTaken, match=f"already booked by {phase.spec.number} from"):
        book(cast, other, window, starts=window.starts + HOUR, ends=window.starts + 3 * HOUR)
    book(cast, other, window, starts=window.starts + 2 * HOUR, ends=window.starts + 3 * HOUR)

    assert Booking.objects.filter(cancelled_at=None).count() == 2


@pytest.mark.at("window")
def test_database_refuses_overlapping_bookings_by_itself(cast, phase):
    booking = book(cast, phase, window_of(phase))
    other = factories.phase_of(factories.make_spec(cast, factories.script_files("20260102_0900")))
    booking.pk, booking.phase = None, other

    with pytest.raises(IntegrityError, match="booking_alone_on_target"), transaction.atomic():
        Booking.objects.bulk_create([booking])


@pytest.mark.at("window")
def test_time_of_a_cancelled_change_is_free_again(cast, phase):
    window = window_of(phase)
    book(cast, phase, window)
    other = factories.bring_to_window(cast, factories.make_spec(cast, factories.script_files("20260102_0900")))

    workflow.cancel(actor=cast.engineer, phase=factories.roll_back_staging(cast, phase), reason="not wanted")

    assert book(cast, other, window).pk


@pytest.mark.at("staging")
def test_only_operators_book_and_not_before_the_dry_run(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    window = window_of(phase)

    with pytest.raises(WrongStage):
        book(cast, phase, window)
    with pytest.raises(MissingRole):
        workflow.book(actor=cast.engineer, phase=phase, target=factories.on(phase, production=True).target, window=window)


@pytest.mark.at("window")
def test_change_waits_for_business_after_booking(cast, phase, spec):
    book(cast, phase, window_of(phase))

    assert factories.phase_of(spec).at is Stage.SCHEDULED_WINDOW
    assert gather(phase).business.given == 0


@pytest.mark.parametrize(
    ("hours", "starts_in", "why"), [(1, -2, "the booking is from"), (1, 1, "the booking is from")], ids=["window over", "window to come"]
)
@pytest.mark.at("window")
def test_run_outside_its_booking_is_refused(cast, phase, hours, starts_in, why):
    book(cast, phase, window_of(phase, hours=hours, starts_in=starts_in))
    factories.approve(cast, phase, factories.ApprovalKind.BUSINESS)

    with pytest.raises(OutsideWindow, match=f"production_db is closed now: {why}"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("production")
def test_run_under_a_blackout_is_refused_with_its_end(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.make_blackout(factories.on(phase, production=True).target)

    with pytest.raises(OutsideWindow, match=r"blackout “sale” until .* UTC\. That changes at"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("production")
def test_run_in_a_window_that_was_taken_away_is_refused(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    window = Booking.objects.get().window
    window.ends = timezone.now() - timedelta(minutes=1)
    workflow.save_record(actor=cast.operator, record=window)

    with pytest.raises(OutsideWindow, match="no booked window is open"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("production")
def test_run_without_a_booking_is_refused(cast, spec):
    phase = factories.bring_to_production(cast, spec)
    factories.at_once("UPDATE governance_booking SET cancelled_at = now()")

    with pytest.raises(OutsideWindow, match="nothing is booked"):
        check_open(factories.on(phase, production=True))
    with pytest.raises(MissingEvidence, match="business approval, 0 of 1"):
        workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))


@pytest.mark.at("window")
def test_dry_run_respects_a_blackout_and_needs_no_window(cast, spec):
    phase = factories.bring_to_window(cast, spec)
    production = factories.on(phase, production=True)
    blackout = factories.make_blackout(production.target)
    with pytest.raises(OutsideWindow, match="blackout “sale”"):
        workflow.start(actor=cast.operator, deployment=production, kind=RunKind.DRY_RUN)

    workflow.delete_record(actor=cast.operator, record=blackout)

    assert workflow.start(actor=cast.operator, deployment=production, kind=RunKind.DRY_RUN).pk


@pytest.mark.at("closure")
def test_rollback_may_start_in_a_blackout(cast, spec):
    phase = factories.bring_to_closure(cast, spec)
    factories.make_blackout(factories.on(phase, production=True).target)

    run = workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")

    assert factories.finish(run, status="rolled_back").status == "rolled_back"


@pytest.mark.at("production")
def test_windows_are_judged_by_the_databases_clock(cast, spec, monkeypatch):
    phase = factories.bring_to_production(cast, spec)
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)

    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=True))

    assert run.pk
    assert tomorrow - clock() > timedelta(hours=23)
