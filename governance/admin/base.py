"""What all admin pages share: who may see and change, and saving through the workflow."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from governance import workflow
from governance.errors import Refusal
from governance.lifecycle import Role
from governance.workflow.records import KEEPERS


def roles_in(request: HttpRequest) -> frozenset[Role]:
    """The signed-in person's roles, looked up once per request."""
    if not hasattr(request, "lockgate_roles"):
        request.lockgate_roles = workflow.roles_of(request.user)  # type: ignore[attr-defined, arg-type]
    return request.lockgate_roles  # type: ignore[attr-defined]


def may_read(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff and (request.user.is_superuser or bool(roles_in(request)))


def pill(kind: str, glyph: str, word: str) -> SafeString:
    """A state: shape, then word, colour last."""
    return format_html('<span class="pill {}"><svg class="ic" aria-hidden="true"><use href="#g-{}"/></svg>{}</span>', kind, glyph, word)


class Readable(admin.ModelAdmin):
    """Seen by every role, changed by nobody here."""

    list_per_page = 25
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_read(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return may_read(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class ReadOnlyAdmin(Readable, SimpleHistoryAdmin):
    """Records of what happened, with the history of each."""


class SetUpAdmin(ReadOnlyAdmin):
    """What operators set up. Saved by `workflow.save_record`, so that every change has its event."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        workflow.save_record(actor=request.user, record=obj, changed=form.changed_data)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool) -> None:
        for row in formset.save(commit=False):
            workflow.save_record(actor=request.user, record=row)
        for row in formset.deleted_objects:
            workflow.delete_record(actor=request.user, record=row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        workflow.delete_record(actor=request.user, record=obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in queryset:
            workflow.delete_record(actor=request.user, record=row)

    def _changeform_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        return refusals_as_messages(request, lambda: super(SetUpAdmin, self)._changeform_view(request, *given))

    def _delete_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        return refusals_as_messages(request, lambda: super(SetUpAdmin, self)._delete_view(request, *given))


def refusals_as_messages(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """A refusal undoes all that the page had written, is kept as an event, and is shown on the same page."""
    try:
        with transaction.atomic():
            return view()
    except Refusal as refusal:
        workflow.record_refusal(request.user, refusal)  # type: ignore[arg-type]
        messages.error(request, refusal.message)
        return HttpResponseRedirect(request.get_full_path())


class RowsInline(admin.TabularInline):
    """Rows of a record, read-only unless its page may change them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return may_read(request)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.kept_by_operators and bool(roles_in(request) & KEEPERS)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission
    kept_by_operators = False
