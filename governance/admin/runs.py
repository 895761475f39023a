"""Deployments, runs and their steps: the live page, and lists."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from governance.admin.base import ReadOnlyAdmin, key_in, person_of
from governance.errors import Refusal
from governance.models import CheckResult, DecisionPoint, Deployment, Run, Step
from governance.pages.run import do, etag, run_page, shown_runs
from governance.pages.values import duration
from governance.visitors import refuse_strangers, roles_in


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["change", "kind", "target", "status", "requested_by", "requested_at", "took"]
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

    @admin.display(description="Took")
    def took(self, run: Run) -> SafeString:
        return duration(run.seconds)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = self._page(request, key_in(Run, object_id))
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
        refuse_strangers(request)
        run = get_object_or_404(Run.objects.select_related("deployment__phase__spec", "target"), pk=pk)
        try:
            messages.success(request, do(person_of(request), run, request.POST.dict()))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:governance_run_change", args=[pk]))

    def _page(self, request: HttpRequest, pk: Any) -> dict[str, Any]:
        refuse_strangers(request)
        return run_page(person_of(request), get_object_or_404(shown_runs(), pk=pk), roles_in(request))


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ["phase", "target", "applied", "version_before", "version_after"]
    list_filter = ["target", "applied"]
    list_select_related = ["phase__spec", "target"]
    search_fields = ["phase__spec__title"]
    related = ["runs"]


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "script", "status", "seconds", "attempts", "note"]
    list_filter = ["status"]
    search_fields = ["statement", "script"]


@admin.register(DecisionPoint)
class DecisionPointAdmin(ReadOnlyAdmin):
    list_display = ["text", "run", "cause", "at", "choice", "decided_by"]
    list_filter = ["cause", "choice", "action"]
    list_select_related = ["run__deployment__phase__spec", "run__deployment__target", "decided_by"]
    search_fields = ["text", "reason"]


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    list_display = ["name", "question", "moment", "verdict", "evidence"]
    list_filter = ["verdict", "question"]
    search_fields = ["name"]
