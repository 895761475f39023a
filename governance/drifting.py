"""Addresses of a drift, where people answer for it, and of two schemas side by side."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.acts import ACTS
from governance.errors import BadInput, Refusal
from governance.models import Drift, SchemaSnapshot, Spec
from governance.pages.drift import comparison_page, drift_page
from governance.views import for_readers, page
from governance.visitors import refuse_strangers, roles_in


@require_http_methods(["GET", "HEAD", "POST"])
def drift(request: HttpRequest, pk: int) -> HttpResponse:
    refuse_strangers(request)
    row = get_object_or_404(Drift.objects.select_related("target__environment", "before", "change", "decided_by"), pk=pk)
    if request.method == "POST":
        return _answer(request, row)
    roles = roles_in(request)
    allowed = {name: bool(ACTS[f"{name}_drift"].roles & roles) for name in ("accept", "link")}
    values = drift_page(row, may_accept=allowed["accept"], may_link=allowed["link"])
    return page(request, "governance/drift.html", f"Drift of {row.target}", values)


def _answer(request: HttpRequest, row: Drift) -> HttpResponse:
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    reason = request.POST.get("reason", "").strip()
    try:
        match request.POST.get("answer"):
            case "accept":
                workflow.accept_drift(actor=person, drift=row, reason=reason)
                messages.success(request, f"Accepted: this is what {row.target} is expected to be now.")
            case "link":
                workflow.link_drift(actor=person, drift=row, spec=_change(request.POST.get("change", "")), reason=reason)
                messages.success(request, "Linked. The change says what was done.")
            case _:
                raise Http404
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return HttpResponseRedirect(request.path)


def _change(number: str) -> Spec:
    digits = number.strip().upper().removeprefix("CHG-")
    found = Spec.objects.filter(pk=digits).first() if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if found is None:
        raise BadInput(f"No change is known as “{number}”. Write its number, for example CHG-12.")
    return found


@for_readers
def comparison(request: HttpRequest) -> HttpResponse:
    sides = [_snapshot(request.GET.get(name, "")) for name in ("left", "right")]
    return page(request, "governance/comparison.html", "Two schemas", comparison_page(*sides))


def _snapshot(key: str) -> SchemaSnapshot | None:
    rows = SchemaSnapshot.objects.select_related("target")
    return rows.filter(pk=key).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
