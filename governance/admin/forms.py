"""Forms of the acts that need more than a click. Each checks its input and hands it to one workflow function."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.contrib.auth.models import User
from django.forms.models import model_to_dict

from governance import workflow
from governance.admin.act_form import ActForm
from governance.admin.booking import BookForm
from governance.admin.checking import CheckForm
from governance.admin.exceptional import AnswerForm, BreakGlassForm, EmergencyReviewForm, GoBackForm
from governance.admin.reviewing import ReviewForm
from governance.criteria import check_measure
from governance.errors import BadInput
from governance.models import Consideration, Dependency, Script, Spec
from governance.specification import Criterion, Specification
from governance.workflow import ScriptFile, Source

TEXTS = [
    "title", "domains", "data_class", "privacy_impact", "pattern", "purpose", "drivers", "design", "risk_assessment", "mitigation",
    "rollback_procedure", "irreversible", "restore_plan",
]  # fmt: skip
DOMAINS = "Those whose tables it touches, one at least. One that is not listed is added by an operator, under Domains."
LARGEST_SCRIPT = 2 * 1024 * 1024  # bytes


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given]


class SubmissionForm(forms.ModelForm):
    """A new change: its specification and its script files."""

    scripts = FilesField(
        label="Script files",
        help_text="All files at once: V….sql with its R….sql, and C….sql with checks, for example V20250401_1432__add_levels.sql.",
    )
    criteria = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="Success criteria, one a line, as name: expected, and after a bar what runs measure, for example "
        "worst wait of a client: under 1 s | longest_lock < 1.",
    )
    requires = forms.ModelMultipleChoiceField(
        Spec.objects.all(),
        required=False,
        widget=AutocompleteSelectMultiple(Dependency._meta.get_field("other"), admin.site),  # there may be thousands
        help_text="Changes that have to be deployed before this one: a number, or words of the title.",
    )

    FIELDSETS = [
        (None, {"fields": ["title", "scripts", "domains", "data_class", "privacy_impact", "pattern", "requires"]}),
        ("Why", {"fields": ["purpose", "drivers", "criteria"]}),
        ("How", {"fields": ["design", "risk_assessment", "mitigation", "rollback_procedure", "irreversible", "restore_plan"]}),
    ]

    class Meta:
        model = Spec
        fields = TEXTS
        help_texts = {"domains": DOMAINS}

    def clean_scripts(self) -> list[ScriptFile]:
        files = [ScriptFile(each.name, _decoded(each)) for each in self.cleaned_data["scripts"]]
        try:
            workflow.read_scripts(files, irreversible=self.data.get("irreversible") == "on")
        except BadInput as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return files

    def clean_criteria(self) -> tuple[Criterion, ...]:
        lines = [line.partition(":") for line in self.cleaned_data["criteria"].splitlines() if line.strip()]
        if any(not name.strip() or not expected.strip() for name, _, expected in lines):
            raise forms.ValidationError("Write each criterion as name: expected, for example worst wait of a client: under 1 s.")
        found = [(name.strip(), *map(str.strip, expected.partition("|")[::2])) for name, _, expected in lines]
        try:
            for name, _, measure in found:
                check_measure(name, measure)
        except BadInput as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return tuple(Criterion(*each) for each in found)

    def script_files(self) -> list[ScriptFile]:
        return self.cleaned_data["scripts"]

    def specification(self) -> Specification:
        data = self.cleaned_data
        texts = {name: data[name] for name in TEXTS if name not in ("title", "domains")}
        return Specification(
            title=data["title"],
            **texts,
            domains=tuple(domain.slug for domain in data["domains"]),
            requires=tuple(spec.title for spec in data["requires"]),
            criteria=data["criteria"],
        )


def _decoded(upload: Any) -> str:
    if upload.size > LARGEST_SCRIPT:
        raise forms.ValidationError(f"{upload.name} is larger than 2 MB. Split it, or load the data in batches.")
    try:
        upload.seek(0)
        return upload.read().decode()
    except UnicodeDecodeError as error:
        raise forms.ValidationError(f"{upload.name} is not UTF-8 (byte {error.start}). Save it as UTF-8 and choose it again.") from error


class ScriptForm(forms.ModelForm):
    class Meta:
        model = Script
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 24, "class": "vLargeTextField mono"})}

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].replace("\r\n", "\n")
        try:
            workflow.check_script(self.instance.name, text)
        except BadInput as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return text


class ScriptsForm(ActForm):
    """Files to add or to replace by name, and scripts to leave out."""

    scripts = FilesField(required=False, label="Script files", help_text="New ones are added; one of a known name gets the new text.")
    without = forms.MultipleChoiceField(required=False, label="Leave out", widget=forms.CheckboxSelectMultiple)
    commit = forms.CharField(required=False, max_length=64, help_text="That the files are from.")
    request = forms.URLField(required=False, assume_scheme="https", help_text="Address of the merge or pull request.")

    def prepare(self) -> None:
        names = self.phase.scripts.values_list("name", flat=True)
        self.fields["without"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean_scripts(self) -> list[ScriptFile]:
        return [ScriptFile(each.name, _decoded(each)) for each in self.cleaned_data["scripts"] if each]

    def carry_out(self, person: User) -> None:
        data = self.cleaned_data
        source = Source(commit=data["commit"], request=data["request"])
        workflow.change_scripts(actor=person, phase=self.phase, files=data["scripts"], without=data["without"], source=source)


class EvidenceForm(ActForm):
    suite = forms.CharField(help_text="For example checkout end-to-end.")
    service = forms.CharField(help_text="For example bids-api.")
    commit = forms.CharField(required=False, help_text="Of the service that was tested.")
    address = forms.URLField(required=False, assume_scheme="https", help_text="Where the result can be read.")
    passed = forms.BooleanField(required=False, label="The suite passed")

    def carry_out(self, person: User) -> None:
        workflow.add_evidence(actor=person, phase=self.phase, **self.cleaned_data)


class SpecificationForm(ActForm):
    """The texts of the specification, and the questions of its domains."""

    def prepare(self) -> None:
        spec = self.phase.spec
        self.fields |= forms.fields_for_model(Spec, fields=TEXTS, help_texts={"domains": DOMAINS})
        self.initial = {**model_to_dict(spec, fields=TEXTS), "domains": [domain.pk for domain in spec.domains.all()]}
        answers = dict(spec.answers.values_list("consideration_id", "text"))
        for consideration in Consideration.objects.filter(domain__specs=spec).select_related("domain"):
            field = forms.CharField(
                label=consideration.question, required=False, widget=forms.Textarea, help_text=consideration.domain.name
            )
            self.fields[f"answer_{consideration.pk}"] = field
            self.initial[f"answer_{consideration.pk}"] = answers.get(consideration.pk, "")

    def carry_out(self, person: User) -> None:
        data = dict(self.cleaned_data)
        answers = {int(name.removeprefix("answer_")): data.pop(name) for name in list(data) if re.fullmatch(r"answer_\d+", name)}
        domains = data.pop("domains")
        workflow.edit_specification(actor=person, spec=self.phase.spec, changes=data, answers=answers, domains=domains)


FORMS: Mapping[str, type[ActForm]] = {
    "choose_checks": CheckForm,
    "edit_specification": SpecificationForm,
    "edit_script": ScriptsForm,
    "add_evidence": EvidenceForm,
    "book": BookForm,
    "review": ReviewForm,
    "answer": AnswerForm,
    "go_back": GoBackForm,
    "break_glass": BreakGlassForm,
    "review_emergency": EmergencyReviewForm,
}
