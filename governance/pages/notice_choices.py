"""How a person wants to be told: by which way each kind, and when the digest comes."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.models import User

from governance.handoff.digests import plan_of
from governance.models import DigestDays, NoticeChoice
from governance.telling import KINDS, NoticeKind, Way

WAYS = ((Way.PORTAL, "In the portal"), (Way.MAIL, "Also by mail, at once"), (Way.DIGEST, "Also by mail, in the digest"))


class ChoicesForm(forms.Form):
    days = forms.ChoiceField(label="Digest", choices=DigestDays.choices)
    hour = forms.TypedChoiceField(coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)])
    zone = forms.ChoiceField(label="Time zone", choices=[(zone, zone) for zone in sorted(available_timezones() - {"localtime"})])

    def __init__(self, person: User, data: Any = None) -> None:
        plan = plan_of(person)
        chosen = dict(NoticeChoice.objects.filter(person=person).values_list("kind", "way"))
        initial: dict[str, Any] = {
            "days": plan.days,
            "hour": plan.hour,
            "zone": plan.zone,
            **{kind: told.usual for kind, told in KINDS.items()},
            **chosen,
        }
        super().__init__(data, initial=initial, label_suffix="")
        for kind, told in KINDS.items():
            self.fields[kind.value] = forms.ChoiceField(label=told.label, choices=[(way.value, label) for way, label in WAYS])

    @property
    def ways(self) -> dict[NoticeKind, Way]:
        return {kind: Way(self.cleaned_data[kind]) for kind in KINDS}


def choices_page(person: User, form: ChoicesForm) -> dict[str, Any]:
    return {
        "form": form,
        "kinds": [{"field": form[kind.value], "state": told.state} for kind, told in KINDS.items()],
        "digest": [form[name] for name in ("days", "hour", "zone")],
        "email": person.email,
        "mails": bool(settings.EMAIL_HOST),
    }
