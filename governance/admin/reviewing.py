"""The form of the post-migration review: what was measured is told, what was not is asked for."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.auth.models import User

from governance import workflow
from governance.actuals import actual_of
from governance.admin.act_form import ActForm
from governance.case import load
from governance.criteria import measured
from governance.pages.values import person_name
from governance.workflow import Debt, Result

DEBTS = 3  # asked for at once


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, person: User) -> str:
        return person_name(person)


class ReviewForm(ActForm):
    performance_impact = forms.CharField(
        widget=forms.Textarea, help_text="What users felt, for example: no request waited longer than 0.3 s."
    )
    incidents = forms.CharField(
        required=False, widget=forms.Textarea, help_text="What went wrong for users, with references, for example INC-4711; empty: nothing."
    )
    lessons = forms.CharField(widget=forms.Textarea, help_text="For example: validate constraints in their own script.")

    def prepare(self) -> None:
        actual = actual_of(load(self.phase.pk))
        criteria = list(self.phase.spec.criteria.all())
        self.judged = [each for each in criteria if measured(each.measure, actual) is None]
        for each in self.judged:
            expected = f"Expected: {each.expected}" + (f". Nothing was measured of {each.measure}" if each.measure else "")
            self.fields[f"result_{each.pk}"] = forms.CharField(label=each.name, help_text=expected)
            self.fields[f"met_{each.pk}"] = forms.BooleanField(label=f"“{each.name}” is met", required=False)
        for number in range(DEBTS):
            self._add_debt("" if number == 0 else f"_{number + 1}")

    def _add_debt(self, suffix: str) -> None:
        people = User.objects.filter(is_active=True, groups__isnull=False).distinct()
        help_text = "What is still owed, for example: drop the old column in March."
        self.fields[f"debt{suffix}"] = forms.CharField(required=False, label="Follow-up", help_text=help_text)
        self.fields[f"owner{suffix}"] = PersonField(people, required=False, label="Owner", help_text="Who does it.")
        self.fields[f"due{suffix}"] = forms.DateField(
            required=False, label="Due", widget=AdminDateWidget, help_text="For example 2027-03-01."
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for debt, owner, due in self._debts(data):
            if debt and not (owner and due):
                raise forms.ValidationError("A follow-up needs an owner and a date.")
        return data

    def _debts(self, data: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
        suffixes = [name.removeprefix("debt") for name in self.fields if name.startswith("debt")]
        return [(data.get(f"debt{suffix}"), data.get(f"owner{suffix}"), data.get(f"due{suffix}")) for suffix in suffixes]

    def carry_out(self, person: User) -> None:
        data = self.cleaned_data
        workflow.review(
            actor=person,
            phase=self.phase,
            performance_impact=data["performance_impact"],
            incidents=data["incidents"],
            lessons=data["lessons"],
            results={each.name: Result(data[f"result_{each.pk}"], data[f"met_{each.pk}"]) for each in self.judged},
            follow_ups=[Debt(*each) for each in self._debts(data) if each[0]],
        )
