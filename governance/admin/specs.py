"""Changes: the list, the form that submits one, the page of one, and its scripts."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_list_or_404, get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from governance import workflow
from governance.acts import ACTS
from governance.admin.base import ReadOnlyAdmin, person_of
from governance.admin.forms import FORMS, ScriptForm, SubmissionForm
from governance.errors import Refusal
from governance.lifecycle import PhaseStatus
from governance.models import Answer, Booking, Dependency, Phase, Script, Spec, TestEvidence
from governance.pages.acts import why_not
from governance.pages.change import TABS, change_page, phases_of
from governance.pages.doing import do
from governance.pages.done import done
from governance.pages.values import EMPTY, address_of, person_name, pill, risk, time_of
from governance.pages.waiting import next_step, weighed
from governance.visitors import refuse_strangers, roles_in

SELECTED = {"analyse_selected": "request_analysis", "rehearse_selected": "request_rehearsal", "advance_selected": "advance"}  # act of each
NOT_BOOKED = SafeString('<span class="quiet">Not booked</span>')
NUMBER = re.compile(r"(?:CHG-)?(\d+)", re.IGNORECASE)


def current_phase(spec: Spec) -> Phase:
    """The first that is still open; without one, the last."""
    phases = list(spec.phases.all())
    return next((phase for phase in phases if phase.status == PhaseStatus.OPEN), phases[-1])


def came_from(phase: Phase, data: Mapping[str, str]) -> str:
    """The tab of the change's page, and the line of the script, where somebody said something."""
    tab = data.get("tab", "")
    place = [data.get(name, "") for name in ("script", "line")]
    anchor = f"#line-{'-'.join(place)}" if all(each.isdecimal() for each in place) else ""
    return f"{address_of(phase)}&tab={tab}{anchor}" if tab in TABS else address_of(phase)


