"""Address of the page on which people make and revoke their API tokens."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.errors import Refusal
from governance.models import ApiToken
from governance.pages.tokens import TokenForm, tokens_page
from governance.visitors import refuse_strangers, roles_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    if "revoke" in request.POST:
        return _revoke(request, request.POST["revoke"])
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    form, made = TokenForm(request.POST or None, label_suffix=""), ""
    if request.method == "POST" and form.is_valid():
        try:
            made = workflow.make_token(actor=person, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            form = TokenForm(label_suffix="")
    page = tokens_page(person, roles_in(request), form, made)
    return render(request, "governance/tokens.html", {**admin.site.each_context(request), "page": page, "title": "API tokens"})


def _revoke(request: HttpRequest, key: str) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=key if key.isdecimal() else 0)
    try:
        workflow.revoke_token(actor=request.user, token=token)  # type: ignore[arg-type]
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"“{token.name}” is revoked. What uses it is refused from now on.")
    return HttpResponseRedirect(request.path)
