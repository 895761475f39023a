"""A draft of the policy by fields: one form for each rule, from and to the plain data that `governance.policy` reads."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from governance.analysis.classify import ChangeClass
from governance.analysis.risk import RiskLevel
from governance.errors import BadPolicy
from governance.lifecycle import Role
from governance.models import Domain, Environment, PolicyVersion
from governance.policy import ApprovalKind, Rule, wording
from governance.policy.reading import LONGEST, MOST_RULES, NUMBERS
from governance.specification import ChangeKind, Pattern

MEGABYTE = 2**20
WHAT = ("kind", "people", "each_domain", "groups")
LISTS = ("environments", "risks", "classes", "domains", "patterns", "kinds")
FLAGS = ("irreversible", "soft_blackout")
WHEN = ("production", "larger_than", *FLAGS, *LISTS)
TERMS = ("step", "days", "hours")
WHERE = {"": "Anywhere", "yes": "In production", "no": "Below production"}
PLACE = re.compile(r"Rule (\d+)")  # as BadPolicy names it


def _number(name: str, usual: int, help_text: str) -> forms.IntegerField:
    least, most = NUMBERS[name]
    wrong = f"Write a whole number from {least} to {most}, for example {usual}."
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong)
    return forms.IntegerField(min_value=least, max_value=most, initial=usual, help_text=help_text, error_messages=messages)


def _words(codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(code), str(code).replace("_", " ").capitalize()) for code in codes]


def _several(codes: Iterable[str] = (), **given: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(choices=_words(codes), required=False, widget=forms.CheckboxSelectMultiple, **given)


class RuleForm(forms.Form):
    kind = forms.ChoiceField(
        label="Approval",
        initial=ApprovalKind.TECHNICAL.value,
        choices=[(kind.value, f"{kind.noun[:1].upper()}{kind.noun[1:]}") for kind in ApprovalKind],
        help_text="Business is asked once a window is booked, the others before staging.",
    )
    people = _number("people", 1, "So many distinct people.")
    each_domain = forms.BooleanField(required=False, label="Of the owners of each touched domain")
    groups = _several(label="From the groups", help_text="Of one of them, and in the role. Nothing chosen: whoever has the role.")
    why = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text="Approvers read it, for example: every change is read by a peer.",
        error_messages={"required": "Write what the rule is for."},
    )
    production = forms.ChoiceField(label="Where", choices=list(WHERE.items()), required=False)
    larger_than = forms.FloatField(label="A table larger than, MB", required=False, min_value=0, max_value=2.0**40)
    irreversible = forms.BooleanField(required=False, label="Only what cannot be undone")
    soft_blackout = forms.BooleanField(required=False, label="Only in a soft blackout")
    environments = _several()
    risks = _several(RiskLevel)
    classes = _several(ChangeClass)
    domains = _several()
    patterns = _several(Pattern)
    kinds = _several(ChangeKind, label="Kinds of change")
    step = _number("step", 1, "Later steps wait for earlier ones.")
    days = _number("days", 14, f"So long an approval counts, at most {LONGEST}.")
    hours = _number("hours", 48, "Until a request that nobody decided is escalated.")

    def __init__(self, *args: Any, known: Mapping[str, Iterable[str]], **kwargs: Any) -> None:
        """`known`: names of environments, domains and groups; what the rule names besides stays there to be seen."""
        super().__init__(*args, **kwargs)
        for name, names in known.items():
            there = dict.fromkeys([*names, *self.initial.get(name, ())])
            self.fields[name].choices = [(each, each) for each in there]  # type: ignore[attr-defined]

    def as_plain(self) -> dict[str, Any]:
        data = self.cleaned_data
        when: dict[str, Any] = {name: data[name] for name in (*LISTS, *FLAGS) if data[name]}
        when |= {"production": data["production"] == "yes"} if data["production"] else {}
        when |= {"larger_than": round(data["larger_than"] * MEGABYTE)} if data["larger_than"] is not None else {}
        return {**{name: data[name] for name in (*WHAT, "why", *TERMS)}, "when": when}


class WhyForm(forms.Form):
    """Why the policy changes, and which version the draft began with."""

    instead_of = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        max_length=500,
        help_text="Why the policy changes, for example: payments want to see every change of their tables.",
        error_messages={"required": "Write why the policy changes: whoever approves the draft reads it."},
    )


RuleForms = forms.formset_factory(RuleForm, extra=1, can_delete=True, max_num=MOST_RULES, validate_max=True)


class Draft:
    """The rules of the active version in forms, or what somebody made of them."""

    def __init__(self, active: PolicyVersion, data: Mapping[str, Any] | None = None) -> None:
        given = [_initial(rule) for rule in active.value.rules]
        self.rules = RuleForms(data, initial=given, prefix="rule", form_kwargs={"known": _known(), "label_suffix": ""})
        self.why = WhyForm(data, initial={"instead_of": active.number}, label_suffix="")
        self.active = active

    def is_valid(self) -> bool:
        return all([self.rules.is_valid(), self.why.is_valid()])

    @property
    def kept(self) -> list[RuleForm]:
        """Without those that are removed, and without the empty one that stands there to be filled."""
        filled = (form for form in self.rules if form.has_changed() or form in self.rules.initial_forms)
        return [form for form in filled if form not in self.rules.deleted_forms]

    def plain(self) -> list[dict[str, Any]]:
        return [form.as_plain() for form in self.kept]

    def refuse(self, message: str, refusal: BadPolicy | None = None) -> None:
        """Beside the rule that it is about, where it is about one."""
        place = PLACE.match(refusal.where) if refusal else None
        form = self.kept[int(place[1]) - 1] if place else self.why
        form.add_error(None, message)


def with_another(data: Mapping[str, Any], prefix: str = "rule") -> dict[str, Any]:
    """What was posted, with room for one more rule. `data`: a QueryDict."""
    name, changed = f"{prefix}-TOTAL_FORMS", data.copy()  # type: ignore[attr-defined]
    total = changed.get(name, "")
    changed[name] = str(min(int(total) + 1, MOST_RULES)) if total.isascii() and total.isdigit() and len(total) < 4 else total
    return changed


def _known() -> dict[str, list[str]]:
    return {
        "environments": list(Environment.objects.values_list("name", flat=True)),
        "domains": list(Domain.objects.order_by("slug").values_list("slug", flat=True)),
        "groups": list(Group.objects.exclude(name__in=list(Role)).order_by("name").values_list("name", flat=True)),
    }


def _initial(rule: Rule) -> dict[str, Any]:
    when, larger = rule.when, rule.when.larger_than
    return {
        **{name: getattr(rule, name) for name in (*WHAT, "why", *TERMS)},
        **{name: sorted(getattr(when, name)) for name in LISTS},
        **{name: getattr(when, name) for name in FLAGS},
        "kind": rule.kind.value,
        "groups": list(rule.groups),
        "production": {True: "yes", False: "no", None: ""}[when.production],
        "larger_than": None if larger is None else larger / MEGABYTE,
    }


def draft_page(draft: Draft) -> dict[str, Any]:
    before = draft.active.value.rules
    shown = [_shown(form, before[place] if place < len(before) else None) for place, form in enumerate(draft.rules)]
    return {"rules": shown, "management": draft.rules.management_form, "errors": draft.rules.non_form_errors(), "why": draft.why}


def _shown(form: RuleForm, rule: Rule | None) -> dict[str, Any]:
    """`rule`: as it holds now."""
    return {
        "title": wording.asked(rule) if rule else "Another rule",
        "sub": wording.when(rule.when) if rule else "",
        "open": bool(form.is_bound and (form.errors or form.has_changed())),
        "errors": form.non_field_errors() if form.is_bound else [],
        "what": [form[name] for name in WHAT if name != "groups" or form.fields[name].choices],  # type: ignore[attr-defined]
        "why": form["why"],
        "terms": [form[name] for name in TERMS],
        "flags": [form[name] for name in WHEN if name not in LISTS],
        "lists": [form[name] for name in LISTS if form.fields[name].choices],  # type: ignore[attr-defined]
        "remove": form["DELETE"] if rule else None,
    }
