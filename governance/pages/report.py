"""How changes are governed: emergencies, rejections, and what became of every change."""

from typing import Any

from django.utils import timezone

from governance.counting import outcomes, report
from governance.models import BreakGlass
from governance.pages.values import address_of, person_name
from governance.population import PERIOD, Outcome

GLYPHS = {Outcome.OPEN: "wait", Outcome.CLOSED: "closed", Outcome.CANCELLED: "skipped", Outcome.REJECTED: "rejected"}


def report_page() -> dict[str, Any]:
    found, ends = report(timezone.now() - PERIOD), outcomes()
    return {
        "report": found,
        "emergency_share": _percent(found.emergency_share),
        "rejection_rate": _percent(found.rejection_rate),
        "count": sum(ends.values()),
        "outcomes": [
            {"word": outcome.replace("_", " ").capitalize(), "count": count, "state": GLYPHS.get(outcome, outcome)}
            for outcome, count in ends.items()
        ],
        "emergencies": [_emergency(row) for row in BreakGlass.objects.select_related("phase__spec", "opened_by", "reviewed_by")[:50]],
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}".replace("%", " %")


def _emergency(row: BreakGlass) -> dict[str, Any]:
    late = row.reviewed_at is None and row.review_due <= timezone.now()
    if row.reviewed_at:
        state, word = ("passed", "Justified") if row.justified else ("failed", "Not justified")
    else:
        state, word = ("bad", "Review overdue") if late else ("wait", "Review due")
    return {
        "title": f"{row.incident}: {row.phase}",
        "url": address_of(row.phase),
        "sub": f"{person_name(row.opened_by)}: {row.reason}",
        "state": state,
        "word": word,
        "at": row.opened_at,
    }
