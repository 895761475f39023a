"""Windows and blackouts as a calendar shows them: each time they happen in a span."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Coalesce

from governance.models import Window
from governance.pages.values import address_of
from governance.windows import Tier, WindowKind


@dataclass(frozen=True, slots=True)
class Occurrence:
    window: Window  # of `known_windows`
    starts: datetime
    ends: datetime

    @property
    def name(self) -> str:
        return self.window.name

    @property
    def scope(self) -> str:
        return self.window.scope_name  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        return address_of(self.window)

    @property
    def is_blackout(self) -> bool:
        return self.window.kind == WindowKind.BLACKOUT

    @property
    def closes(self) -> bool:
        return self.is_blackout and self.window.tier == Tier.HARD

    @property
    def word(self) -> str:
        """ "Window", "Blackout", "Soft blackout"."""
        if not self.is_blackout:
            return "Window"
        return "Blackout" if self.closes else f"{self.window.get_tier_display()} blackout"

    def overlaps(self, starts: datetime, ends: datetime) -> bool:
        return self.starts < ends and starts < self.ends


def known_windows(since: datetime) -> list[Window]:
    """With the names of what they are for; without those that were over before."""
    named = Coalesce("environment__name", "target__name", "domain__name")
    return list(Window.objects.not_over(since).annotate(scope_name=named).order_by("starts", "pk"))


def occurrences(rows: Iterable[Window], starts: datetime, ends: datetime) -> list[Occurrence]:
    found = [Occurrence(row, *each) for row in rows for each in row.occurrences(starts, ends)]
    return sorted(found, key=lambda each: (each.starts, each.window.pk))
