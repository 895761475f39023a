"""The pages on which people read what they were told."""

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from governance import workflow
from governance.models import Notice
from governance.pages.notices import Wanted, notices_page
from governance.visitors import refuse_strangers


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """One's own, and what marks them read or unread."""
    refuse_strangers(request)
    person: User = request.user  # type: ignore[assignment]  # admin_view lets nobody else in
    if request.method == "POST":
        _mark(person, request.POST.get("read", ""), request.POST.get("unread", ""))
        return HttpResponseRedirect(request.get_full_path())
    page = notices_page(person, Wanted.of(request.GET))
    return render(request, "governance/notices.html", {**admin.site.each_context(request), "page": page, "title": "Notices"})


def _mark(person: User, read: str, unread: str) -> None:
    if read == "all":
        workflow.mark_read(actor=person)
    elif read.isdecimal():
        workflow.mark_read(actor=person, notices=[int(read)])
    elif unread.isdecimal():
        workflow.mark_unread(actor=person, notices=[int(unread)])


@never_cache
@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """On to the page that it leads to; whoever opened that has read it."""
    refuse_strangers(request)
    row = get_object_or_404(Notice, pk=pk, person=request.user)
    workflow.mark_read(actor=row.person, notices=[row.pk])
    return HttpResponseRedirect(row.link or reverse("admin:notices"))
