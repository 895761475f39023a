"""What is known and decided about changes: analyses, rehearsals, approvals, reviews, snapshots, and the audit trail."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from governance.admin.base import Readable, ReadOnlyAdmin
from governance.models import (
    Analysis,
    Approval,
    AuditEvent,
    Criterion,
    Drift,
    Finding,
    FollowUp,
    Observation,
    Rehearsal,
    Review,
    SchemaSnapshot,
    TableVersion,
)
from governance.pages.values import pill


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "risk", "change_class", "category", "facts_at"]
    list_filter = ["risk", "change_class"]
    list_select_related = ["phase__spec", "target"]
    search_fields = ["phase__spec__title"]
    related = ["findings"]


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["message", "level", "script", "line"]
    list_filter = ["level", "code"]
    list_select_related = ["script"]
    search_fields = ["message", "code"]


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    list_display = ["target", "phase", "status", "requested_at", "message"]
    list_filter = ["status", "target"]
    list_select_related = ["target", "phase__spec"]
    search_fields = ["target__name"]


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    list_display = ["phase", "verdict", "target", "requested_at", "message"]
    list_filter = ["verdict", "status"]
    list_select_related = ["phase__spec", "target"]
    search_fields = ["phase__spec__title", "message"]


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ["phase", "kind", "decision", "person", "at", "expires_at", "voided_because"]
    list_filter = ["kind", "decision"]
    list_select_related = ["phase__spec", "person"]
    search_fields = ["phase__spec__title", "person__username"]


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ["phase", "reviewer", "at"]
    list_select_related = ["phase__spec", "reviewer"]
    search_fields = ["phase__spec__title", "lessons"]
    related = ["follow_ups"]


@admin.register(Criterion)
class CriterionAdmin(ReadOnlyAdmin):
    list_display = ["name", "spec", "expected", "result", "met"]
    list_select_related = ["spec"]
    search_fields = ["name", "spec__title"]


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ["title", "owner", "due", "done_at"]
    list_select_related = ["owner"]
    search_fields = ["title"]


@admin.register(SchemaSnapshot)
class SchemaSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["target", "version", "fingerprint", "valid_from", "valid_to"]
    list_filter = ["target"]
    list_select_related = ["target"]
    search_fields = ["fingerprint", "version"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SchemaSnapshot]:
        return super().get_queryset(request).defer("content")


class DriftList(ChangeList):
    """Leads to the page where a drift is answered for."""

    def url_for_result(self, result: Model) -> str:
        return reverse("admin:drift", args=[result.pk])


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin):
    list_display = ["target", "state", "found_at", "change", "decided_by"]
    list_filter = ["state", "target"]
    list_select_related = ["target", "change", "decided_by"]
    search_fields = ["target__name", "reason"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DriftList


@admin.register(TableVersion)
class TableVersionAdmin(ReadOnlyAdmin):
    list_display = ["table", "version", "target", "at"]
    list_filter = ["target"]
    list_select_related = ["target"]
    search_fields = ["table"]


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("refused", "Refused"), ("done", "Done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        match self.value():
            case "refused":
                return queryset.filter(kind__startswith="refused.")
            case "done":
                return queryset.exclude(kind__startswith="refused.")
        return queryset


@admin.register(AuditEvent)
class AuditEventAdmin(Readable):
    list_display = ["at", "actor", "text", "subject", "outcome"]
    list_filter = [OutcomeFilter, "actor"]
    search_fields = ["text", "actor", "kind", "subject"]
    ordering = ["-pk"]

    @admin.display(description="Outcome")
    def outcome(self, event: AuditEvent) -> SafeString | str:
        return pill("refused", "Refused") if event.refused else ""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        raise Http404("An event never changes, so it has no history.")
