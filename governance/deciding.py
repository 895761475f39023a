"""Addresses of the approval page and of the specification as a document."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from governance import workflow
from governance.case import case_of, phases
from governance.documents.record import documented, specification_page
from governance.documents.specification import as_markdown
from governance.errors import Refusal
from governance.models import CommentKind, Phase
from governance.pages.approve import approve_page
from governance.pages.values import address_of
from governance.policy import ApprovalKind
from governance.visitors import refuse_strangers, roles_in


@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, phase: int, kind: str) -> HttpResponse:
    refuse_strangers(request)
    if kind not in set(ApprovalKind):
        raise Http404
    if request.method == "POST":
        return _decide(request, get_object_or_404(Phase.objects.select_related("spec__author"), pk=phase), ApprovalKind(kind))
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    case = case_of(get_object_or_404(phases(), pk=phase))
    page = approve_page(person, roles_in(request), case, ApprovalKind(kind))
    return render(request, "governance/approve.html", {**admin.site.each_context(request), "page": page, "title": page["title"]})


def _decide(request: HttpRequest, phase: Phase, kind: ApprovalKind) -> HttpResponse:
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    digest, reason = request.POST.get("digest", ""), request.POST.get("reason", "").strip()
    try:
        match request.POST.get("decision"):
            case "approve":
                workflow.approve(actor=person, phase=phase, kind=kind, digest=digest, reason=reason)
                done = "Approved. Your decision is bound to exactly what you saw."
            case "reject":
                workflow.reject(actor=person, phase=phase, kind=kind, digest=digest, reason=reason)
                done = "Rejected. The author sees your reason."
            case "ask":
                workflow.comment(actor=person, phase=phase, text=reason, kind=CommentKind.CHANGES)
                done = "Asked for changes. Nobody can approve until the change is edited or you take it back."
            case _:
                raise Http404
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(request.path)
    messages.success(request, done)
    return HttpResponseRedirect(address_of(phase))


@require_safe
def specification(request: HttpRequest, pk: int) -> HttpResponse:
    refuse_strangers(request)
    spec = get_object_or_404(documented(), pk=pk)
    if request.GET.get("format") == "md":
        headers = {"Content-Disposition": f'attachment; filename="{spec.number}.md"'}
        return HttpResponse(as_markdown(spec), content_type="text/markdown; charset=utf-8", headers=headers)
    page = specification_page(spec)
    return render(request, "governance/specification.html", {**admin.site.each_context(request), "page": page, "title": page["title"]})
