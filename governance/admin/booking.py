"""The form that books a window, or moves what is booked."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from governance import workflow
from governance.admin.act_form import ActForm
from governance.admin.widgets import SplitDateTime
from governance.expectation import forecast_of
from governance.models import Duty, StartMode, Target, Window
from governance.openings import domains_of, first_slot
from governance.pages.values import person_name
from governance.windows import WindowKind
from governance.workflow.reserving import ON_CALL, OPERATE


class WindowField(forms.ModelChoiceField):
    def label_from_instance(self, window: Window) -> str:
        times = window.next_occurrence(timezone.now()) or (window.starts, window.ends)
        starts, ends = (date_format(timezone.localtime(moment), "DATETIME_FORMAT") for moment in times)
        return f"{window} ({window.scope}), {starts} to {ends}{f', {window.recurs_in_words()}' if window.rule else ''}"


class OperatorField(forms.ModelChoiceField):
    def label_from_instance(self, person: User) -> str:
        return person_name(person)


class BookForm(ActForm):
    target = forms.ModelChoiceField(Target.objects.none(), empty_label=None)
    window = WindowField(Window.objects.none(), help_text="Maintenance windows that have not ended, with their next time.")
    starts = forms.SplitDateTimeField(
        widget=SplitDateTime, required=False, help_text="In UTC, inside any time of the window; empty: when it opens next."
    )
    ends = forms.SplitDateTimeField(widget=SplitDateTime, required=False, help_text="In UTC; empty: when it closes.")
    start = forms.ChoiceField(label="Begins", choices=StartMode.choices, initial=StartMode.MANUAL)
    operator = OperatorField(User.objects.none(), required=False, help_text="Who runs it, and nothing else at that time.")
    on_call = OperatorField(User.objects.none(), required=False, help_text="Who is called during the run and while the change is watched.")
    acknowledge = forms.BooleanField(
        required=False, label="I know what it disturbs", help_text="Needed where another booking is disturbed, but not spoilt."
    )

    def prepare(self) -> None:
        production = Target.objects.filter(deployments__phase=self.phase, environment__production=True)
        scope = Q(environment__targets__in=production) | Q(target__in=production) | Q(domain__specs=self.phase.spec_id)
        windows = Window.objects.filter(scope, ~Q(rule="") | Q(ends__gt=timezone.now()), kind=WindowKind.MAINTENANCE).distinct()
        people = User.objects.filter(is_active=True).order_by("last_name", "username").distinct()
        self._choose_from("target", production)
        self._choose_from("window", windows.select_related("environment", "target", "domain").order_by("starts"))
        self._choose_from("operator", people.filter(groups__name__in=OPERATE))
        self._choose_from("on_call", people.filter(groups__name__in=ON_CALL))
        self.fields["target"].initial = production.first()
        self._recall()

    def _choose_from(self, name: str, rows: QuerySet[Any]) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def _recall(self) -> None:
        """What is booked already, so that moving it is changing its time."""
        booking = self.phase.bookings.live().select_related("target").order_by("starts").first()
        if booking is None:
            return
        people = {row.duty: row.person_id for row in booking.reservations.live() if row.person_id}
        self.initial.update(
            {name: getattr(booking, name) for name in ("starts", "ends", "start", "window", "target")} | people_named(people)
        )

    def suggest(self, wanted: Mapping[str, str]) -> None:
        """Times to which a booking was dragged, or the next that fit, with a window that is open then."""
        starts, ends = self._next_time() if wanted.get("next") else (parsed(wanted.get(name, "")) for name in ("starts", "ends"))
        if starts and ends:
            rows = self.fields["window"].queryset  # type: ignore[attr-defined]
            fitting = [row for row in rows if (time := row.occurrence_at(starts)) and ends <= time[1]]
            self.initial.update({"starts": starts, "ends": ends, **({"window": fitting[0]} if fitting else {})})
        if wanted.get("target", "").isdecimal():
            self.initial["target"] = int(wanted["target"])

    def _next_time(self) -> tuple[datetime | None, datetime | None]:
        """For as long as is booked and forecast, another time than the one that is booked."""
        booking = self.phase.bookings.live().select_related("target__environment").order_by("starts").first()
        if booking is None:
            return None, None
        expected = forecast_of(self.phase.pk, booking.target_id)
        seconds = expected.p90 if expected and math.isfinite(expected.p90) else 0.0
        needs = max(booking.ends - booking.starts, timedelta(seconds=math.ceil(seconds)))
        people = User.objects.filter(reservations__booking=booking, reservations__duty=Duty.OPERATES, reservations__cancelled_at=None)
        given: dict[str, Any] = {"domains": domains_of(self.phase), "people": list(people), "phase": self.phase}
        slot = first_slot([booking.target], needs, timezone.now(), **given)
        if slot and slot.starts < booking.ends and booking.starts < slot.ends:
            slot = first_slot([booking.target], needs, booking.ends, **given)
        return (slot.starts, slot.ends) if slot else (None, None)

    def carry_out(self, person: User) -> None:
        workflow.book(actor=person, phase=self.phase, **self.cleaned_data)


def parsed(text: str) -> datetime | None:
    """A moment with its zone; anything else is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def people_named(people: Mapping[str, int]) -> dict[str, int]:
    names = {Duty.OPERATES: "operator", Duty.ON_CALL: "on_call"}
    return {names[Duty(duty)]: person for duty, person in people.items()}
