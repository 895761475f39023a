"""What is told to whom of questions, bookings, drift and debts: one function for each event, called by whoever brought it about."""

from django.contrib.auth.models import User
from django.urls import reverse

from governance import audience
from governance.announcing import others
from governance.audit import Actor, System
from governance.lifecycle import Role, Stage
from governance.models import Booking, Collision, Comment, Drift, FollowUp, Phase
from governance.notices import NoticeKind, notify
from governance.policy import ApprovalKind


def moved(phase: Phase, before: Stage) -> None:
    """What a stage asks of people when it is reached."""
    if before < Stage.CLOSURE <= phase.at:
        notify(
            kind=NoticeKind.REVIEW_DUE,
            people=audience.approvers(phase, ApprovalKind.TECHNICAL),
            subject=f"{phase.spec.number} waits for its review",
            text=f"{phase} was watched long enough. Somebody other than its author says what came of it, and closes it.",
            phase=phase,
        )


def changes_asked(comment: Comment) -> None:
    phase = comment.phase
    notify(
        kind=NoticeKind.CHANGES_ASKED,
        people=others(audience.authors(phase), comment.person),
        subject=f"{comment.person} {'asks for changes to' if comment.kind == 'changes' else 'asks about'} {phase.spec.number}",
        text=comment.text,
        phase=phase,
        link=f"{reverse('admin:governance_spec_change', args=[phase.spec_id])}?tab=discussion",
    )


def booked(actor: User, booking: Booking, before: list[Booking]) -> None:
    """`before`: the bookings that it takes the place of."""
    phase, said = booking.phase, f"{actor} booked {booking.target} {_time(booking)} for {booking.phase}."
    was = f" It was booked {_time(before[0])} before." if before else ""
    notify(
        kind=NoticeKind.BOOKING_MOVED,
        people=others(audience.concerned(phase, booking.target), actor),
        subject=f"{phase.spec.number} is {'moved' if before else 'booked'} on {booking.target}",
        text=f"{said}{was}",
        phase=phase,
    )


def unbooked(actor: User, booking: Booking, people: list[User], reason: str) -> None:
    """`people`: who was booked or wrote it, asked for before the booking was given up."""
    notify(
        kind=NoticeKind.BOOKING_CANCELLED,
        people=others(people, actor),
        subject=f"{booking.phase.spec.number} is not booked on {booking.target} any more",
        text=f"{actor} withdrew {_time(booking)}: {reason}",
        phase=booking.phase,
    )


def collides(actor: Actor, row: Collision) -> None:
    """To the people of both, as either can give way."""
    one, other = row.booking.phase, row.other.phase
    people = list((audience.concerned(one) | audience.concerned(other)).distinct())
    notify(
        kind=NoticeKind.BOOKING_COLLIDES,
        people=people if isinstance(actor, System) else others(people, actor),
        subject=f"{one.spec.number} and {other.spec.number} disturb each other",
        text=row.why,
        phase=one,
        link=reverse("admin:calendar"),
    )


def drifted(drift: Drift, sentence: str) -> None:
    notify(
        kind=NoticeKind.DRIFT_FOUND,
        people=audience.holders(Role.OPERATOR, Role.REVIEWER),
        subject=f"{drift.target} was changed past the portal",
        text=sentence,
        link=reverse("admin:drift", args=[drift.pk]),
    )


def owed(debt: FollowUp) -> None:
    phase = debt.review.phase
    notify(
        kind=NoticeKind.DEBT_OVERDUE,
        people={debt.owner, *audience.holders(Role.OPERATOR)},
        subject=f"Overdue: {debt.title}",
        text=f"{debt.owner} owes it to {phase} since {debt.due:%d %b %Y}.",
        phase=phase,
        link=place_of(debt),
    )


def place_of(debt: FollowUp) -> str:
    return f"{reverse('admin:governance_spec_change', args=[debt.review.phase.spec_id])}?tab=review#debt-{debt.pk}"


def unreviewed(phase: Phase) -> None:
    notify(
        kind=NoticeKind.REVIEW_OVERDUE,
        people=audience.approvers(phase, ApprovalKind.TECHNICAL) | audience.holders(Role.OPERATOR),
        subject=f"The review of {phase.spec.number} is overdue",
        text=f"{phase}: nobody who took no part has said yet what came of it.",
        phase=phase,
    )


def _time(booking: Booking) -> str:
    return f"from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC"
