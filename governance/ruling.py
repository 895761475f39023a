"""Addresses of the approval policy: its page, and a draft by fields."""

import yaml
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.errors import BadPolicy, Refusal
from governance.models import PolicyVersion
from governance.pages.policy import DraftForm, policy_page, why_no_draft
from governance.pages.rules import Draft, draft_page, with_another
from governance.visitors import number_in, refuse_strangers, roles_in

DRAFTED = "{} is drafted. It holds once another person has approved it."


@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    if "approve" in request.POST or "drop" in request.POST:
        return _settle(request, person)
    form = DraftForm(request.POST, label_suffix="") if request.method == "POST" else None
    if form and form.is_valid() and _drafted(request, person, form):
        return HttpResponseRedirect(request.path)
    page = policy_page(person, roles_in(request), form, number_in(request.GET, "version"), number_in(request.GET, "against"))
    return render(request, "governance/policy.html", {**admin.site.each_context(request), "page": page, "title": "Policy"})


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    data = with_another(request.POST) if "another" in request.POST else request.POST or None
    drafted = Draft(PolicyVersion.objects.active().get(), data)
    if "draft" in request.POST and drafted.is_valid() and _drafted_by_fields(request, person, drafted):
        return HttpResponseRedirect(reverse("admin:policy"))
    page = {**draft_page(drafted), "off": why_no_draft(roles_in(request))}
    return render(request, "governance/policy_draft.html", {**admin.site.each_context(request), "page": page, "title": "Draft a policy"})


def _drafted_by_fields(request: HttpRequest, person: User, drafted: Draft) -> bool:
    try:
        version = workflow.draft_policy(actor=person, rules=drafted.plain(), **drafted.why.cleaned_data)
    except Refusal as refusal:
        drafted.refuse(refusal.message, refusal if isinstance(refusal, BadPolicy) else None)
        return False
    messages.success(request, DRAFTED.format(version))
    return True


def _drafted(request: HttpRequest, person: User, form: DraftForm) -> bool:
    """What was typed stays in the form where it is refused."""
    try:
        version = workflow.draft_policy(actor=person, rules=_read(form.cleaned_data["rules"]), reason=form.cleaned_data["reason"])
    except Refusal as refusal:
        form.add_error("rules" if isinstance(refusal, BadPolicy) else None, refusal.message)
        return False
    messages.success(request, DRAFTED.format(version))
    return True


def _read(text: str) -> object:
    """Raises BadPolicy."""
    try:
        return yaml.safe_load(text)
    except RecursionError as error:
        raise BadPolicy("The policy", "it has lists within lists without end", "Write a list of rules.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"Line {mark.line + 1}" if mark else "The policy"
        raise BadPolicy(where, f"it is no YAML ({getattr(error, 'problem', None) or 'cannot be read'})", "Correct it there.") from error


def _settle(request: HttpRequest, person: User) -> HttpResponse:
    version = get_object_or_404(PolicyVersion, pk=number_in(request.POST, "approve") or number_in(request.POST, "drop"))
    try:
        if "approve" in request.POST:
            workflow.approve_policy(actor=person, version=version)
            messages.success(request, f"{version} holds from now on. Business approvals given before are void.")
        else:
            workflow.drop_policy(actor=person, version=version, reason=request.POST.get("reason", ""))
            messages.success(request, f"{version} is dropped.")
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return HttpResponseRedirect(request.path)
