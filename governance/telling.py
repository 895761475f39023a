"""What people are told of, by which way unless they chose another, and when something that did not arrive is sent again. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class NoticeKind(StrEnum):
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_VOIDED = "approval_voided"
    CHANGES_ASKED = "changes_asked"
    REJECTED = "rejected"
    BOOKING_MOVED = "booking_moved"
    BOOKING_CANCELLED = "booking_cancelled"
    BOOKING_COLLIDES = "booking_collides"
    REHEARSAL_FAILED = "rehearsal_failed"
    RUN_STARTED = "run_started"
    RUN_SUCCEEDED = "run_succeeded"
    RUN_FAILED = "run_failed"
    RUN_PAUSED = "run_paused"
    RUN_ROLLED_BACK = "run_rolled_back"
    RUN_WAITS = "run_waits"
    TRIGGER_FIRED = "trigger_fired"
    DRIFT_FOUND = "drift_found"
    ESCALATION = "escalation"
    EMERGENCY = "emergency"
    REVIEW_DUE = "review_due"
    REVIEW_OVERDUE = "review_overdue"
    DEBT_OVERDUE = "debt_overdue"
    DELIVERY_FAILED = "delivery_failed"


class Way(StrEnum):
    """In the portal always; and besides that by mail at once, or in a digest."""

    PORTAL = "portal"
    MAIL = "mail"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Told:
    label: str
    usual: Way
    state: str  # whose glyph stands before it


KINDS: Mapping[NoticeKind, Told] = {
    NoticeKind.APPROVAL_ASKED: Told("An approval is asked for", Way.MAIL, "queued"),
    NoticeKind.APPROVAL_GIVEN: Told("A change is approved", Way.PORTAL, "approved"),
    NoticeKind.APPROVAL_VOIDED: Told("An approval does not count any more", Way.MAIL, "stale"),
    NoticeKind.CHANGES_ASKED: Told("Somebody asks for changes", Way.MAIL, "warning"),
    NoticeKind.REJECTED: Told("A change is rejected", Way.MAIL, "rejected"),
    NoticeKind.BOOKING_MOVED: Told("Time is booked or moved", Way.PORTAL, "booked"),
    NoticeKind.BOOKING_CANCELLED: Told("A booking is withdrawn", Way.MAIL, "stale"),
    NoticeKind.BOOKING_COLLIDES: Told("Two bookings disturb each other", Way.MAIL, "warning"),
    NoticeKind.REHEARSAL_FAILED: Told("A rehearsal failed", Way.MAIL, "failed"),
    NoticeKind.RUN_STARTED: Told("A run starts", Way.PORTAL, "running"),
    NoticeKind.RUN_SUCCEEDED: Told("A run succeeded", Way.PORTAL, "succeeded"),
    NoticeKind.RUN_FAILED: Told("A run failed", Way.MAIL, "failed"),
    NoticeKind.RUN_PAUSED: Told("A run paused", Way.MAIL, "paused"),
    NoticeKind.RUN_ROLLED_BACK: Told("A change is rolled back", Way.MAIL, "rolled_back"),
    NoticeKind.RUN_WAITS: Told("A run waits for a decision", Way.MAIL, "warning"),
    NoticeKind.TRIGGER_FIRED: Told("A trigger of the monitoring period fired", Way.MAIL, "bad"),
    NoticeKind.DRIFT_FOUND: Told("A schema was changed past the portal", Way.MAIL, "bad"),
    NoticeKind.ESCALATION: Told("Something waits for too long", Way.MAIL, "warning"),
    NoticeKind.EMERGENCY: Told("An emergency is declared", Way.MAIL, "bad"),
    NoticeKind.REVIEW_DUE: Told("A review is due", Way.PORTAL, "queued"),
    NoticeKind.REVIEW_OVERDUE: Told("A review is overdue", Way.MAIL, "stale"),
    NoticeKind.DEBT_OVERDUE: Told("Something owed to a change is overdue", Way.MAIL, "stale"),
    NoticeKind.DELIVERY_FAILED: Told("A mail or a webhook did not arrive", Way.PORTAL, "bad"),
}

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=6)
ATTEMPTS = 20  # about two and a half days
SENT_ON: Mapping[str, Collection[int]] = {"daily": range(7), "workdays": range(5), "weekly": range(1)}  # days of the week


def pause_after(attempt: int, chance: float) -> timedelta:
    """Until the attempt after this one (from 1): doubling, bounded, its second half left to chance (0 to 1)."""
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 32))
    return ceiling / 2 * (1 + chance)


def last_digest(days: str, hour: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The last time until now at which a digest was to be sent. `days`: daily, workdays, or weekly on Mondays."""
    local = now.astimezone(zone)
    at = datetime.combine(local.date(), time(hour), zone)
    while at > now or at.weekday() not in SENT_ON[days]:
        at -= timedelta(days=1)  # on the wall clock of the zone
    return at
