"""Rules from and to plain data (what a person wrote as YAML, or a program as JSON), refused with what is wrong and what would be right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any

from governance.analysis.classify import ChangeClass
from governance.analysis.risk import RiskLevel
from governance.errors import BadPolicy
from governance.policy.kinds import ApprovalKind
from governance.policy.rules import Condition, Considered, Policy, Rule
from governance.specification import ChangeKind, Pattern

MOST_RULES, MOST_PEOPLE, LONGEST = 100, 20, 365
CHOICES: Mapping[str, type[StrEnum]] = {"risks": RiskLevel, "classes": ChangeClass, "patterns": Pattern, "kinds": ChangeKind}
NAMES = ("environments", "domains")  # what they may be, the portal's rows say
NUMBERS = {"people": (1, MOST_PEOPLE), "step": (1, 9), "days": (1, LONGEST), "hours": (1, 24 * 30)}
KEYS = frozenset(field.name for field in fields(Rule))
CONDITIONS = frozenset(field.name for field in fields(Condition))
LEAST = Considered("production", True, RiskLevel.LOW, ChangeClass.NONE, size=0)


def read_policy(number: int, given: object) -> Policy:
    """`given`: a list of mappings, one for each rule.

    Raises:
        BadPolicy: a rule cannot be read, or an ordinary change would reach production without a peer or without the business
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= MOST_RULES:
        raise BadPolicy("The policy", "it is not a list of rules", f"Write 1 to {MOST_RULES} rules, each beginning with “- kind: …”.")
    policy = Policy(number, tuple(_rule(f"Rule {place}", each) for place, each in enumerate(given, 1)))
    asked = {demand.kind for demand in policy.demands(LEAST)}
    for kind in (ApprovalKind.TECHNICAL, ApprovalKind.BUSINESS):
        if kind not in asked:
            why = f"an ordinary change of low risk would reach production without a {kind} approval"
            raise BadPolicy("The policy", why, f"Add a rule of the kind {kind} that fits it.")
    return policy


def _rule(where: str, given: object) -> Rule:
    values = _mapping(where, given, KEYS)
    if "kind" not in values or not str(values.get("why") or "").strip():
        raise BadPolicy(where, "its kind or its reason is missing", "Write kind and why, for example why: every change is read by a peer.")
    numbers = {name: _number(where, name, values[name], *NUMBERS[name]) for name in NUMBERS if name in values}
    return Rule(
        kind=ApprovalKind(_one(where, "kind", values["kind"], ApprovalKind)),
        people=numbers.pop("people", 1),
        why=str(values["why"]).strip()[:200],
        when=_condition(where, values.get("when") or {}),
        groups=tuple(_texts(where, "groups", values.get("groups") or ())),
        each_domain=_truth(where, "each_domain", values.get("each_domain", False)),
        **numbers,
    )


def _condition(where: str, given: object) -> Condition:
    values = _mapping(f"{where}, when", given, CONDITIONS)
    known: dict[str, Any] = {}
    for name, value in values.items():
        if name in CHOICES:
            known[name] = frozenset(_one(where, name, each, CHOICES[name]) for each in _texts(where, name, value))
        elif name in NAMES:
            known[name] = frozenset(_texts(where, name, value))
        elif name == "larger_than":
            known[name] = _number(where, name, value, 0, 2**60)
        else:
            known[name] = _truth(where, name, value)
    return Condition(**known)


def _mapping(where: str, given: object, keys: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadPolicy(where, "it is not a mapping of names to values", f"It may have {', '.join(sorted(keys))}.")
    if unknown := sorted(str(key) for key in given if key not in keys):
        raise BadPolicy(where, f"there is no “{unknown[0]}”", f"It may have {', '.join(sorted(keys))}.")
    return given


def _one(where: str, name: str, value: object, choices: type[StrEnum]) -> str:
    if not isinstance(value, str) or value not in set(choices):
        raise BadPolicy(where, f"{name} cannot be “{value}”", f"Choose from {', '.join(choices)}.")
    return str(value)


def _texts(where: str, name: str, value: object) -> Iterable[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, Sequence) or not all(isinstance(each, str) and each.strip() for each in found):
        raise BadPolicy(where, f"{name} is not a list of names", f"Write for example {name}: [one, another].")
    return sorted(dict.fromkeys(str(each).strip() for each in found))


def _number(where: str, name: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadPolicy(where, f"{name} cannot be “{value}”", f"Write a whole number from {least} to {most}.")
    return value


def _truth(where: str, name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadPolicy(where, f"{name} cannot be “{value}”", "Write true or false.")
    return value


def as_plain(rule: Rule) -> dict[str, Any]:
    """What `read_policy` reads, without what is as it would be anyway."""
    usual_when = Condition()
    when = {name: _plain(given) for name in sorted(CONDITIONS) if (given := getattr(rule.when, name)) != getattr(usual_when, name)}
    usual = Rule(rule.kind, rule.people, rule.why)
    rest = {name: getattr(rule, name) for name in ("each_domain", "step", "days", "hours") if getattr(rule, name) != getattr(usual, name)}
    groups = {"groups": list(rule.groups)} if rule.groups else {}
    return {"kind": str(rule.kind), "people": rule.people, "why": rule.why, **({"when": when} if when else {}), **groups, **rest}


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else value
