"""Calendar feeds as a page: one's own, and for operators everybody's, since they may revoke them."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.models import User

from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import CalendarFeed, Domain, FeedKind, Target
from governance.pages.values import person_name


class FeedForm(forms.Form):
    kind = forms.ChoiceField(label="Of", choices=FeedKind.choices)
    role = forms.ChoiceField(choices=[("", "No role"), *((role.value, role.capitalize()) for role in Role)], required=False)
    domain = forms.ModelChoiceField(Domain.objects.all(), required=False, empty_label="No domain")
    target = forms.ModelChoiceField(Target.objects.all(), required=False, empty_label="No target")

    def clean(self) -> dict[str, Any]:
        """Only what the kind asks for counts."""
        data = super().clean() or {}
        kind = data.get("kind")
        for name in ("role", "domain", "target"):
            if name != kind:
                data[name] = "" if name == "role" else None
        if kind in self.fields and not data.get(kind):
            self.add_error(kind, f"Choose the {kind} that the feed is of.")
        return data


def feeds_page(person: User, roles: Collection[Role], form: FeedForm, made: str = "") -> dict[str, Any]:
    """`made`: the address of a feed that has just been made, which is shown this once."""
    everybody = bool(ACTS["revoke_feed"].roles & set(roles))
    rows = CalendarFeed.objects.select_related("owner", "domain", "target").order_by("revoked_at", "-pk")
    rows = rows if everybody else rows.filter(owner=person)
    return {"form": form, "made": made, "everybody": everybody, "feeds": [_feed(row) for row in rows[:200]]}


def _feed(row: CalendarFeed) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "name": str(row) if row.kind != FeedKind.PERSON else person_name(row.owner),
        "kind": row.get_kind_display(),
        "owner": person_name(row.owner),
        "made_at": row.made_at,
        "live": row.revoked_at is None,
    }
