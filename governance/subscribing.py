"""The page on which people make and revoke calendar feeds, and the address at which programs read one."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from governance import workflow
from governance.errors import Refusal
from governance.feeds import as_icalendar
from governance.gates import clock
from governance.models import CalendarFeed
from governance.pages.feeds import FeedForm, feeds_page
from governance.visitors import refuse_strangers, roles_in


@never_cache
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Nobody signs in here: whoever knows the address reads it, until it is revoked."""
    found = workflow.feed_at(secret)
    if found is None:
        raise Http404("Nothing is here.")
    text = as_icalendar(found, clock(), request.build_absolute_uri("/").rstrip("/"))
    headers = {"Content-Disposition": 'inline; filename="lockgate.ics"', "Referrer-Policy": "no-referrer"}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    refuse_strangers(request)
    if "revoke" in request.POST:
        return _revoke(request, request.POST["revoke"])
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    form, made = FeedForm(request.POST or None, label_suffix=""), ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = workflow.make_feed(actor=person, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            form, made = FeedForm(label_suffix=""), request.build_absolute_uri(reverse("feed", args=[secret]))
    page = feeds_page(person, roles_in(request), form, made)
    return render(request, "governance/feeds.html", {**admin.site.each_context(request), "page": page, "title": "Calendar feeds"})


def _revoke(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(CalendarFeed, pk=key if key.isdecimal() else 0)
    try:
        workflow.revoke_feed(actor=request.user, feed=row)  # type: ignore[arg-type]
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The feed is revoked. Whoever reads its address finds nothing there from now on.")
    return HttpResponseRedirect(request.path)
