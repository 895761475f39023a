"""Addresses of the approval page and of the specification as a document."""

import hashlib
from typing import Any

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
from governance.signing import Method, Signing
from governance.visitors import address_in, number_in, refuse_strangers, roles_in


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
    try:
        done = _act(request, phase, kind)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(request.path)
    messages.success(request, done)
    return HttpResponseRedirect(address_of(phase))


def _act(request: HttpRequest, phase: Phase, kind: ApprovalKind) -> str:
    """The sentence to show. Raises Refusal."""
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    given: dict[str, Any] = {"actor": person, "phase": phase, "reason": request.POST.get("reason", "").strip()}
    seen: dict[str, Any] = {"kind": kind, "digest": request.POST.get("digest", ""), "on_behalf_of": _right(request)}
    match request.POST.get("decision"):
        case "approve":
            workflow.approve(**given, **seen, step=number_in(request.POST, "step"), signing=signing_in(request))
            return "Approved. Your decision is bound to exactly what you saw."
        case "reject":
            workflow.reject(**given, **seen, signing=signing_in(request))
            return "Rejected. The author sees your reason."
        case "ask":
            workflow.comment(actor=person, phase=phase, text=given["reason"], kind=CommentKind.CHANGES)
            return "Asked for changes. Nobody can approve until the change is edited or you take it back."
    raise Http404


def signing_in(request: HttpRequest) -> Signing:
    """By the session, and by the password where one was typed. Raises WrongPassword."""
    session = hashlib.sha256((request.session.session_key or "").encode()).hexdigest()[:12]
    password, address = request.POST.get("password", ""), address_in(request)
    if not password:
        return Signing(Method.SESSION, session, address)
    return workflow.sign(actor=request.user, password=password, session=session, address=address)  # type: ignore[arg-type]


def _right(request: HttpRequest) -> User | None:
    """On whose behalf it is decided."""
    number = number_in(request.POST, "on_behalf_of")
    return get_object_or_404(User, pk=number) if number is not None else None


@require_safe
def specification(request: HttpRequest, pk: int) -> HttpResponse:
    refuse_strangers(request)
    spec = get_object_or_404(documented(), pk=pk)
    if request.GET.get("format") == "md":
        headers = {"Content-Disposition": f'attachment; filename="{spec.number}.md"'}
        return HttpResponse(as_markdown(spec), content_type="text/markdown; charset=utf-8", headers=headers)
    page = specification_page(spec)
    return render(request, "governance/specification.html", {**admin.site.each_context(request), "page": page, "title": page["title"]})
