"""Forms of what is out of the ordinary: an emergency and its review, sending a change back, and answering for a domain."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User

from governance import workflow
from governance.admin.act_form import ActForm
from governance.emergency import LONGEST, USUAL, Skip
from governance.errors import NotReady
from governance.lifecycle import Stage
from governance.models import Answer, BreakGlass, Consideration
from governance.pages.values import person_name

MINUTE = 60


class BreakGlassForm(ActForm):
    incident = forms.CharField(max_length=120, help_text="Its reference, for example INC-4711.")
    reason = forms.CharField(widget=forms.Textarea, help_text="For example: nobody can pay since 02:10, as the new index is invalid.")
    skips = forms.MultipleChoiceField(
        choices=[(skip.value, skip.label) for skip in Skip],
        required=False,
        label="Do without",
        widget=forms.CheckboxSelectMultiple,
        help_text="Name only what there is no time for. Analysis, rollback scripts, blocking findings, the technical approval of somebody "
        "else and the digests are never skipped.",
    )
    minutes = forms.IntegerField(
        min_value=5,
        max_value=int(LONGEST.total_seconds() / MINUTE),
        initial=int(USUAL.total_seconds() / MINUTE),
        help_text="How long it lasts; then everything is asked for again.",
    )

    def carry_out(self, person: User) -> None:
        data = self.cleaned_data
        lasts = timedelta(minutes=data.pop("minutes"))
        workflow.break_glass(actor=person, phase=self.phase, lasts=lasts, **data)


class EmergencyReviewForm(ActForm):
    findings = forms.CharField(
        widget=forms.Textarea, help_text="Whether it was needed, and what has to change so that it is not needed again."
    )
    justified = forms.BooleanField(required=False, label="It was justified")

    def facts(self) -> list[tuple[str, Any]]:
        row = self._emergency()
        if row is None:
            return []
        runs = "; ".join(f"{run.get_kind_display()} on {run.target}: {run.get_status_display().lower()}" for run in row.runs.all())
        until = row.ended_at or row.expires_at
        return [
            ("Incident", row.incident),
            ("Opened by", person_name(row.opened_by)),
            ("Why", row.reason),
            ("Lasted", f"{row.opened_at:%d %b %H:%M} to {until:%d %b %H:%M} UTC"),
            ("Did without", ", ".join(Skip(name).label.partition(":")[0].lower() for name in row.skips) or "nothing"),
            ("Ran in it", runs or "nothing"),
            ("Review due", f"{row.review_due:%d %b %H:%M} UTC"),
        ]

    def _emergency(self) -> BreakGlass | None:
        """The oldest that waits."""
        return self.phase.emergencies.unreviewed().select_related("opened_by").order_by("pk").first()

    def carry_out(self, person: User) -> None:
        emergency = self._emergency()
        if emergency is None:
            raise NotReady(f"No emergency of {self.phase.spec.number} waits for a review. Nothing is left to do.")
        workflow.review_emergency(actor=person, emergency=emergency, **self.cleaned_data)


class GoBackForm(ActForm):
    stage = forms.TypedChoiceField(coerce=lambda value: Stage(int(value)), label="Back to")
    reason = forms.CharField(widget=forms.Textarea, help_text="For example: the checks forget bids without a project.")

    def prepare(self) -> None:
        earlier = [stage for stage in reversed(Stage) if stage < self.phase.at]
        self.fields["stage"].choices = [(stage.value, f"{stage.value} {stage.title}") for stage in earlier]  # type: ignore[attr-defined]

    def carry_out(self, person: User) -> None:
        workflow.go_back(actor=person, phase=self.phase, **self.cleaned_data)


class AnswerForm(ActForm):
    """What the domains ask; each person sees all questions and answers those of their own domains."""

    def prepare(self) -> None:
        spec = self.phase.spec
        answers = dict(Answer.objects.filter(spec=spec).values_list("consideration", "text"))
        for row in Consideration.objects.filter(domain__specs=spec).select_related("domain"):
            field = forms.CharField(required=False, widget=forms.Textarea, label=row.question, help_text=row.domain.name)
            self.fields[f"answer_{row.pk}"] = field
            self.initial[f"answer_{row.pk}"] = answers.get(row.pk, "")

    def carry_out(self, person: User) -> None:
        for name in self.changed_data:
            row = Consideration.objects.select_related("domain").get(pk=name.removeprefix("answer_"))
            workflow.answer(actor=person, spec=self.phase.spec, consideration=row, text=self.cleaned_data[name])