@admin.register(Spec)
class SpecAdmin(ReadOnlyAdmin):
    form = SubmissionForm
    list_display = ["number", "title", "stage", "risk", "who", "planned"]
    list_display_links = ["number", "title"]
    list_filter = ["phases__status", "phases__stage", "phases__risk", "phases__change_class", "kind"]
    list_select_related = ["author"]
    actions = list(SELECTED)
    search_fields = ["title", "purpose", "domains__tables__name", "phases__scripts__name", "author__username", "author__last_name"]
    fieldsets = SubmissionForm.FIELDSETS  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Spec]:
        live = Booking.objects.filter(cancelled_at=None).order_by("starts")
        phases = Prefetch("phases", weighed(Phase.objects.select_related("spec")))
        return super().get_queryset(request).prefetch_related(phases, Prefetch("phases__bookings", live))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Spec], search_term: str) -> tuple[QuerySet[Spec], bool]:
        """By number too: CHG-12, or 12."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        number = NUMBER.fullmatch(search_term.strip())
        return (found | queryset.filter(pk=number[1]), True) if number else (found, duplicates)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_in(request) & ACTS["submit"].roles)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/<int:phase>/act/<slug:name>/", wrap(require_POST(self.act_view)), name="governance_spec_act"),
            path("<int:pk>/<int:phase>/form/<slug:name>/", wrap(self.form_view), name="governance_spec_form"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Spec, form: SubmissionForm, change: bool) -> None:
        spec = workflow.submit(actor=person_of(request), specification=form.specification(), scripts=form.script_files())
        obj.__dict__.update(spec.__dict__)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Nothing: `submit` has saved all of it."""

    def response_add(self, request: HttpRequest, obj: Spec, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, f"{obj.number} is submitted. Its page says what is missing to go on.")
        return HttpResponseRedirect(reverse("admin:governance_spec_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        refuse_strangers(request)
        rows = get_list_or_404(phases_of(int(object_id) if object_id.isdecimal() else 0))
        tab = request.GET.get("tab", "specification")
        phase = request.GET.get("phase", "")
        shown, on = int(phase) if phase.isdecimal() else None, request.GET.get("on", "")
        page = change_page(person_of(request), roles_in(request), rows, shown, tab if tab in TABS else TABS[0], on)
        context = {**self.admin_site.each_context(request), "page": page, "title": page["title"]}
        return render(request, "admin/governance/spec/change_page.html", context)

    def _phase(self, request: HttpRequest, pk: int, phase: int) -> Phase:
        refuse_strangers(request)
        return get_object_or_404(Phase.objects.select_related("spec__author"), pk=phase, spec=pk)

    def act_view(self, request: HttpRequest, pk: int, phase: int, name: str) -> HttpResponse:
        row = self._phase(request, pk, phase)
        try:
            messages.success(request, do(person_of(request), row, name, request.POST.dict()))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(came_from(row, request.POST))

    def form_view(self, request: HttpRequest, pk: int, phase: int, name: str) -> HttpResponse:
        """An act that needs more than a click: booking, evidence, review, editing the specification."""
        row = self._phase(request, pk, phase)
        if name not in FORMS:
            raise Http404
        if request.method == "GET" and (why := why_not(person_of(request), row, name)):
            messages.error(request, why)
            return HttpResponseRedirect(address_of(row))
        form = FORMS[name](request.POST or None, request.FILES or None, phase=row)
        form.suggest(request.GET)
        if request.method == "POST" and form.is_valid():
            try:
                form.carry_out(person_of(request))
            except Refusal as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, done(name))
                return HttpResponseRedirect(address_of(row))
        context = {**self.admin_site.each_context(request), "form": form, "title": ACTS[name].label, "phase": row, "spec": row.spec}
        return render(request, "admin/governance/spec/act_form.html", {**context, "back": address_of(row)})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that the person's roles carry; the functions behind them check again."""
        roles = roles_in(request)
        return {name: action for name, action in super().get_actions(request).items() if roles & ACTS[SELECTED[name]].roles}

    @admin.action(description="Analyse on today's facts")
    def analyse_selected(self, request: HttpRequest, specs: QuerySet[Spec]) -> None:
        self._each(request, specs, SELECTED["analyse_selected"])

    @admin.action(description="Rehearse")
    def rehearse_selected(self, request: HttpRequest, specs: QuerySet[Spec]) -> None:
        self._each(request, specs, SELECTED["rehearse_selected"])

    @admin.action(description="Go on as far as the evidence carries")
    def advance_selected(self, request: HttpRequest, specs: QuerySet[Spec]) -> None:
        self._each(request, specs, SELECTED["advance_selected"])

    def _each(self, request: HttpRequest, specs: QuerySet[Spec], name: str) -> None:
        """Each change by itself, as its own page does it: a refusal of one leaves the others."""
        done = []
        for spec in specs:
            try:
                do(person_of(request), current_phase(spec), name, {})
            except Refusal as refusal:
                messages.error(request, f"{spec.number}: {refusal.message}")
            else:
                done.append(spec.number)
        if done:
            messages.success(request, f"{ACTS[name].label}: {', '.join(done)}.")

    @admin.display(description="Number", ordering="pk")
    def number(self, spec: Spec) -> str:
        return spec.number

    @admin.display(description="Stage")
    def stage(self, spec: Spec) -> SafeString:
        """And whose turn it is."""
        phase = current_phase(spec)
        word = pill(phase.status, phase.at.title if phase.status == PhaseStatus.OPEN else phase.get_status_display())
        step = next_step(phase)
        return format_html('{}<p class="sub">{}</p>', word, step) if step else word

    @admin.display(description="Risk")
    def risk(self, spec: Spec) -> SafeString | str:
        phase = current_phase(spec)
        points = phase.risk_points or ()  # type: ignore[attr-defined]
        return risk(phase.risk, phase.get_risk_display(), points) if phase.risk else EMPTY

    @admin.display(description="Author", ordering="author__last_name")
    def who(self, spec: Spec) -> str:
        return person_name(spec.author)

    @admin.display(description="Planned for")
    def planned(self, spec: Spec) -> SafeString:
        booked = [booking for phase in spec.phases.all() for booking in phase.bookings.all()]
        return time_of(booked[0].starts) if booked else NOT_BOOKED


@admin.register(Script)
class ScriptAdmin(ReadOnlyAdmin):
    """A script's text can be edited, which voids approvals and goes back to script development."""

    form = ScriptForm
    list_display = ["name", "kind", "phase", "commit"]
    list_filter = ["kind"]
    list_select_related = ["phase__spec"]
    search_fields = ["name", "text"]
    readonly_fields = ["phase", "kind", "name", "version", "checksum", "repository", "commit", "request"]
    fields = ["text", "name", "phase", "kind", "version", "checksum", "repository", "commit", "request"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While its change may still be edited; the function behind it checks again."""
        rule = ACTS["edit_script"]
        if not roles_in(request) & rule.roles:
            return False
        return obj is None or (obj.phase.status == PhaseStatus.OPEN and rule.first <= obj.phase.at <= rule.last)

    def save_model(self, request: HttpRequest, obj: Script, form: ModelForm, change: bool) -> None:
        workflow.edit_script(actor=person_of(request), script=obj, text=form.cleaned_data["text"])


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
