"""Pages beside the admin's own: calendar, compatibility, history and schema. Thin: who may see, which values, which template."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from governance import workflow
from governance.acts import ACTS
from governance.errors import Refusal
from governance.models import Target
from governance.pages.agenda import agenda_page
from governance.pages.audit import Wanted as WantedEvents
from governance.pages.audit import audit_page
from governance.pages.calendar import calendar_page
from governance.pages.duties import decisions
from governance.pages.matrix import Wanted as WantedCells
from governance.pages.matrix import grid_of, matrix_page
from governance.pages.outlook import outlook_page
from governance.pages.schema import moment_of, snapshot_at, snapshot_of, target_page, targets_page
from governance.pages.sequence import sequence_page
from governance.pages.table import table_page
from governance.pages.week import week_page
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
def approvals(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/approvals.html", "Approvals", decisions(request.user, roles_in(request)))  # type: ignore[arg-type]


@for_readers
def calendar(request: HttpRequest) -> HttpResponse:
    """A month, a week or an agenda."""
    since, keeper = request.GET.get("from", ""), is_keeper(request)
    mover = bool(roles_in(request) & ACTS["book"].roles)
    match request.GET.get("view"):
        case "week":
            return page(request, "governance/week.html", "Calendar", week_page(since, keeper=keeper, mover=mover))
        case "agenda":
            return page(request, "governance/agenda.html", "Calendar", agenda_page(since, keeper=keeper, mover=mover))
    month = calendar_page(request.GET.get("month", ""), keeper=keeper, mover=mover)
    return page(request, "governance/calendar.html", "Calendar", month)


@for_readers
def sequence(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/sequence.html", "Order of changes", sequence_page())


@for_readers
def matrix(request: HttpRequest) -> HttpResponse:
    wanted, roles = WantedCells.of(request.GET), roles_in(request)
    if wanted.view:
        return page(request, "governance/matrix_view.html", "Compatibility", outlook_page(wanted, keeper=is_keeper(request)))
    grid = grid_of(wanted, reasons=request.GET.get("as") == "json")
    if request.GET.get("as") == "csv":
        headers = {"Content-Disposition": 'attachment; filename="compatibility.csv"'}
        return HttpResponse(grid.as_csv(), content_type="text/csv; charset=utf-8", headers=headers)
    if request.GET.get("as") == "json":
        headers = {"Content-Disposition": 'attachment; filename="compatibility.json"'}
        return JsonResponse({"cells": grid.as_json()}, headers=headers)
    return page(request, "governance/matrix.html", "Compatibility", matrix_page(wanted, grid, roles=roles, keeper=is_keeper(request)))


@for_readers
def audit(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/audit.html", "History", audit_page(WantedEvents.of(request.GET)))


@for_readers
def schemas(request: HttpRequest) -> HttpResponse:
    return page(request, "governance/schemas.html", "Schema", targets_page())


@for_readers
def schema(request: HttpRequest, name: str) -> HttpResponse:
    target = get_object_or_404(Target.objects.select_related("environment"), name=name)
    moment = moment_of(request.GET.get("moment", ""))
    then = snapshot_at(target, moment) if moment else None
    snapshot = then or snapshot_of(target, request.GET.get("at", ""))
    values = target_page(target, snapshot, search=request.GET.get("q", "").strip())
    values |= {"moment": moment, "unknown_then": moment is not None and then is None and snapshot is not None}
    values["may_observe"] = bool(roles_in(request) & ACTS["observe"].roles)
    return page(request, "governance/schema.html", target.name, values)


@require_POST
def observe(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the runner to look at a target now; the first look is its baseline."""
    refuse_strangers(request)
    target = get_object_or_404(Target, name=name)
    try:
        workflow.observe(actor=request.user, target=target)  # type: ignore[arg-type]
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"The runner reads {target}. Open this page again in a moment.")
    return HttpResponseRedirect(reverse("admin:schema_target", args=[target.name]))


@for_readers
def table(request: HttpRequest, name: str, table: str) -> HttpResponse:
    target = get_object_or_404(Target.objects.select_related("environment"), name=name)
    snapshot = snapshot_of(target, request.GET.get("at", ""))
    values = table_page(target, snapshot, table) if snapshot else None
    if values is None:
        raise Http404(f"The snapshot of {target} holds no table {table}.")
    return page(request, "governance/table.html", values["name"], values)
