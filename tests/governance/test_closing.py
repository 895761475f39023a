"""The end of a change: its review, or giving it up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import workflow
from governance.case import load
from governance.errors import BadInput, BookingTaken, MissingEvidence, MissingRole, NeedsReason, NotReady, OwnWork, WrongStage
from governance.lifecycle import PhaseStatus, Role, Stage
from governance.models import AuditEvent, Booking, Criterion, FollowUp, Review
from governance.orders import RunStatus
from governance.workflow import Debt, Result
from governance.workflow.reserving import take_slot
from tests import factories
from tests.factories import Cast


@pytest.fixture
def phase(cast: Cast, spec):
    """Waiting for its review."""
    return factories.bring_to_closure(cast, spec)


@pytest.mark.at("closure")
def test_review_by_somebody_else_closes_the_change(cast, phase):
    debt = Debt("Drop the old column", cast.engineer, factories.timezone.now().date())

    review = factories.review(cast, phase, follow_ups=[debt])

    phase = factories.phase_of(phase.spec)
    criterion = Criterion.objects.get()
    assert (phase.status, phase.at, review.reviewer) == (PhaseStatus.CLOSED, Stage.CLOSURE, cast.reviewer)
    assert (criterion.result, criterion.met) == ("0.1 s", True)
    assert (FollowUp.objects.get().title, FollowUp.objects.get().owner) == ("Drop the old column", cast.engineer)
    assert AuditEvent.objects.filter(kind="phase.closed", subject=phase.spec.number).count() == 1


@pytest.mark.parametrize("who", ["author", "editor"])
@pytest.mark.at("production")
def test_author_and_editors_cannot_review(cast, spec, who):
    editor = factories.make_user("edda", Role.ENGINEER, Role.REVIEWER)
    cast.engineer.groups.add(*cast.reviewer.groups.all())
    workflow.edit_specification(actor=editor, spec=spec, changes={"purpose": "Levels, at last."})
    phase = factories.bring_to_closure(cast, spec)

    with pytest.raises(OwnWork, match="cannot review it"):
        factories.review(cast, phase, actor=cast.engineer if who == "author" else editor)

    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"results": {}}, "The criterion “Worst wait” (expected: under 1 s) has no result"),
        (
            {"results": {"Worst wait": Result("0.1 s", True), "Cost": Result("1", True)}},
            "No criterion is called Cost. They are: Worst wait.",
        ),
        ({"lessons": " "}, "A review says what users felt and what was learned"),
        ({"performance_impact": ""}, "A review says what users felt and what was learned"),
    ],
)
@pytest.mark.at("closure")
def test_incomplete_review_is_refused_and_leaves_nothing(cast, phase, given, why):
    with pytest.raises(BadInput) as refused:
        factories.review(cast, phase, **given)

    assert why in refused.value.message
    assert Criterion.objects.get().met is None
    assert factories.phase_of(phase.spec).status == PhaseStatus.OPEN


@pytest.mark.at("staging")
def test_review_takes_its_role_and_its_stage(cast, spec):
    phase = factories.bring_to_staging(cast, spec)

    with pytest.raises(WrongStage):
        factories.review(cast, phase)
    with pytest.raises(MissingRole):
        factories.review(cast, phase, actor=cast.auditor)


@pytest.mark.at("closure")
def test_change_is_not_closed_under_a_rollback(cast, phase):
    workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="bids fail")

    with pytest.raises(NotReady, match="has a run that has not ended"):
        factories.review(cast, phase)


@pytest.mark.at("closure")
def test_closed_change_takes_no_act(cast, phase):
    factories.review(cast, phase)

    for act in (
        lambda: workflow.advance(actor=cast.operator, phase=phase),
        lambda: workflow.cancel(actor=cast.engineer, phase=phase, reason="r"),
        lambda: factories.review(cast, phase),
        lambda: workflow.roll_back(actor=cast.operator, deployment=factories.on(phase, production=True), reason="r"),
    ):
        with pytest.raises(NotReady, match="is closed"):
            act()


@pytest.mark.at("submission")
def test_advance_says_what_is_missing(cast, spec):
    with pytest.raises(MissingEvidence, match="Analysis on today's facts of every target"):
        workflow.advance(actor=cast.engineer, phase=factories.phase_of(spec))


@pytest.mark.at("staging")
def test_change_can_be_given_up_with_a_reason(cast, spec):
    phase = factories.bring_to_staging(cast, spec)
    with pytest.raises(NeedsReason):
        workflow.cancel(actor=cast.engineer, phase=phase, reason=" ")

    workflow.cancel(actor=cast.engineer, phase=phase, reason="the column comes with another change")

    assert factories.phase_of(spec).status == PhaseStatus.CANCELLED
    assert "the column comes with another change" in AuditEvent.objects.get(kind="phase.cancel").text


@pytest.mark.at("submission")
def test_reviewer_cannot_give_a_change_up(cast, spec):
    with pytest.raises(MissingRole):
        workflow.cancel(actor=cast.reviewer, phase=factories.phase_of(spec), reason="r")


@pytest.mark.parametrize("status", [None, RunStatus.PAUSED, RunStatus.INDETERMINATE])
@pytest.mark.at("staging")
def test_change_with_a_run_that_has_not_ended_is_not_given_up(cast, spec, status):
    phase = factories.bring_to_staging(cast, spec)
    run = workflow.start(actor=cast.operator, deployment=factories.on(phase, production=False))
    if status:
        factories.finish(run, status=status)

    with pytest.raises(NotReady, match="has a run that has not ended"):
        workflow.cancel(actor=cast.engineer, phase=phase, reason="r")


@pytest.mark.at("production")
def test_applied_change_is_not_given_up(cast, spec):
    phase = factories.bring_to_production(cast, spec)

    with pytest.raises(NotReady, match=r"is applied on a target\. Roll it back there first"):
        workflow.cancel(actor=cast.engineer, phase=phase, reason="r")


@pytest.mark.at("production")
def test_giving_up_frees_the_booking(cast, spec):
    phase = factories.roll_back_staging(cast, factories.bring_to_production(cast, spec))

    workflow.cancel(actor=cast.engineer, phase=phase, reason="r")

    assert Booking.objects.get().cancelled_at


@pytest.mark.at("closure")
def test_what_is_left_of_its_time_is_free_again_once_a_change_is_closed(cast, phase):
    booking = phase.bookings.live().get(target__environment__production=True)
    agreed, digests = booking.ends, load(phase.pk).digests
    other = factories.phase_of(factories.make_spec(cast, factories.script_files("20260102_0900")))
    wanted = Booking(window=booking.window, phase=other, target=booking.target, starts=agreed - timedelta(minutes=1), ends=agreed)
    with pytest.raises(BookingTaken):
        take_slot(wanted)

    factories.review(cast, phase)

    booking.refresh_from_db()
    assert booking.ends <= timezone.now() < booking.agreed_until == agreed
    assert not booking.reservations.live().filter(ends__gt=timezone.now()).exists()
    assert load(phase.pk).digests == digests
    assert AuditEvent.objects.get(kind="booking.free").text.startswith(f"{phase} is closed: {booking.target} is free again until")
    take_slot(wanted)


@pytest.mark.at("closure")
def test_a_booking_that_has_not_begun_is_given_up_with_the_close_of_its_change(cast, phase):
    hours = "starts = now() + interval '1 hour', ends = now() + interval '2 hours'"
    factories.at_once(f"UPDATE governance_booking SET {hours} WHERE phase_id = %s", [phase.pk])

    factories.review(cast, phase)

    assert not phase.bookings.live().exists()
