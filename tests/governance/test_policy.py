"""What a version of the policy asks for, how far it is met, and how it is read."""

from dataclasses import replace

import pytest

from governance.analysis.risk import RiskLevel
from governance.errors import BadPolicy
from governance.policy import (
    ApprovalKind,
    Approver,
    Condition,
    Considered,
    Policy,
    Rule,
    Voice,
    as_plain,
    asks_for_password,
    needs_integration_tests,
    read_policy,
    standings,
    turn,
    waits_for,
)
from tests.factories import installed_rules

TECHNICAL, BUSINESS, DBA = ApprovalKind.TECHNICAL, ApprovalKind.BUSINESS, ApprovalKind.DBA
CHANGE = Considered("production", True, RiskLevel.LOW, "additive", ("bidding", "payments"), 10**9)
FIRST = [{"kind": "technical", "why": "peers"}, {"kind": "business", "why": "owners", "when": {"production": True}}]


def people(policy: Policy, change: Considered, kind: ApprovalKind) -> int:
    return max((demand.people for demand in policy.demands(change) if demand.kind is kind), default=0)


@pytest.mark.parametrize(
    ("risk", "irreversible", "peers"),
    [
        (RiskLevel.LOW, False, 1),
        (RiskLevel.MEDIUM, False, 1),
        (RiskLevel.HIGH, False, 2),
        (RiskLevel.CRITICAL, False, 2),
        (RiskLevel.LOW, True, 2),
    ],
)
def test_installed_policy_asks_for_a_second_peer_for_high_risk_and_for_what_cannot_be_undone(risk, irreversible, peers):
    change = replace(CHANGE, risk=risk, irreversible=irreversible)

    assert people(read_policy(1, installed_rules()), change, TECHNICAL) == peers


@pytest.mark.parametrize("risk", RiskLevel)
@pytest.mark.parametrize(("production", "soft", "needed"), [(True, False, 1), (True, True, 2), (False, False, 0)])
def test_installed_policy_asks_the_business_for_production_and_twice_in_a_soft_blackout(risk, production, soft, needed):
    change = replace(CHANGE, risk=risk, production=production, soft_blackout=soft)

    assert people(read_policy(1, installed_rules()), change, BUSINESS) == needed


@pytest.mark.parametrize(
    ("when", "fits", "fits_not"),
    [
        ({"environments": ["production"]}, {}, {"environment": "staging"}),
        ({"production": False}, {"production": False}, {}),
        ({"risks": ["high"]}, {"risk": RiskLevel.HIGH}, {}),
        ({"classes": ["removal"]}, {"change_class": "removal"}, {}),
        ({"classes": ["removal"]}, {"change_class": "unknown"}, {"change_class": "none"}),
        ({"domains": ["payments"]}, {}, {"domains": ("bidding",)}),
        ({"patterns": ["expand_migrate_contract"]}, {"pattern": "expand_migrate_contract"}, {}),
        ({"kinds": ["emergency"]}, {"kind": "emergency"}, {}),
        ({"larger_than": 10**8}, {}, {"size": 10**8}),
        ({"larger_than": 10**8}, {"size": None}, {"size": 0}),
        ({"irreversible": True}, {"irreversible": True}, {}),
        ({"soft_blackout": True}, {"soft_blackout": True}, {}),
        ({"risks": ["high"], "domains": ["payments"]}, {"risk": RiskLevel.HIGH}, {"risk": RiskLevel.HIGH, "domains": ()}),
    ],
)
def test_rule_matches_when_all_it_names_fits_and_what_is_unknown_counts_as_the_worst(when, fits, fits_not):
    policy = read_policy(2, [*FIRST, {"kind": "dba", "why": "their tables", "when": when}])

    assert people(policy, replace(CHANGE, **fits), DBA) == 1
    assert people(policy, replace(CHANGE, **fits_not), DBA) == 0


def test_matching_rules_add_up_and_the_strictest_of_the_same_kind_holds():
    rules = [{"kind": "technical", "people": 2, "why": "more", "days": 7}, {"kind": "security", "why": "watch", "groups": ["red team"]}]

    demands = read_policy(2, [*FIRST, *rules]).demands(CHANGE)

    assert [(demand.kind, demand.people, demand.days, demand.groups) for demand in demands] == [
        ("technical", 2, 7, ()), ("security", 1, 14, ("red team",)), ("business", 1, 14, ()),
    ]  # fmt: skip
    assert demands[0].whys == ("peers", "more")


