"""What time alone makes overdue: debts of changes, and reviews that nobody holds. Told once, and again when a while has passed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance import announcing, heralding
from governance.lifecycle import Stage
from governance.models import BreakGlass, FollowUp, Notice, Phase
from governance.notices import page_of
from governance.telling import NoticeKind

AGAIN = timedelta(days=7)
REVIEW_WITHIN = timedelta(days=3)  # of being asked for


def remind() -> None:
    """Of two clocks one tells: the rows are locked before it is asked what was told."""
    now = timezone.now()
    with transaction.atomic():
        overdue = FollowUp.objects.filter(done_at=None, due__lt=timezone.localdate()).select_for_update(
            of=("self",), skip_locked=True, no_key=True
        )
        debts = list(overdue.select_related("owner", "review__phase__spec"))
        told = set(Notice.objects.filter(kind=NoticeKind.DEBT_OVERDUE, at__gt=now - AGAIN).values_list("link", flat=True))
        for debt in debts:
            if heralding.place_of(debt) not in told:
                heralding.owed(debt)
        waiting = Phase.objects.open().filter(stage=Stage.CLOSURE).select_for_update(of=("self",), skip_locked=True, no_key=True)
        for phase in list(waiting.select_related("spec")):
            if _is_unreviewed(phase, now):
                heralding.unreviewed(phase)
        for row in (
            BreakGlass.objects.overdue()
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("phase__spec", "opened_by")
        ):
            if not _told_lately(now, row.phase, announcing.review_link(row)):
                announcing.emergency_unreviewed(row)


def _is_unreviewed(phase: Phase, now: datetime) -> bool:
    link = page_of(phase)  # that of an emergency leads elsewhere
    asked = Notice.objects.filter(phase=phase, link=link, kind=NoticeKind.REVIEW_DUE, at__lt=now - REVIEW_WITHIN)
    return asked.exists() and not _told_lately(now, phase, link)


def _told_lately(now: datetime, phase: Phase, link: str) -> bool:
    return Notice.objects.filter(phase=phase, link=link, kind=NoticeKind.REVIEW_OVERDUE, at__gt=now - AGAIN).exists()
