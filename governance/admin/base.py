"""What all admin pages share: who may see and change, and saving through the workflow."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import BaseModelFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin

from governance import workflow
from governance.admin.widgets import SplitDateTime
from governance.errors import Refusal
from governance.hanging import Kind, hanging_on
from governance.pages.record import record_page
from governance.pages.values import EMPTY, link_to, name_of, shown, title_of
from governance.visitors import may_read, roles_in
from governance.workflow.records import KEEPERS


def person_of(request: HttpRequest) -> User:
    """The admin lets nobody in who is not signed in."""
    return request.user  # type: ignore[return-value]


def key_in(model: type[models.Model], text: str) -> Any:
    """A key of the model as an address has it. Raises Http404 when no row could have it."""
    try:
        return model._meta.pk.to_python(unquote(text))
    except ValidationError as wrong:
        raise Http404 from wrong


def _read(field: Any, text: Any) -> Any:
    """None for what is not a value of the field."""
    try:
        return field.to_python(text)
    except ValidationError:
        return None


def column(field: Any, *, linked: bool = True) -> Callable[[models.Model], Any]:
    """A column of a list for a field."""

    @admin.display(description=name_of(field), ordering=field.name)
    def cell(record: models.Model) -> Any:
        return shown(record, field, linked=linked)

    cell.__name__ = field.name
    return cell


def refusing(form: type[forms.BaseForm], why: str) -> type[forms.BaseForm]:
    """The same form, which no input satisfies."""

    def clean(self: Any) -> Any:
        raise forms.ValidationError(why)

    return type(form.__name__, (form,), {"clean": clean})


class Titled(admin.ModelAdmin):
    """Pages say what they show (“Changes”, “Saturday night”), not what could be done to it, and labels end without a colon."""

    list_per_page = 25
    show_full_result_count = False
    empty_value_display = EMPTY
    formfield_overrides = {models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": SplitDateTime}}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What a list names beside its rows, a record's own page names too."""
        related = self.list_select_related if isinstance(self.list_select_related, list) else []
        return super().get_queryset(request).select_related(*related) if related else super().get_queryset(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False, form_url: str = "", obj: Any = None
    ) -> HttpResponse:
        context["adminform"].form.label_suffix = ""
        context |= {"title": title_of(obj) if obj else f"New {self.opts.verbose_name}", "subtitle": ""}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _changeform_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        """A refusal shows the form again, with what was typed and the reason."""
        view = super()._changeform_view  # type: ignore[misc]
        done = unless_refused(request, lambda: view(request, *given)) if request.method == "POST" else None
        return done or view(request, *given)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **given: Any) -> Any:
        form = super().get_form(request, obj, change=change, **given)
        refusal = getattr(request, "lockgate_refusal", "")
        return refusing(form, refusal) if refusal else form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in, as its fields read it; what they cannot read is left out."""
        given = super().get_changeform_initial_data(request)
        fields = {field.name: field for field in self.opts.fields}
        read = {name: _read(fields[name], value) if name in fields else value for name, value in given.items()}
        return {name: value for name, value in read.items() if value is not None}

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        record = self.get_object(request, str(key_in(self.model, object_id)))
        title = {"title": f"History of {record}"} if record else {}
        return super().history_view(request, object_id, {**title, **(extra_context or {})})


class Readable(Titled):
    """Seen by every role, changed by nobody here."""

    related: Sequence[str] = ()  # sets of other rows that the record's page lists

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Fields are shown as people read them; the first one is the link to the record."""
        return [self._column(name, linked=position > 0) for position, name in enumerate(self.list_display)]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> list[Any]:
        """Columns are functions by now; what links to the record was declared by name."""
        names = {getattr(each, "__name__", each) for each in super().get_list_display_links(request, list_display) or ()}
        return [each for each in list_display if getattr(each, "__name__", each) in names]

    def _column(self, name: Any, *, linked: bool) -> Any:
        fields = {field.name: field for field in self.opts.fields}
        return column(fields[name], linked=linked) if name in fields else name

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, unquote(object_id))
        if record is None or not self.has_view_permission(request, record) or self.has_change_permission(request, record):
            return super().change_view(request, object_id, form_url, extra_context)
        return self.record_response(request, record, history_url=self._history_url(record), **(extra_context or {}))

    def _history_url(self, record: models.Model) -> str:
        return ""

    def record_response(self, request: HttpRequest, record: models.Model, **context: Any) -> HttpResponse:
        page = record_page(record, () if "as_of" in context else self.related)
        context |= {**self.admin_site.each_context(request), "record": page, "title": page["title"], "opts": self.opts}
        return render(request, "admin/governance/record.html", context)

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