def test_rule_for_each_domain_asks_the_owners_of_each_touched_one():
    policy = Policy(2, (Rule(BUSINESS, 1, "owners", each_domain=True),))

    assert [str(demand) for demand in policy.demands(CHANGE)] == ["business approval of bidding", "business approval of payments"]


ANN, BOB = Approver(1, "ann", frozenset({"reviewer", "operator"})), Approver(2, "bob", frozenset({"reviewer", "payments"}))
STELLA = Approver(3, "stella", frozenset({"stakeholder"}), frozenset({"bidding"}))


def standing(rule: Rule, *voices: Voice, able: tuple[Approver, ...] = (ANN, BOB, STELLA)):
    return standings(Policy(2, (rule,)).demands(CHANGE), voices, able)[0]


def test_one_person_counts_once_however_often_heard():
    found = standing(Rule(TECHNICAL, 2, "two"), Voice(1, TECHNICAL, ANN), Voice(1, TECHNICAL, ANN))

    assert (found.given, found.lacking) == (1, 1)


def test_only_who_is_in_the_group_or_owns_the_domain_counts():
    grouped = standing(Rule(TECHNICAL, 1, "theirs", groups=("payments",)), Voice(1, TECHNICAL, ANN))
    owned = standing(Rule(BUSINESS, 1, "owners", Condition(domains=frozenset({"bidding"})), each_domain=True), Voice(3, BUSINESS, STELLA))

    assert (grouped.given, grouped.able) == (0, 1)
    assert (owned.given, owned.able) == (1, 1)


def test_rule_that_nobody_can_satisfy_blocks_and_says_so():
    found = standing(Rule(TECHNICAL, 2, "two of them", groups=("payments",)), Voice(2, TECHNICAL, BOB))

    assert found.impossible
    assert found.lacking == 1
    assert "only 1 person with the role reviewer in the group payments who did not write" in str(found)


def test_later_step_waits_for_the_earlier_one_and_scripts_never_for_the_release():
    rules = (Rule(TECHNICAL, 1, "first"), Rule(DBA, 1, "then", step=2), Rule(BUSINESS, 1, "owners"))
    found = standings(Policy(2, rules).demands(CHANGE), (), (ANN, BOB))

    assert [str(each) for each in waits_for(found, DBA, turn(found, DBA))] == ["technical approval, 0 of 1"]
    assert waits_for(found, TECHNICAL, 1) == ()


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("technical", "it is not a list of rules"),
        ([], "it is not a list of rules"),
        (["technical"], "Rule 1: it is not a mapping"),
        ([{"kind": "technical"}], "Rule 1: its kind or its reason is missing"),
        ([{"kind": "wizard", "why": "w"}], "Rule 1: kind cannot be “wizard”. Choose from technical, business, dba, security"),
        ([{"kind": ["dba"], "why": "w"}], "Rule 1: kind cannot be"),
        ([*FIRST, {"kind": "dba", "why": "w", "people": 0}], "Rule 3: people cannot be “0”. Write a whole number from 1 to 20"),
        ([*FIRST, {"kind": "dba", "why": "w", "when": {"risk": "high"}}], "Rule 3, when: there is no “risk”"),
        ([*FIRST, {"kind": "dba", "why": "w", "when": {"risks": ["hihg"]}}], "Rule 3: risks cannot be “hihg”"),
        ([*FIRST, {"kind": "dba", "why": "w", "groups": [3]}], "Rule 3: groups is not a list of names"),
        ([*FIRST, {"kind": "dba", "why": "w", "each_domain": "yes"}], "Write true or false"),
        (FIRST[:1], "would reach production without a business approval"),
        ([{**FIRST[0], "when": {"risks": ["high"]}}, FIRST[1]], "would reach production without a technical approval"),
    ],
)
def test_policy_that_cannot_be_read_or_lets_a_change_through_is_refused_with_what_is_wrong(rules, why):
    with pytest.raises(BadPolicy, match=why):
        read_policy(2, rules)


def test_rules_are_written_as_they_are_read():
    rules = [*installed_rules(), {"kind": "dba", "people": 1, "why": "w", "when": {"production": False, "larger_than": 0}, "step": 2}]

    assert [as_plain(rule) for rule in read_policy(2, rules).rules] == rules


def test_high_and_unknown_risk_ask_for_the_password():
    assert [asks_for_password(risk) for risk in ("low", "medium", "high", "critical", "")] == [False, False, True, True, True]


def test_only_a_change_that_spans_domains_needs_integration_tests():
    assert needs_integration_tests(("bidding", "payments"))
    assert not needs_integration_tests(("bidding",))
