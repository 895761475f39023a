"""Addresses of what reviews taught, and of the debt they left."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from governance import workflow
from governance.errors import Refusal
from governance.models import CheckResult, FollowUp
from governance.orders import Verdict
from governance.pages.debts import debts_page
from governance.pages.lessons import lessons_page
from governance.pages.values import address_of
from governance.views import for_readers, page
from governance.visitors import refuse_strangers, roles_in


@for_readers
def lessons(request: HttpRequest) -> HttpResponse:
    values = lessons_page(request.GET.get("q", "").strip().replace("\0", ""), request.GET.get("table", "").strip().replace("\0", ""))
    return page(request, "governance/lessons.html", "Lessons", values)


@require_http_methods(["GET", "HEAD", "POST"])
def debts(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    if request.method == "POST":
        return _settle(request)
    return page(request, "governance/debts.html", "Technical debt", debts_page(request.user, roles_in(request)))  # type: ignore[arg-type]


def _settle(request: HttpRequest) -> HttpResponse:
    key, person = request.POST.get("debt", ""), request.user
    debt = get_object_or_404(FollowUp, pk=key if key.isascii() and key.isdigit() and len(key) < 19 else 0)
    try:
        match request.POST.get("act"):
            case "done":
                workflow.finish_debt(actor=person, debt=debt)  # type: ignore[arg-type]
                messages.success(request, f"“{debt}” is done.")
            case "waive":
                workflow.waive_debt(actor=person, debt=debt, reason=request.POST.get("reason", ""))  # type: ignore[arg-type]
                messages.success(request, f"“{debt}” is waived. The reason is kept.")
            case _:
                raise Http404
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return HttpResponseRedirect(request.path)


@require_POST
def supersede(request: HttpRequest, pk: int) -> HttpResponse:
    """What holds instead of a check; the result itself stays."""
    refuse_strangers(request)
    result = get_object_or_404(CheckResult.objects.select_related("run__deployment__phase"), pk=pk)
    wanted = request.POST.get("verdict", Verdict.PASSED)
    if wanted not in set(Verdict):
        raise Http404
    try:
        reason = request.POST.get("reason", "")
        workflow.supersede_check(actor=request.user, result=result, verdict=Verdict(wanted), reason=reason)  # type: ignore[arg-type]
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"“{result.name}” counts as {wanted}. What was found stays beside it.")
    return HttpResponseRedirect(f"{address_of(result.run.deployment.phase)}&tab=checks")
