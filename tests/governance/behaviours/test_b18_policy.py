"""B18: the policy is versioned, approved by a second person, kept, and named by each approval."""

from typing import Any

import pytest
import yaml
from django.db import DatabaseError, transaction
from django.urls import reverse

from governance import workflow
from governance.case import load
from governance.models import Approval, AuditEvent, PolicyVersion
from tests import factories
from tests.governance.behaviours.approving import BUSINESS, TECHNICAL, approve, rules
from tests.governance.behaviours.ways import WAYS, browser, by_api, by_function, by_page

STRICTER = {"kind": "technical", "people": 2, "why": "two see more than one"}


def draft(way: str, api: Any, person: Any, *more: dict[str, Any], reason: str = "It was too easy.") -> str:
    written = [*factories.installed_rules(), *more]
    if way == "function":
        return by_function(workflow.draft_policy, actor=person, rules=written, reason=reason)
    if way == "page":
        return by_page(person, reverse("admin:policy"), rules=yaml.safe_dump(written), reason=reason)
    return by_api(api, person, "POST", "/policy/versions", {"rules": written, "reason": reason})


def settle(way: str, api: Any, person: Any, number: int) -> str:
    version = PolicyVersion.objects.get(number=number)
    if way == "function":
        return by_function(workflow.approve_policy, actor=person, version=version)
    if way == "page":
        return by_page(person, reverse("admin:policy"), approve=version.pk)
    return by_api(api, person, "POST", f"/policy/versions/{number}/approve", {})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b18_a_policy_takes_two_people_is_kept_and_each_approval_names_its_version(cast, spec, api, way):
    drafted = draft(way, api, cast.operator, STRICTER)
    alone = settle(way, api, cast.operator, 2)
    by_an_outsider = settle(way, api, cast.engineer, 2)
    approved = settle(way, api, cast.stakeholder, 2)

    assert (drafted, alone, by_an_outsider, approved) == ("", "TwoPeople", "MissingRole", "")
    assert dict(PolicyVersion.objects.values_list("number", "state")) == {1: "retired", 2: "active"}
    assert approve(way, api, cast.reviewer, factories.phase_of(spec)) == ""
    assert Approval.objects.get().policy == "2"
    assert load(factories.phase_of(spec).pk).needed(TECHNICAL) == 2
    assert AuditEvent.objects.filter(kind="policy.approve", actor="stella").exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.at("approval")
def test_b18_a_draft_that_cannot_be_read_or_lets_changes_through_is_refused(cast, spec, api, way):
    assert draft(way, api, cast.operator, {"kind": "technical", "why": "w", "people": 99}) == "BadPolicy"
    assert draft(way, api, cast.operator, {"kind": "technical", "why": "w", "groups": ["nobody knows them"]}) == "BadPolicy"
    assert draft(way, api, cast.engineer, STRICTER) == "MissingRole"
    assert PolicyVersion.objects.count() == 1


@pytest.mark.at("production")
def test_b18_a_new_version_voids_business_approvals_which_bind_to_it_and_no_technical_one(cast, spec):
    rules({"kind": "security", "people": 1, "why": "watch the payments", "when": {"risks": ["critical"]}})

    voided = {row.kind: row.voided_because for row in Approval.objects.all()}
    assert voided == {"technical": "", "business": "Policy 2 holds now"}
    assert factories.phase_of(spec).at.title == "Scheduled window"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE governance_policyversion SET rules = '[]'", "is not changed"),
        ("UPDATE governance_policyversion SET state = 'draft'", "is not changed"),
        ("DELETE FROM governance_policyversion", "is kept"),
        (
            "INSERT INTO governance_policyversion (number, rules, reason, state, drafted_at) VALUES (9, '[]', 'r', 'active', now())",
            "begins as a draft",
        ),
    ],
)
def test_b18_the_database_keeps_what_was_agreed(cast, statement, why):
    with pytest.raises(DatabaseError, match=why), transaction.atomic():
        factories.at_once(statement)


def test_b18_the_database_takes_two_people_for_a_version(cast):
    factories.make_targets()
    workflow.draft_policy(actor=cast.operator, rules=[*factories.installed_rules(), STRICTER], reason="r")

    with pytest.raises(DatabaseError, match="policy_takes_two_people"), transaction.atomic():
        factories.at_once("UPDATE governance_policyversion SET approved_by_id = drafted_by_id WHERE number = 2")


def test_b18_the_policy_page_shows_rules_versions_and_what_differs(cast):
    factories.make_targets()
    rules(STRICTER)

    page = browser(cast.auditor).get(reverse("admin:policy")).content.decode()

    assert "2 technical approvals" in page
    assert "two see more than one" in page
    assert "Version 1 to 2" in page
    assert BUSINESS in page
