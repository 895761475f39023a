"""What the forms of acts share: they are of a phase, and hand what is typed to one workflow function."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User

from governance.models import Phase


class ActForm(forms.Form):
    def __init__(self, data: Mapping[str, Any] | None = None, files: Any = None, *, phase: Phase) -> None:
        super().__init__(data, files, label_suffix="")
        self.phase = phase
        self.prepare()
        for field in self.fields.values():
            match field.widget:
                case forms.Textarea():
                    field.widget.attrs |= {"class": "vLargeTextField", "rows": 4}
                case forms.TextInput() | forms.URLInput():
                    field.widget.attrs.setdefault("class", "vTextField")

    def prepare(self) -> None:
        """Fields that depend on the phase."""

    def facts(self) -> list[tuple[str, Any]]:
        """Names and values of what it is about, where that is not the change alone."""
        return []

    def suggest(self, wanted: Mapping[str, str]) -> None:
        """Values that the form begins with, from the address that led to it."""

    def carry_out(self, person: User) -> None:
        raise NotImplementedError
