"""What a change meets on a target at its time: a failure of late, unknown clients, busy hours, a window that is too short."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from governance import expectation
from governance.analysis.risk import Situation
from governance.lifecycle import FAILED
from governance.matrix import Compatibility
from governance.models import Booking, Phase, Prospect, Run, Target
from governance.windows import BusyDays, busy_between
from governance.wording import some, span

RECENT = timedelta(days=30)


def situation(phase: Phase, target: Target) -> Situation:
    booking = Booking.objects.live().filter(phase=phase, target=target).select_related("target__environment").first()
    return Situation(
        failed=_failed(phase, target),
        unknown=_unknown(phase, target),
        peak=_peak(booking) if booking else "",
        overrun=_overrun(booking) if booking else "",
    )


def _failed(phase: Phase, target: Target) -> str:
    """The last run that came to an end, there or of the change itself."""
    ended = Run.objects.filter(Q(target=target) | Q(deployment__phase=phase), finished_at__gt=timezone.now() - RECENT)
    last = ended.select_related("target").order_by("-finished_at").first()
    return f"The last run on {last.target} failed on {last.finished_at:%d %b}" if last and last.status in FAILED else ""


def _unknown(phase: Phase, target: Target) -> str:
    prospects = Prospect.objects.filter(phase=phase, target=target, verdict=Compatibility.UNKNOWN).select_related("client")
    clients = [str(each.client) for each in prospects]
    return f"Nobody knows whether {some(clients)} can live with it" if clients else ""


def _peak(booking: Booking) -> str:
    environment = booking.target.environment
    begins, ends = environment.busy_from, environment.busy_until
    zone, days = timezone.get_default_timezone(), BusyDays(environment.busy_days)
    if not begins or not ends or not busy_between(booking.starts, booking.ends, begins, ends, zone, days):
        return ""
    return f"It is booked in the busy hours of {environment}, {begins:%H:%M} to {ends:%H:%M}, {environment.get_busy_days_display().lower()}"


def _overrun(booking: Booking) -> str:
    analysis = expectation.latest_analyses([booking.phase_id]).filter(target=booking.target).first()
    if analysis is None:
        return ""
    takes = expectation.forecast(analysis.report, expectation.latest_facts([booking.target_id]).get(booking.target_id)).p90
    booked = (booking.ends - booking.starts).total_seconds()
    return f"It is forecast to take up to {span(takes)}, longer than the {span(booked)} that are booked" if _beyond(takes, booked) else ""


def _beyond(takes: float, booked: float) -> bool:
    """Of a duration that nobody can tell, nobody can tell this either."""
    return booked < takes < float("inf")
