"""Pages beside the admin's own: calendar, compatibility, history and schema. Thin: who may see, which values, which template."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from governance.models import Target
from governance.pages.audit import Wanted as WantedEvents
from governance.pages.audit import audit_page
from governance.pages.calendar import calendar_page
from governance.pages.matrix import Wanted as WantedCells
from governance.pages.matrix import grid_of, matrix_page
from governance.pages.schema import snapshot_of, target_page, targets_page
from governance.pages.table import table_page
from governance.visitors import refuse_strangers, roles_in
from governance.workflow.records import KEEPERS

Given = ParamSpec("Given")
Reader = Callable[Concatenate[HttpRequest, Given], HttpResponse]


def for_readers(view: Reader[Given]) -> Callable[Concatenate[HttpRequest, Given], HttpResponse]:
    """For whoever has a role; `admin_view` has asked before whether somebody is signed in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        refuse_strangers(request)
        return require_safe(view)(request, *args, **kwargs)

    return checked


def is_keeper(request: HttpRequest) -> bool:
    return bool(roles_in(request) & KEEPERS)


def page(request: HttpRequest, template: str, title: str, values: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, "page": values})


@for_readers
def calendar(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/calendar.html", "Calendar", calendar_page(request.GET.get("month", ""), keeper=is_keeper(request)))


@for_readers
def matrix(request: HttpRequest) -> HttpResponse:
    wanted = WantedCells.of(request.GET)
    grid = grid_of(wanted)
    if request.GET.get("as") == "csv":
        headers = {"Content-Disposition": 'attachment; filename="compatibility.csv"'}
        return HttpResponse(grid.as_csv(), content_type="text/csv; charset=utf-8", headers=headers)
    return page(request, "governance/matrix.html", "Compatibility", matrix_page(wanted, grid, keeper=is_keeper(request)))


@for_readers
def audit(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/audit.html", "History", audit_page(WantedEvents.of(request.GET)))


@for_readers
def schemas(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/schemas.html", "Schema", targets_page())


@for_readers
def schema(request: HttpRequest, name: str) -> HttpResponse:
    target = get_object_or_404(Target.objects.select_related("environment"), name=name)
    snapshot = snapshot_of(target, request.GET.get("at", ""))
    return page(request, "governance/schema.html", target.name, target_page(target, snapshot, search=request.GET.get("q", "").strip()))


@for_readers
def table(request: HttpRequest, name: str, table: str) -> HttpResponse:
    target = get_object_or_404(Target.objects.select_related("environment"), name=name)
    snapshot = snapshot_of(target, request.GET.get("at", ""))
    values = table_page(target, snapshot, table) if snapshot else None
    if values is None:
        raise Http404(f"The snapshot of {target} holds no table {table}.")
    return page(request, "governance/table.html", values["name"], values)
