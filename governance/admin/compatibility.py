"""Releases, API versions, where clients are and what they use, and the matrix of who works with what."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from governance import workflow
from governance.acts import ACTS
from governance.admin.base import ReadOnlyAdmin, RowsInline, SetUpAdmin, person_of
from governance.errors import Refusal
from governance.matrix import Source
from governance.models import Acknowledgement, ApiVersion, Binding, MatrixEntry, Override, Presence, Release, Shield
from governance.visitors import roles_in


class BindingRows(RowsInline):
    model = Binding
    fields = ["object", "reads", "writes", "by", "source"]
    kept_by_operators = True


class ShieldRows(RowsInline):
    model = Shield
    fields = ["spec", "evidence"]
    autocomplete_fields = ["spec", "evidence"]
    kept_by_operators = True


@admin.register(Release)
class ReleaseAdmin(SetUpAdmin):
    list_display = ["name", "version", "kind", "live", "distribution", "made_for"]
    list_filter = ["kind", "live", "distribution"]
    list_select_related = ["made_for"]
    autocomplete_fields = ["made_for"]
    search_fields = ["name", "version"]
    readonly_fields = ["target", "run"]
    inlines = [BindingRows]
    related = ["presences", "bindings"]


@admin.register(Presence)
class PresenceAdmin(SetUpAdmin):
    list_display = ["release", "environment", "since", "until", "source", "last_seen"]
    list_filter = ["environment", "source"]
    list_select_related = ["release", "environment"]
    autocomplete_fields = ["release"]
    search_fields = ["release__name", "release__version"]
    readonly_fields = ["source", "last_seen"]


@admin.register(MatrixEntry)
class MatrixEntryAdmin(SetUpAdmin):
    """People declare; what was derived or tested is not edited but overridden."""

    list_display = ["client", "backend", "verdict", "source", "reason"]
    list_filter = ["verdict", "source"]
    list_select_related = ["client", "backend"]
    autocomplete_fields = ["client", "backend"]
    search_fields = ["client__name", "backend__name", "reason"]
    readonly_fields = ["source", "run"]

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        declared = not isinstance(obj, MatrixEntry) or obj.source == Source.DECLARED
        return declared and super().has_change_permission(request, obj)

    has_delete_permission = has_change_permission


@admin.register(ApiVersion)
class ApiVersionAdmin(SetUpAdmin):
    list_display = ["number", "released_on", "deprecated_on", "sunset_on", "schema_from", "schema_to"]
    search_fields = ["number"]
    inlines = [ShieldRows, BindingRows]
    related = ["shields", "bindings", "clients"]


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """Asked for here; another person seconds it by the action of the list."""

    list_display = ["client", "backend", "verdict", "reason", "expires_at", "asked_by", "seconded_by", "withdrawn_at"]
    list_filter = ["verdict"]
    list_select_related = ["client", "backend", "asked_by", "seconded_by"]
    autocomplete_fields = ["client", "backend"]
    actions = ["second", "withdraw"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_in(request) & ACTS["override_cell"].roles)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        fields = ("client", "backend", "verdict", "reason", "expires_at")
        kept = workflow.override(actor=person_of(request), **{name: getattr(obj, name) for name in fields})
        obj.pk = kept.pk

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) if self.has_add_permission(request) else {}

    @admin.action(description="Stand for it")
    def second(self, request: HttpRequest, rows: models.QuerySet[Override]) -> None:
        self._each(request, rows, workflow.second_override)

    @admin.action(description="Withdraw")
    def withdraw(self, request: HttpRequest, rows: models.QuerySet[Override]) -> None:
        self._each(request, rows, workflow.withdraw_override)

    def _each(self, request: HttpRequest, rows: models.QuerySet[Override], act: Any) -> None:
        for row in rows:
            try:
                act(actor=person_of(request), override=row)
            except Refusal as refusal:
                self.message_user(request, refusal.message, messages.ERROR)


@admin.register(Acknowledgement)
class AcknowledgementAdmin(ReadOnlyAdmin):
    list_display = ["phase", "environment", "person", "reason", "at"]
    list_select_related = ["phase__spec", "environment", "person"]
