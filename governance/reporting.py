"""Address of the report on how changes are governed, and of the population it counts."""

import csv
from dataclasses import fields
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from governance.counting import exported
from governance.pages.report import report_page
from governance.population import Member
from governance.views import for_readers, page


@for_readers
def report(request: HttpRequest) -> HttpResponse:
    if request.GET.get("as") in ("csv", "json"):
        try:
            return _exported(request)
        except ValueError:
            messages.error(
                request, "Nothing was exported: a day of the period cannot be read. Write both as 2026-01-31, or leave them empty."
            )
    return page(request, "governance/report.html", "How changes are governed", report_page())


def _exported(request: HttpRequest) -> HttpResponse:
    """Changes submitted on the days of the period, its last one included."""
    since, until = _midnight(request.GET.get("since", "")), _midnight(request.GET.get("until", ""))
    members, sealed = exported(request.user, since, until and until + timedelta(days=1))  # type: ignore[arg-type]
    if request.GET["as"] == "csv":
        return _as_csv(members, sealed)
    rows = [member.as_row() for member in members]
    return JsonResponse({"count": len(members), "sha256": sealed, "changes": rows}, headers=_file("population.json"))


def _midnight(day: str) -> datetime | None:
    """At which it begins on the portal's clock. Raises ValueError."""
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), time())) if day else None


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _as_csv(members: list[Member], sealed: str) -> HttpResponse:
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={**_file("population.csv"), "X-Count": str(len(members)), "X-SHA256": sealed}
    )
    writer = csv.DictWriter(response, [*(field.name for field in fields(Member)), "outcome"])
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in member.as_row().items()} for member in members)
    return response


def _plain(value: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value
