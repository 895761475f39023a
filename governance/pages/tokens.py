"""API tokens as a page: one's own, and for operators everybody's, since they may revoke them."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from governance import workflow
from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import ApiToken, Scope
from governance.pages.values import person_name


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        help_text="What will use it, for example CI of bids-api.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, help_text="What it may be used for. Your own roles still decide."
    )
    days = forms.IntegerField(
        label="Lasts, days", min_value=1, max_value=workflow.LONGEST_TOKEN, initial=90, help_text="It stops by itself then; at most 365."
    )


def tokens_page(person: User, roles: Collection[Role], form: TokenForm, made: str = "") -> dict[str, Any]:
    """`made`: a token that has just been made, which is shown this once."""
    everybody = bool(ACTS["revoke_token"].roles & set(roles))
    rows = ApiToken.objects.select_related("person", "use").order_by("revoked_at", "-pk")
    rows = rows if everybody else rows.filter(person=person)
    return {"form": form, "made": made, "everybody": everybody, "tokens": [_token(row) for row in rows[:200]]}


def _token(row: ApiToken) -> dict[str, Any]:
    state, word = _state(row)
    return {
        "pk": row.pk,
        "name": row.name,
        "person": person_name(row.person),
        "scopes": ", ".join(row.scopes),
        "expires_at": row.expires_at,
        "used": row.use.at if hasattr(row, "use") else None,
        "state": state,
        "word": word,
        "live": state == "ok",
    }


def _state(row: ApiToken) -> tuple[str, str]:
    if row.revoked_at:
        return "void", "Revoked"
    return ("stale", "Expired") if row.expires_at <= timezone.now() else ("ok", "Valid")
