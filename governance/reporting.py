"""Address of the report on how changes are governed, and of the population it counts."""

import csv
from dataclasses import fields

from django.http import HttpRequest, HttpResponse, JsonResponse

from governance.counting import exported
from governance.pages.report import report_page
from governance.population import Member
from governance.views import for_readers, page


@for_readers
def report(request: HttpRequest) -> HttpResponse:
    match request.GET.get("as"):
        case "csv":
            return _as_csv(exported(request.user))  # type: ignore[arg-type]
        case "json":
            members = [member.as_row() for member in exported(request.user)]  # type: ignore[arg-type]
            return JsonResponse({"count": len(members), "changes": members}, headers=_file("population.json"))
    return page(request, "governance/report.html", "How changes are governed", report_page())


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _as_csv(members: list[Member]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={**_file("population.csv"), "X-Count": str(len(members))})
    writer = csv.DictWriter(response, [*(field.name for field in fields(Member)), "outcome"])
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in member.as_row().items()} for member in members)
    return response


def _plain(value: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value
