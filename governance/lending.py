"""Address of the page on which people delegate their decisions."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.errors import Refusal
from governance.models import Delegation
from governance.pages.delegations import DelegationForm, delegations_page
from governance.visitors import number_in, refuse_strangers, roles_in


@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    if "revoke" in request.POST:
        return _revoke(request, person)
    form = DelegationForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            made = workflow.delegate(actor=person, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{made.delegate} decides on your behalf until {made.ends:%d %b %Y %H:%M} UTC.")
            return HttpResponseRedirect(request.path)
    page = delegations_page(person, roles_in(request), form)
    return render(request, "governance/delegations.html", {**admin.site.each_context(request), "page": page, "title": "Delegations"})


def _revoke(request: HttpRequest, person: User) -> HttpResponse:
    delegation = get_object_or_404(Delegation, pk=number_in(request.POST, "revoke"))
    try:
        workflow.revoke_delegation(actor=person, delegation=delegation)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Ended. What was decided stays decided.")
    return HttpResponseRedirect(request.path)
