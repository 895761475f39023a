"""Adding a check in the browser: written as in a check file, with what is built in to choose from."""

from django import forms
from django.contrib.auth.models import User

from governance import workflow
from governance.admin.act_form import ActForm
from governance.validation.catalogue import CATALOGUE

EXAMPLE = "-- check: no bid without a project\n-- question: business rules\n-- expect: no rows\nSELECT id FROM …"
BUILTINS = "; ".join(entry.form for entry in CATALOGUE.values())


class CheckForm(ActForm):
    text = forms.CharField(
        label="Check",
        widget=forms.Textarea(attrs={"placeholder": EXAMPLE, "spellcheck": "false"}),
        help_text=f"As in a check file: a query with its name, question and expectation, or -- use: and one of {BUILTINS}.",
    )
    reason = forms.CharField(widget=forms.Textarea, help_text="Why it is needed, for example: the old form rounded to whole cents.")

    def carry_out(self, person: User) -> None:
        workflow.add_check(actor=person, phase=self.phase, text=self.cleaned_data["text"], reason=self.cleaned_data["reason"])