class ReadOnlyAdmin(Readable, SimpleHistoryAdmin):
    """Records of what happened, with the history of each."""

    def _history_url(self, record: models.Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[record.pk])

    def revert_disabled(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The record as it was; going back is a change like any other and made in the form."""
        rows = self.model.history.filter(**{self.opts.pk.attname: key_in(self.model, object_id)})
        entry = get_object_or_404(rows, pk=key_in(rows.model, version_id))
        if not self.has_view_permission(request, entry.instance):
            raise PermissionDenied
        return self.record_response(request, entry.instance, as_of=entry.history_date, history_url=self._history_url(entry.instance))


class SetUpAdmin(ReadOnlyAdmin):
    """What operators set up. Saved by `workflow.save_record`, so that every change has its event."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(roles_in(request) & KEEPERS)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        workflow.save_record(actor=person_of(request), record=obj, changed=form.changed_data)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[BaseModelFormSet], change: bool) -> None:
        links = {field.name for field in self.opts.many_to_many} & set(form.cleaned_data)
        chosen = {name: form.cleaned_data[name] for name in sorted(links)}
        workflow.link_record(actor=person_of(request), record=form.instance, chosen=chosen)
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool) -> None:
        for row in formset.save(commit=False):
            workflow.save_record(actor=person_of(request), record=row)
        for row in formset.deleted_objects:
            workflow.delete_record(actor=person_of(request), record=row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        workflow.delete_record(actor=person_of(request), record=obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in queryset:
            workflow.delete_record(actor=person_of(request), record=row)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What still needs the rows, or goes with them, by kind: there may be thousands, and nobody needs a permission for each."""
        kinds = [(each, kind) for each in objs for kind in hanging_on(each)]
        going = [part for each in objs for part in (link_to(each), [*_lines(kind for of, kind in kinds if of == each and not kind.keeps)])]
        counts = Counter({objs[0]._meta.verbose_name_plural: len(objs)} if objs else {})
        for _, kind in kinds:
            counts[str(kind.model._meta.verbose_name_plural)] += 0 if kind.keeps else kind.count
        return [part for part in going if part], +counts, set(), [*_lines(kind for _, kind in kinds if kind.keeps)]

    def _delete_view(self, request: HttpRequest, *given: Any) -> HttpResponse:
        view = super()._delete_view
        done = unless_refused(request, lambda: view(request, *given))
        if done is None:
            messages.error(request, request.lockgate_refusal)  # type: ignore[attr-defined]
        return done or HttpResponseRedirect(request.get_full_path())


def _lines(kinds: Iterable[Kind]) -> Iterator[Any]:
    """As `unordered_list` takes them: “Bookings (12)”, and under it the first few."""
    for kind in kinds:
        yield f"{capfirst(kind.model._meta.verbose_name_plural)} ({kind.count:,})"
        yield [*map(link_to, kind.first), *([f"and {kind.more:,} more"] if kind.more else [])]


def unless_refused(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse | None:
    """None after a refusal, which undoes all that the view had written and is kept as an event."""
    try:
        with transaction.atomic():
            return view()
    except Refusal as refusal:
        workflow.record_refusal(person_of(request), refusal)
        request.lockgate_refusal = refusal.message  # type: ignore[attr-defined]
        return None


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
