"""Public holidays as blackouts."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from governance import audit, recurrence
from governance.audit import save
from governance.errors import BadRecurrence
from governance.models import Environment, Window
from governance.windows import Tier, WindowKind
from governance.workflow.acts import act, checked, permit


@act
def add_holidays(
    *,
    actor: User,
    environment: Environment,
    country: str,
    year: int,
    subdivision: str = "",
    zone: str = "UTC",
    tier: str = Tier.HARD,
) -> list[Window]:
    """A blackout for each public holiday of the year, from midnight to midnight in the zone; those that are there already stay.

    Raises:
        MissingRole, BadRecurrence: no holidays are known for the country, or the zone has no such name
    """
    permit(actor, "add_holidays")
    recurrence.check_zone(zone)
    found = recurrence.holidays_of(country.upper(), year, subdivision.upper() or None)
    if not found:
        raise BadRecurrence(f"{country} {year}", "no holidays are known for this year", "Choose another year.")
    Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)  # or two at once would both find none there
    there = set(environment.windows.filter(kind=WindowKind.BLACKOUT).values_list("name", "starts"))
    days = [_blackout(environment, f"{name} ({country.upper()})", day, zone, tier) for day, name in sorted(found.items())]
    added = [save(actor, checked(window)) for window in days if (window.name, window.starts) not in there]
    audit.append(
        actor,
        "window.holidays",
        "",
        f"{actor} added {len(added)} of {len(days)} holidays of {country.upper()} {year} as {tier} blackouts of {environment}.",
        windows=[window.pk for window in added],
    )
    return added


def _blackout(environment: Environment, name: str, day: date, zone: str, tier: str) -> Window:
    starts, ends = (datetime.combine(each, time.min, ZoneInfo(zone)) for each in (day, day + timedelta(days=1)))
    return Window(environment=environment, kind=WindowKind.BLACKOUT, name=name[:100], starts=starts, ends=ends, zone=zone, tier=tier)
