"""Whom each event is told to, in the transaction that brought it about."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import handoff, workflow
from governance.errors import Refusal
from governance.models import Booking, BreakGlass, CommentKind, FollowUp, Notice
from governance.notices import NoticeKind
from governance.orders import RunStatus, Verdict
from governance.policy import ApprovalKind
from governance.workflow import Debt
from tests import factories
from tests.factories import on, phase_of
from tests.governance.exceptional import age, open_emergency, write


def told(kind: NoticeKind) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("person__username", flat=True))


@pytest.mark.at("approval")
def test_whoever_may_approve_is_asked_when_the_change_gets_there(cast, spec):
    asked = Notice.objects.filter(kind=NoticeKind.APPROVAL_ASKED)

    assert told(NoticeKind.APPROVAL_ASKED) == ["ravi", "rosa"]
    assert {notice.link for notice in asked} == {f"/approve/{phase_of(spec).pk}/technical/"}


@pytest.mark.at("approval")
def test_author_is_told_who_asks_for_changes_or_has_a_question_but_not_of_every_comment(cast, spec):
    for kind in (CommentKind.CHANGES, CommentKind.QUESTION, CommentKind.COMMENT):
        workflow.comment(actor=cast.reviewer, phase=phase_of(spec), text=f"A {kind}.", kind=kind)

    assert told(NoticeKind.CHANGES_ASKED) == ["erin", "erin"]


@pytest.mark.at("staging")
def test_who_gave_an_approval_is_told_that_it_is_void(cast, spec):
    factories.edit(cast.engineer, phase_of(spec))

    assert "rosa" in told(NoticeKind.APPROVAL_VOIDED)
    assert "erin" in told(NoticeKind.APPROVAL_VOIDED)


@pytest.mark.at("staging")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (RunStatus.SUCCEEDED, NoticeKind.RUN_SUCCEEDED),
        (RunStatus.PAUSED, NoticeKind.RUN_PAUSED),
        (RunStatus.FAILED_CLEAN, NoticeKind.RUN_FAILED),
        (RunStatus.FAILED_DIRTY, NoticeKind.RUN_FAILED),
        (RunStatus.INDETERMINATE, NoticeKind.RUN_FAILED),
    ],
)
def test_author_and_operator_are_told_how_a_run_ends(cast, spec, status, kind):
    run = workflow.start(actor=cast.operator, deployment=on(phase_of(spec), production=False))
    claim = handoff.claim("run", run.pk)

    handoff.finish_run(claim, factories.outcome(status, message="As it is."))

    assert told(NoticeKind.RUN_STARTED) == ["erin", "otto"]
    assert told(kind) == ["erin", "otto"]
    assert Notice.objects.filter(kind=kind)[0].link == f"/governance/run/{run.pk}/change/"


@pytest.mark.at("production")
def test_whom_a_booking_concerns_is_told_why_it_is_withdrawn(cast, spec):
    booking = Booking.objects.live().get()

    workflow.withdraw(actor=cast.operator, booking=booking, reason="The shop has a sale.")

    assert told(NoticeKind.BOOKING_CANCELLED) == ["erin"]
    assert "The shop has a sale." in Notice.objects.get(kind=NoticeKind.BOOKING_CANCELLED).text


@pytest.mark.at("production")
def test_who_moves_a_booking_tells_the_others_and_not_themselves(cast, spec):
    booking = Booking.objects.live().get()
    Notice.objects.all().delete()

    workflow.book(
        actor=cast.operator,
        phase=phase_of(spec),
        target=booking.target,
        window=booking.window,
        starts=booking.starts + timedelta(minutes=1),
        ends=booking.ends,
    )

    assert told(NoticeKind.BOOKING_MOVED) == ["erin"]
    assert "moved" in Notice.objects.get(kind=NoticeKind.BOOKING_MOVED).subject


@pytest.mark.at("production")
def test_what_is_refused_tells_nobody(cast, spec):
    Notice.objects.all().delete()
    booking = Booking.objects.live().get()

    with pytest.raises(Refusal):
        workflow.withdraw(actor=cast.engineer, booking=booking, reason="I want to.")

    assert not Notice.objects.exists()


@pytest.mark.at("closure")
def test_review_is_asked_for_and_again_when_nobody_holds_it(cast, spec):
    due = told(NoticeKind.REVIEW_DUE)
    handoff.remind()
    early = told(NoticeKind.REVIEW_OVERDUE)
    Notice.objects.update(at=timezone.now() - timedelta(days=4))

    handoff.remind()
    handoff.remind()

    assert (due, early) == (["ravi", "rosa"], [])
    assert told(NoticeKind.REVIEW_OVERDUE) == ["otto", "ravi", "rosa"]


@pytest.mark.at("submission")
def test_review_of_an_emergency_is_asked_of_whoever_took_no_part_once_it_is_over(cast, spec):
    age(open_emergency(cast, phase_of(spec)), hours=2)
    early = told(NoticeKind.REVIEW_DUE)

    handoff.tick()
    handoff.tick()

    assert (early, told(NoticeKind.REVIEW_DUE)) == ([], ["ada", "ravi", "rosa", "stella"])
    assert {notice.link for notice in Notice.objects.filter(kind=NoticeKind.REVIEW_DUE)} == {
        f"/governance/spec/{spec.pk}/{phase_of(spec).pk}/form/review_emergency/"
    }


@pytest.mark.at("approval")
def test_whoever_approved_in_an_emergency_is_not_asked_to_review_it(cast, spec):
    emergency = open_emergency(cast, phase_of(spec))
    factories.approve(cast, phase_of(spec), ApprovalKind.TECHNICAL)

    workflow.end_emergency(actor=cast.operator, emergency=emergency)

    assert told(NoticeKind.REVIEW_DUE) == ["ada", "ravi", "stella"]


@pytest.mark.at("submission")
def test_overdue_review_of_an_emergency_is_told_once_a_week_and_to_who_opened_it_too(cast, spec):
    age(open_emergency(cast, phase_of(spec)), hours=47)
    handoff.remind()
    early = told(NoticeKind.REVIEW_OVERDUE)
    age(BreakGlass.objects.get(), hours=2)

    handoff.remind()
    handoff.remind()
    once = told(NoticeKind.REVIEW_OVERDUE)
    Notice.objects.update(at=timezone.now() - timedelta(days=8))
    handoff.remind()

    assert (early, once) == ([], ["ada", "otto", "ravi", "rosa", "stella"])
    assert told(NoticeKind.REVIEW_OVERDUE) == sorted(once * 2)


@pytest.mark.parametrize(
    ("people", "late"),
    [
        pytest.param(["erin"], False, marks=pytest.mark.at("submission")),
        pytest.param(["erin", "otto"], True, marks=pytest.mark.at("production")),
    ],
)
def test_author_and_late_on_operators_too_are_told_that_a_rehearsal_failed(cast, spec, people, late):
    factories.observe(phase_of(spec))

    factories.rehearse(cast, phase_of(spec), Verdict.FAILED)

    assert told(NoticeKind.REHEARSAL_FAILED) == people
    assert ("does not run in production" in Notice.objects.filter(kind=NoticeKind.REHEARSAL_FAILED)[0].text) == late


@pytest.mark.at("submission")
def test_rehearsal_that_passed_is_told_to_nobody(cast, spec):
    factories.observe(phase_of(spec))

    factories.rehearse(cast, phase_of(spec))

    assert told(NoticeKind.REHEARSAL_FAILED) == []


def test_whoever_may_approve_a_draft_of_the_policy_is_asked_and_its_author_is_told_what_came_of_it(cast):
    draft = factories.make_draft_policy(cast.operator)
    asked = told(NoticeKind.APPROVAL_ASKED)

    workflow.approve_policy(actor=cast.reviewer, version=draft)

    assert (asked, told(NoticeKind.APPROVAL_GIVEN)) == (["ravi", "rosa", "stella"], ["otto"])


def test_author_of_a_draft_that_somebody_drops_is_told_why(cast):
    draft = factories.make_draft_policy(cast.operator)

    workflow.drop_policy(actor=cast.reviewer, version=draft, reason="We are too few.")

    assert told(NoticeKind.REJECTED) == ["otto"]
    assert "We are too few." in Notice.objects.get(kind=NoticeKind.REJECTED).text


def test_who_could_approve_a_template_and_who_decides_for_somebody_are_told(cast):
    write(cast)
    about_template = told(NoticeKind.APPROVAL_ASKED)

    factories.make_delegation(cast.stakeholder, cast.auditor)

    assert about_template == ["otto", "ravi", "rosa"]
    assert told(NoticeKind.APPROVAL_ASKED) == ["ada", *about_template]


@pytest.mark.at("closure")
def test_owner_of_a_debt_is_told_once_a_week_that_it_is_overdue(cast, spec):
    yesterday = timezone.localdate() - timedelta(days=1)
    factories.review(cast, phase_of(spec), follow_ups=[Debt("Drop the old column", cast.engineer, yesterday)])

    handoff.remind()
    handoff.remind()
    once = told(NoticeKind.DEBT_OVERDUE)
    Notice.objects.update(at=timezone.now() - timedelta(days=8))
    handoff.remind()
    FollowUp.objects.get()

    assert once == ["erin", "otto"]
    assert told(NoticeKind.DEBT_OVERDUE) == ["erin", "erin", "otto", "otto"]
