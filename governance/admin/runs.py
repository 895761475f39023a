"""Deployments, runs and their steps: the live page, and lists."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from governance.admin.base import ReadOnlyAdmin, may_read, pill
from governance.pages.run import LOOKS, do, etag, run_page
from governance.errors import Refusal
from governance.models import CheckResult, Deployment, Run, Step
from governance.orders import RunStatus

GLYPHS = {"ok": "ok", "bad": "no", "warn": "unk", "run": "run"}


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["change", "kind", "target", "state", "requested_by", "requested_at", "finished_at"]
    list_filter = ["status", "kind", "target"]
    list_select_related = ["deployment__phase__spec", "target", "requested_by"]
    search_fields = ["deployment__phase__spec__title", "message"]

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<uuid:pk>/body/", self.admin_site.admin_view(self.body_view), name="governance_run_body"),
            path("<uuid:pk>/act/", self.admin_site.admin_view(require_POST(self.act_view)), name="governance_run_act"),
            *super().get_urls(),
        ]

    @admin.display(description="Change", ordering="deployment__phase__spec__title")
    def change(self, run: Run) -> str:
        return str(run.deployment.phase)

    @admin.display(description="Status", ordering="status")
    def state(self, run: Run) -> SafeString:
        kind = LOOKS.get(RunStatus(run.status), "")
        return pill(kind, GLYPHS.get(kind, "wait"), run.get_status_display())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = self._page(request, object_id)
        context = {**self.admin_site.each_context(request), "run": page, "title": page["title"]}
        return render(request, "admin/governance/run/run_page.html", context)

    def body_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The page's body alone, or nothing when it is as it was: what the page polls."""
        page = self._page(request, pk)
        if request.GET.get("after") == etag(page):
            return HttpResponseNotModified()
        response = render(request, "_partials/run_body.html", {"run": page})
        response.headers["ETag"] = etag(page)
        return response

    def act_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        run = get_object_or_404(Run.objects.select_related("deployment__phase__spec", "target"), pk=pk)
        try:
            messages.success(request, do(request.user, run, request.POST.get("act", "")))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:governance_run_change", args=[pk]))

    def _page(self, request: HttpRequest, pk: Any) -> dict[str, Any]:
        if not may_read(request):
            raise PermissionDenied("Your account has no role yet. Ask an administrator for one.")
        rows = Run.objects.select_related("deployment__phase__spec", "target__environment", "requested_by")
        return run_page(request.user, get_object_or_404(rows, pk=pk))


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ["phase", "target", "applied", "version_before", "version_after"]
    list_filter = ["target", "applied"]
    list_select_related = ["phase__spec", "target"]
    search_fields = ["phase__spec__title"]


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "script", "status", "seconds", "attempts", "rows", "note"]
    list_filter = ["status"]
    search_fields = ["statement", "script"]


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    list_display = ["name", "question", "moment", "verdict", "evidence"]
    list_filter = ["verdict", "question"]
    search_fields = ["name"]
