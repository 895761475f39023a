"""A draft of the policy by fields: what is written there is what YAML would have said, and what is wrong stays in the form."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from governance import workflow
from governance.models import AuditEvent, PolicyState, PolicyVersion
from governance.pages.rules import Draft
from tests import factories
from tests.governance.api.caller import Caller
from tests.governance.behaviours.approving import rules
from tests.governance.behaviours.ways import browser, by_api, by_function

EVERYTHING = {
    "kind": "security", "people": 2, "why": "security reads it", "groups": ["payments"], "each_domain": True,
    "step": 2, "days": 3, "hours": 4,
    "when": {
        "environments": ["production"], "production": True, "risks": ["critical", "high"], "classes": ["removal"], "domains": ["labor"],
        "patterns": ["plain"], "kinds": ["normal"], "larger_than": 3 * 2**19, "irreversible": True, "soft_blackout": True,
    },
}  # fmt: skip


def opened(person: Any) -> dict[str, Any]:
    """The form as it stands, as its fields would be sent."""
    draft = Draft(PolicyVersion.objects.active().get())
    fields = [field for form in (*draft.rules, draft.rules.management_form, draft.why) for field in form]
    assert browser(person).get(reverse("admin:policy_draft")).status_code == 200
    return {field.html_name: field.value() for field in fields if field.value() not in (None, False, "", [])}


def post(person: Any, changed: dict[str, Any], act: str = "draft") -> str:
    data = {name: value for name, value in {**opened(person), "reason": "Less trust.", act: "1", **changed}.items() if value is not None}
    return browser(person).post(reverse("admin:policy_draft"), data, follow=True).content.decode()


def drafted() -> list[dict[str, Any]]:
    return PolicyVersion.objects.get(state=PolicyState.DRAFT).rules


@pytest.fixture
def portal(cast):
    factories.make_targets()
    Group.objects.create(name="payments")
    return cast


def test_everything_that_a_rule_can_say_comes_back_from_the_form_as_it_was(portal):
    rules(EVERYTHING)
    before = PolicyVersion.objects.active().get().rules

    post(portal.operator, {"rule-0-people": "3"})

    assert drafted() == [{**before[0], "people": 3}, *before[1:]]
    assert before[-1] == EVERYTHING


def test_a_rule_is_removed_and_another_is_written(portal):
    before = PolicyVersion.objects.active().get().rules
    new = {"kind": "dba", "why": "DBAs read removals", "classes": ["removal", "unknown"], "production": "no", "larger_than": "0.5"}

    page = post(portal.operator, {"rule-2-DELETE": "on", **{f"rule-{len(before)}-{name}": value for name, value in new.items()}})

    written = {"kind": "dba", "people": 1, "why": "DBAs read removals"}
    written["when"] = {"classes": ["removal", "unknown"], "larger_than": 2**19, "production": False}
    assert drafted() == [*before[:2], *before[3:], written]
    assert "It holds once another person has approved it." in page


def test_room_for_one_rule_more_keeps_what_was_typed(portal):
    before = len(PolicyVersion.objects.active().get().rules)

    page = post(portal.operator, {"rule-0-why": "typed and not lost"}, act="another")

    assert f'name="rule-{before + 1}-why"' in page
    assert "typed and not lost" in page
    assert not PolicyVersion.objects.filter(state=PolicyState.DRAFT).exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rule-0-people": "99"}, "Write a whole number from 1 to 20"),
        ({"rule-0-why": ""}, "Write what the rule is for."),
        ({"reason": ""}, "Write why the policy changes"),
        ({"rule-1-DELETE": "on"}, "would reach production without a business approval"),
        ({}, "which holds already. Change one of them"),
        ({"instead_of": "0", "rule-0-people": "3"}, "holds since you began with Policy 0"),
        ({"rule-TOTAL_FORMS": "x"}, "ManagementForm"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right_and_nothing_is_drafted(portal, changed, why):
    page = post(portal.operator, changed)

    assert why in page
    assert not PolicyVersion.objects.filter(state=PolicyState.DRAFT).exists()


def test_a_name_that_is_gone_is_refused_beside_its_rule(portal):
    rules(EVERYTHING)
    Group.objects.get(name="payments").delete()

    page = post(portal.operator, {"rule-0-people": "3"})

    assert "there is no “payments”" in page.partition("2 security approvals")[2]


def test_whoever_may_not_draft_sees_why_and_is_refused(portal):
    page = post(portal.engineer, {"rule-0-people": "3"})

    assert "It takes a role that approves changes." in page
    assert AuditEvent.objects.get(kind="refused.draft_policy").data["code"] == "MissingRole"


def test_a_draft_that_waits_is_told_before_another_is_written(portal):
    factories.make_draft_policy(portal.operator)

    page = browser(portal.reviewer).get(reverse("admin:policy_draft")).content.decode()

    assert "Policy 2 waits for its approval. Have it approved or dropped first." in page


def test_the_page_compares_a_version_with_the_one_that_held_before_it_and_not_with_a_dropped_draft(portal):
    dropped = factories.make_draft_policy(portal.operator)
    workflow.drop_policy(actor=portal.reviewer, version=dropped, reason="Too strict.")
    rules(EVERYTHING)

    page = browser(portal.auditor).get(reverse("admin:policy")).content.decode()

    assert "Version 1 to 3" in page


@pytest.mark.parametrize("way", ["function", "api"])
def test_rules_made_from_an_older_version_take_back_nothing_unseen(portal, way):
    rules(EVERYTHING)
    given = {"rules": factories.installed_rules(), "reason": "r", "instead_of": 1}

    if way == "function":
        refused = by_function(workflow.draft_policy, actor=portal.operator, **given)
    else:
        refused = by_api(Caller(), portal.operator, "POST", "/policy/versions", given)

    assert refused == "NotReady"
