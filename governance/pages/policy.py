"""The approval policy as a page: what holds, what held, what differs, and the draft that waits for a second person."""

from collections.abc import Collection
from difflib import unified_diff
from typing import Any

import yaml
from django import forms
from django.contrib.auth.models import User

from governance.accord import approver_rows, approvers_from
from governance.acts import ACTS
from governance.lifecycle import Role
from governance.models import PolicyState, PolicyVersion
from governance.pages.differences import shown_lines
from governance.pages.values import person_name
from governance.policy import Approver, Demand, Rule, as_plain, wording
from governance.wording import counted

GLYPHS = {PolicyState.DRAFT: "wait", PolicyState.ACTIVE: "ok", PolicyState.RETIRED: "void", PolicyState.DROPPED: "void"}

LONGEST = 50_000  # characters of a policy: a hundred rules have a third of it
NOT_YOURS = "It takes a role that approves changes."


class DraftForm(forms.Form):
    rules = forms.CharField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 18, "class": "vLargeTextField code", "spellcheck": "false"}),
        help_text="YAML: one entry for each rule, with kind, people, why, when, groups, each_domain, step, days and hours.",
    )
    reason = forms.CharField(
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        max_length=500,
        help_text="Why the policy changes, for example: payments want to see every change of their tables.",
    )


def as_text(version: PolicyVersion) -> str:
    """With the names in the order of the documentation; the database sorts them its own way."""
    return yaml.safe_dump([as_plain(rule) for rule in version.value.rules], sort_keys=False, allow_unicode=True, width=120)


def policy_page(person: User, roles: Collection[Role], form: DraftForm | None, number: int | None, against: int | None) -> dict[str, Any]:
    """`number`: the version to show, the active one if None; `against`: another to compare it with, the one before it if None."""
    versions = list(PolicyVersion.objects.select_related("drafted_by", "approved_by"))
    active = next(each for each in versions if each.state == PolicyState.ACTIVE)
    shown = next((each for each in versions if each.number == number), active)
    held = (PolicyState.ACTIVE, PolicyState.RETIRED)
    earlier = [each for each in versions if each.number < shown.number and each.state in held]
    other = next((each for each in versions if each.number == against and each != shown), next(iter(earlier), None))
    draft = next((each for each in versions if each.state == PolicyState.DRAFT), None)
    approvers = approvers_from(approver_rows().values_list("row", flat=True))
    return {
        "shown": _version(shown),
        "rules": [_rule(rule, approvers.values()) for rule in shown.value.rules],
        "versions": [{**_version(each), "current": each == shown} for each in versions],
        "difference": _difference(other, shown) if other else None,
        "draft": _version(draft) if draft else None,
        "may": _may(person, roles, draft),
        "form": form or DraftForm(initial={"rules": as_text(active)}, label_suffix=""),
    }


def _may(person: User, roles: Collection[Role], draft: PolicyVersion | None) -> dict[str, Any]:
    allowed = bool(ACTS["draft_policy"].roles & set(roles))
    own = draft is not None and draft.drafted_by_id == person.pk
    why = "You drafted it: another person approves it." if own else "" if allowed else NOT_YOURS
    return {"draft": allowed and draft is None, "approve": allowed and draft is not None and not own, "drop": allowed, "why": why}


def why_no_draft(roles: Collection[Role]) -> str:
    """Why nothing can be drafted now; "" where it can."""
    if not ACTS["draft_policy"].roles & set(roles):
        return NOT_YOURS
    waiting = PolicyVersion.objects.filter(state=PolicyState.DRAFT).first()
    return f"{waiting} waits for its approval. Have it approved or dropped first." if waiting else ""


def _version(version: PolicyVersion) -> dict[str, Any]:
    return {
        "pk": version.pk,
        "number": version.number,
        "state": GLYPHS[PolicyState(version.state)],
        "word": version.get_state_display(),
        "reason": version.reason,
        "drafted_by": person_name(version.drafted_by),
        "drafted_at": version.drafted_at,
        "approved_by": person_name(version.approved_by) if version.approved_by else "",
        "approved_at": version.approved_at,
    }


def _rule(rule: Rule, approvers: Collection[Approver]) -> dict[str, Any]:
    demand = Demand(rule.kind, rule.people, rule.groups)
    able = sum(approver.may(demand) for approver in approvers if not rule.each_domain or approver.domains)
    return {
        "asked": wording.asked(rule),
        "when": wording.when(rule.when),
        "why": rule.why,
        "step": rule.step,
        "lasts": wording.lasts(rule),
        "able": f"{counted(able, 'person').replace('persons', 'people')} could",
        "state": "ok" if able >= rule.people else "no",
    }


def _difference(before: PolicyVersion, after: PolicyVersion) -> dict[str, Any]:
    """As governance/diff.html draws it."""
    lines = list(unified_diff(as_text(before).splitlines(), as_text(after).splitlines(), lineterm="", n=2))[2:]
    return {"name": f"Version {before.number} to {after.number}", "before": before.number, **shown_lines(lines)}
