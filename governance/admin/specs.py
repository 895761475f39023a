"""Changes: the list, the form that submits one, the page of one, and its scripts."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from governance import workflow
from governance.admin.base import ReadOnlyAdmin, may_read, pill, refusals_as_messages, roles_in
from governance.admin.forms import FORMS, ScriptForm, SubmissionForm
from governance.pages.acts import do
from governance.pages.change import TABS, change_page
from governance.errors import Refusal
from governance.lifecycle import ACTS, PhaseStatus
from governance.models import Answer, Dependency, Phase, Script, Spec, TestEvidence

RISKS = {"low": ("low", "low"), "medium": ("mid", "mid"), "high": ("high", "high"), "critical": ("high", "high")}


@admin.register(Spec)
class SpecAdmin(ReadOnlyAdmin):
    form = SubmissionForm
    list_display = ["number", "title", "stage", "risk", "change_class", "author", "created_at"]
    list_display_links = ["number", "title"]
    list_filter = ["phases__stage", "phases__risk", "phases__change_class"]
    list_select_related = ["author"]
    search_fields = ["title", "purpose", "phases__scripts__name"]
    fieldsets = SubmissionForm.FIELDSETS
    autocomplete_fields: list[str] = []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Spec]:
        return super().get_queryset(request).prefetch_related("phases")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_in(request) & ACTS["submit"].roles)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/<int:phase>/act/<slug:name>/", wrap(require_POST(self.act_view)), name="governance_spec_act"),
            path("<int:pk>/<int:phase>/form/<slug:name>/", wrap(self.form_view), name="governance_spec_form"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Spec, form: SubmissionForm, change: bool) -> None:  # type: ignore[override]
        spec = workflow.submit(actor=request.user, specification=form.specification(), scripts=form.script_files())
        obj.__dict__.update(spec.__dict__)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Nothing: `submit` has saved all of it."""

    def _changeform_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        return refusals_as_messages(request, lambda: super(SpecAdmin, self)._changeform_view(request, *given))

    def response_add(self, request: HttpRequest, obj: Spec, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, f"{obj.number} is submitted. Its page says what is missing to go on.")
        return HttpResponseRedirect(reverse("admin:governance_spec_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not may_read(request):
            raise PermissionDenied
        spec = get_object_or_404(Spec.objects.select_related("author").prefetch_related("phases", "domains"), pk=object_id)
        tab = request.GET.get("tab", "specification")
        phase = request.GET.get("phase", "")
        page = change_page(request.user, spec, int(phase) if phase.isdigit() else None, tab if tab in TABS else TABS[0])
        context = {**self.admin_site.each_context(request), "page": page, "title": page["title"]}
        return render(request, "admin/governance/spec/change_page.html", context)

    def act_view(self, request: HttpRequest, pk: int, phase: int, name: str) -> HttpResponse:
        row = get_object_or_404(Phase.objects.select_related("spec__author"), pk=phase, spec=pk)
        try:
            messages.success(request, do(request.user, row, name, request.POST.dict()))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(request.META.get("HTTP_REFERER") or reverse("admin:governance_spec_change", args=[pk]))

    def form_view(self, request: HttpRequest, pk: int, phase: int, name: str) -> HttpResponse:
        """An act that needs more than a click: booking, evidence, review, editing the specification."""
        row = get_object_or_404(Phase.objects.select_related("spec__author"), pk=phase, spec=pk)
        if name not in FORMS:
            raise PermissionDenied
        form = FORMS[name](request.POST or None, phase=row)
        if request.method == "POST" and form.is_valid():
            try:
                form.carry_out(request.user)
            except Refusal as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"{ACTS[name].label}: done.")
                return HttpResponseRedirect(reverse("admin:governance_spec_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "form": form, "title": ACTS[name].label, "phase": row, "spec": row.spec}
        return render(request, "admin/governance/spec/act_form.html", context)

    @admin.display(description="Number", ordering="pk")
    def number(self, spec: Spec) -> str:
        return spec.number

    @admin.display(description="Stage")
    def stage(self, spec: Spec) -> SafeString:
        phase = spec.phases.all()[0]
        if phase.status == PhaseStatus.CLOSED:
            return pill("ok", "ok", "Closed")
        if phase.status == PhaseStatus.CANCELLED:
            return pill("", "no", "Cancelled")
        return pill("", "wait", phase.at.title)

    @admin.display(description="Risk")
    def risk(self, spec: Spec) -> SafeString | str:
        phase = spec.phases.all()[0]
        if not phase.risk:
            return "–"
        look, glyph = RISKS[phase.risk]
        markup = '<span class="risk {}"><svg class="ic" aria-hidden="true"><use href="#g-{}"/></svg>{}</span>'
        return format_html(markup, look, glyph, phase.get_risk_display())

    @admin.display(description="Class")
    def change_class(self, spec: Spec) -> str:
        return spec.phases.all()[0].get_change_class_display()


@admin.register(Script)
class ScriptAdmin(ReadOnlyAdmin):
    """A script's text can be edited, which voids approvals and goes back to script development."""

    form = ScriptForm
    list_display = ["name", "kind", "phase", "checksum", "repository", "commit"]
    list_filter = ["kind"]
    list_select_related = ["phase__spec"]
    search_fields = ["name", "text"]
    readonly_fields = ["phase", "kind", "name", "version", "checksum", "repository", "commit", "request"]
    fields = ["name", "text", "phase", "kind", "version", "checksum", "repository", "commit", "request"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(roles_in(request) & ACTS["edit_script"].roles)

    def save_model(self, request: HttpRequest, obj: Script, form: ModelForm, change: bool) -> None:
        workflow.edit_script(actor=request.user, script=obj, text=form.cleaned_data["text"])

    def _changeform_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        return refusals_as_messages(request, lambda: super(ScriptAdmin, self)._changeform_view(request, *given))


@admin.register(Dependency)
class DependencyAdmin(ReadOnlyAdmin):
    list_display = ["spec", "kind", "other"]
    list_select_related = ["spec", "other"]
    search_fields = ["spec__title", "other__title"]


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ["spec", "consideration", "text"]
    list_select_related = ["spec", "consideration"]
    search_fields = ["spec__title", "text"]


@admin.register(TestEvidence)
class TestEvidenceAdmin(ReadOnlyAdmin):
    list_display = ["suite", "service", "passed", "phase", "commit", "at"]
    list_select_related = ["phase__spec"]
    search_fields = ["suite", "service", "commit"]
