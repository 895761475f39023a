"""The pages on which operators set up webhooks and see what arrived, and the one on which people choose how they are told."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from governance import workflow
from governance.errors import Refusal
from governance.models import Delivery, Webhook
from governance.pages.notice_choices import ChoicesForm, choices_page
from governance.pages.webhooks import WebhookForms, deliveries_page, webhook_page, webhooks_page
from governance.visitors import refuse_strangers, roles_in


def _page(request: HttpRequest, template: str, title: str, page: dict[str, Any]) -> HttpResponse:
    return render(request, f"governance/{template}.html", {**admin.site.each_context(request), "page": page, "title": title})


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]  # admin_view lets nobody else in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    person = _person(request)
    form = ChoicesForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        digest = {name: form.cleaned_data[name] for name in ("days", "hour", "zone")}
        workflow.choose_ways(actor=person, ways=form.ways, **digest)
        messages.success(request, "Kept. From now on you are told as you chose.")
        return HttpResponseRedirect(request.path)
    return _page(request, "notice_choices", "How I am told", choices_page(person, form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    form, made = WebhookForms(request.POST or None, label_suffix=""), ""
    if request.method == "POST" and form.is_valid():
        try:
            made = workflow.make_webhook(actor=_person(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            form = WebhookForms(label_suffix="")
    return _page(request, "webhooks", "Webhooks", webhooks_page(roles_in(request), form, made))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    refuse_strangers(request)
    row, secret = get_object_or_404(Webhook.objects.select_related("made_by"), pk=pk), ""
    if "renew" in request.POST:
        secret = _done(request, "Its secret is renewed.", lambda: workflow.renew_secret(actor=_person(request), webhook=row)) or ""
    elif request.method == "POST":
        _act_on(request, row)
        return HttpResponseRedirect(request.path)
    return _page(request, "webhook", row.name, webhook_page(row, roles_in(request), secret))


def _act_on(request: HttpRequest, row: Webhook) -> None:
    person = _person(request)
    if "test" in request.POST:
        _done(request, "A test is on its way. Open this page again in a moment.", lambda: workflow.send_test(actor=person, webhook=row))
    elif "end" in request.POST:
        _done(request, f"“{row}” has ended: nothing is sent there any more.", lambda: workflow.end_webhook(actor=person, webhook=row))
    elif "again" in request.POST:
        _send_again(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deliveries(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    if request.method == "POST":
        _send_again(request)
        return HttpResponseRedirect(request.path)
    return _page(request, "deliveries", "Deliveries", deliveries_page(roles_in(request)))


def _send_again(request: HttpRequest) -> None:
    row = get_object_or_404(Delivery, pk=_uuid(request.POST.get("again", "")))
    _done(request, "It is sent again, with the id that it had.", lambda: workflow.send_again(actor=_person(request), delivery=row))


def _uuid(text: str) -> UUID:
    """Raises Http404."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404("There is no such delivery.") from error


def _done(request: HttpRequest, said: str, act: Callable[[], Any]) -> Any:
    try:
        result = act()
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return None
    messages.success(request, said)
    return result
