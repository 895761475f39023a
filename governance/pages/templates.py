"""Templates of standard changes as pages show them, and their two forms."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.urls import reverse

from governance import standard
from governance.acts import ACTS
from governance.errors import BadInput
from governance.lifecycle import Role
from governance.models import ChangeTemplate, Domain, StandardUse, TemplateVersion
from governance.pages.values import address_of, person_name
from governance.standard import Parameter, ParameterKind

EXAMPLE = '[{"name": "rows", "kind": "integer", "minimum": 1, "maximum": 1000}]'


class TemplateForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="A name that is known already gets a new version.",
    )
    purpose = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text="What it is for, and why it is harmless within its bounds.",
    )
    forward = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
        strip=False,
        help_text="With parameters such as {{ rows }}.",
    )
    rollback = forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}), strip=False)
    checks = forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}), strip=False, required=False)
    parameters = forms.JSONField(
        required=False,
        initial=list,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=f"Kinds are integer, identifier and text, for example {EXAMPLE}",
    )

    def clean_parameters(self) -> list[Mapping[str, Any]]:
        rows = self.cleaned_data["parameters"] or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise forms.ValidationError(f"Write a list of objects, for example {EXAMPLE}")
        try:
            for row in rows:
                Parameter.from_json(row)
        except BadInput as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return rows

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return {name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in data.items()}


class UseForm(forms.Form):
    """A change from a template: its title, its domains, and a value for each parameter."""

    title = forms.CharField(max_length=120, help_text="Of the change, for example: Contractors get a level.")
    domains = forms.ModelMultipleChoiceField(Domain.objects.all(), help_text="That it touches.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, version: TemplateVersion) -> None:
        super().__init__(data, label_suffix="")
        self.version = version
        for row in version.parameters:
            parameter = Parameter.from_json(row)
            kind = forms.IntegerField if parameter.kind is ParameterKind.INTEGER else forms.CharField
            self.fields[f"value_{parameter.name}"] = kind(label=parameter.name, help_text=bounds_of(parameter))


def bounds_of(parameter: Parameter) -> str:
    """Outside of them the change is a normal one."""
    if parameter.choices:
        return f"Standard: one of {', '.join(parameter.choices)}."
    what = {ParameterKind.INTEGER: "a whole number", ParameterKind.IDENTIFIER: "a name", ParameterKind.TEXT: "a text"}[parameter.kind]
    least = f", at least {parameter.minimum}" if parameter.minimum is not None else ""
    most = f", at most {parameter.maximum}" if parameter.maximum is not None else ""
    unit = " characters" if (least or most) and parameter.kind is not ParameterKind.INTEGER else ""
    return f"Standard: {what}{least}{most}{unit}."


def templates_page(roles: Collection[Role], form: TemplateForm) -> dict[str, Any]:
    rows = ChangeTemplate.objects.prefetch_related("versions__approvals")
    return {"rows": [_line(row) for row in rows], "form": form, "writes": bool(ACTS["write_template"].roles & set(roles))}


def _line(row: ChangeTemplate) -> dict[str, Any]:
    versions = list(row.versions.all())
    approved = any(len(version.approvals.all()) >= standard.NEEDED for version in versions)
    state, word = ("paused", "Suspended") if row.suspended_at else ("approved", "Approved") if approved else ("wait", "Waits for approval")
    return {
        "title": row.name,
        "sub": row.purpose,
        "url": reverse("admin:template", args=[row.pk]),
        "version": versions[0].number if versions else 0,
        "state": state,
        "word": word,
    }


def template_page(person: User, roles: Collection[Role], row: ChangeTemplate, form: UseForm) -> dict[str, Any]:
    versions = list(row.versions.select_related("written_by").prefetch_related("approvals__person"))
    uses = StandardUse.objects.filter(version__template=row).select_related("spec", "version")[:20]
    may = {name: bool(ACTS[name].roles & set(roles)) for name in ("use_template", "suspend_template", "lift_suspension")}
    return {
        "row": row,
        "form": form,
        "may": may,
        "versions": [_version(person, roles, version) for version in versions],
        "uses": [
            {
                "title": f"{use.spec.number} {use.spec.title}",
                "url": address_of(use.spec),
                "sub": use.outside or f"version {use.version.number}",
                "kind": use.spec.get_kind_display(),
            }
            for use in uses
        ],
    }


def _version(person: User, roles: Collection[Role], version: TemplateVersion) -> dict[str, Any]:
    approvals = list(version.approvals.all())
    known = {version.written_by_id, *(each.person_id for each in approvals)}
    texts = {"Forward": version.forward, "Rollback": version.rollback, "Checks": version.checks}
    return {
        "number": version.number,
        "by": person_name(version.written_by),
        "at": version.written_at,
        "approvals": [person_name(each.person) for each in approvals],
        "needed": standard.NEEDED,
        "holds": len(approvals) >= standard.NEEDED,
        "approves": bool(ACTS["approve_template"].roles & set(roles)) and person.pk not in known,
        "texts": [{"title": title, "text": text} for title, text in texts.items() if text],
        "parameters": [
            {"name": each["name"], "bounds": bounds_of(Parameter.from_json(each)), "json": json.dumps(each)} for each in version.parameters
        ],
    }
