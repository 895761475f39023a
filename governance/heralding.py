"""What is told to whom of questions, bookings, drift, debts, drafts and delegations: one function for each event."""

from django.contrib.auth.models import User
from django.urls import reverse

from governance import audience
from governance.acts import ACTS
from governance.announcing import others
from governance.audit import Actor, System
from governance.lifecycle import Role, Stage
from governance.models import Booking, Collision, Comment, Delegation, Drift, FollowUp, Phase, PolicyState, PolicyVersion, TemplateVersion
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


def policy_drafted(actor: User, row: PolicyVersion) -> None:
    """To everybody else who may approve it."""
    notify(
        kind=NoticeKind.APPROVAL_ASKED,
        people=others(audience.holders(*ACTS["approve_policy"].roles), actor),
        subject=f"{row} waits for a second person",
        text=f"{actor} drafted it: {row.reason} It holds once somebody else has approved it.",
        link=f"{reverse('admin:policy')}?version={row.number}",
    )


def policy_decided(actor: User, row: PolicyVersion, reason: str = "") -> None:
    approved = row.state == PolicyState.ACTIVE
    notify(
        kind=NoticeKind.APPROVAL_GIVEN if approved else NoticeKind.REJECTED,
        people=others([row.drafted_by] if row.drafted_by else [], actor),
        subject=f"{row} {'holds now' if approved else 'is dropped'}",
        text=f"{actor} {'approved' if approved else 'dropped'} it. {reason}".strip(),
        link=f"{reverse('admin:policy')}?version={row.number}",
    )


def template_written(version: TemplateVersion) -> None:
    notify(
        kind=NoticeKind.APPROVAL_ASKED,
        people=others(audience.holders(*ACTS["approve_template"].roles), version.written_by),
        subject=f"The template {version} waits for its approval",
        text=f"{version.written_by} wrote it: {version.template.purpose} What is made from it is standard once two others approve it.",
        link=reverse("admin:template", args=[version.template_id]),
    )


def delegated(row: Delegation) -> None:
    notify(
        kind=NoticeKind.APPROVAL_ASKED,
        people=[row.delegate],
        subject=f"You decide for {row.person} from {row.starts:%d %b %H:%M} to {row.ends:%d %b %H:%M} UTC",
        text=f"{row.reason}. Both of you have one voice together; the page of each approval asks on whose behalf you give it.",
        link=reverse("admin:delegations"),
    )


def _time(booking: Booking) -> str:
    return f"from {booking.starts:%d %b %H:%M} to {booking.ends:%d %b %H:%M} UTC"
