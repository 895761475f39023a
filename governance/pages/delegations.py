"""Delegations as a page: those of the person, and for operators everybody's."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import Delegation
from governance.pages.values import person_name


def _moment(help_text: str) -> forms.SplitDateTimeField:
    """With the browser's own pickers."""
    widget = forms.SplitDateTimeWidget(
        None,
        "%Y-%m-%d",
        "%H:%M",
        {"type": "date", "class": "vDateField", "aria-label": "Date"},
        {"type": "time", "class": "vTimeField", "aria-label": "Time"},
    )
    return forms.SplitDateTimeField(widget=widget, help_text=help_text)


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, person: User) -> str:
        return person_name(person)


class DelegationForm(forms.Form):
    to = PersonChoice(
        User.objects.none(), empty_label="Choose somebody", help_text="Who decides for you. What either of you wrote stays closed to both."
    )
    starts = _moment("From then on, in the zone of the portal.")
    ends = _moment("At most 90 days later.")
    reason = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}), help_text="For example holidays."
    )

    def __init__(self, data: Any, *, person: User) -> None:
        super().__init__(data, label_suffix="")
        people = User.objects.filter(is_active=True, groups__name__in=list(Role)).exclude(pk=person.pk).distinct()
        self.fields["to"].queryset = people.order_by("username")  # type: ignore[attr-defined]


def delegations_page(person: User, roles: Collection[Role], form: DelegationForm) -> dict[str, Any]:
    everybody = bool(ACTS["revoke_delegation"].roles & set(roles))
    rows = Delegation.objects.select_related("person", "delegate")
    rows = rows if everybody else rows.filter(Q(person=person) | Q(delegate=person))
    return {
        "form": form,
        "everybody": everybody,
        "may": bool(ACTS["delegate"].roles & set(roles)),
        "delegations": [_delegation(row) for row in rows[:200]],
    }


def _delegation(row: Delegation) -> dict[str, Any]:
    state, word = _state(row)
    return {
        "pk": row.pk,
        "person": person_name(row.person),
        "delegate": person_name(row.delegate),
        "starts": row.starts,
        "ends": row.ends,
        "reason": row.reason,
        "state": state,
        "word": word,
        "live": state in ("ok", "wait"),
    }


def _state(row: Delegation) -> tuple[str, str]:
    now = timezone.now()
    if row.revoked_at:
        return "void", "Ended"
    if row.ends <= now:
        return "void", "Over"
    return ("wait", "To come") if row.starts > now else ("ok", "Holds")
