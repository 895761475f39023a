"""A specification as a file: Markdown sections under a YAML front matter. Pure: text in, values out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import frontmatter
import yaml

from governance.analysis.classify import Category
from governance.errors import BadSpecification


class DataClass(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    FINANCIAL = "financial"


class ChangeKind(StrEnum):
    """How a change came to be allowed. Nobody chooses it: a template that fits makes it standard, a broken glass an emergency."""

    NORMAL = "normal"
    STANDARD = "standard"
    EMERGENCY = "emergency"


class Pattern(StrEnum):
    PLAIN = "plain"
    EXPAND_MIGRATE_CONTRACT = "expand_migrate_contract"


SECTIONS: Mapping[str, str] = {
    "purpose": "Purpose",
    "drivers": "Business drivers",
    "design": "Technical design",
    "risk_assessment": "Risk assessment",
    "mitigation": "Mitigation",
    "rollback_procedure": "Rollback procedure",
}
KEYS = frozenset(
    [
        "title",
        "domains",
        "targets",
        "data_class",
        "privacy_impact",
        "pattern",
        "category",
        "requires",
        "irreversible",
        "restore_plan",
        "criteria",
        "considerations",
    ]
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A success criterion of the review."""

    name: str
    expected: str
    measure: str = ""  # what runs measure, for example longest_lock < 1


@dataclass(frozen=True, slots=True)
class Specification:
    title: str
    purpose: str = ""
    drivers: str = ""
    design: str = ""
    risk_assessment: str = ""
    mitigation: str = ""
    rollback_procedure: str = ""
    data_class: str = ""
    privacy_impact: str = ""
    pattern: str = Pattern.PLAIN
    category: str = ""
    irreversible: bool = False
    restore_plan: str = ""
    domains: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()  # empty: every target
    requires: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)  # question -> answer


def parse(where: str, text: str) -> Specification:
    """Raises BadSpecification with what is wrong, where, and what would be right."""
    try:
        head, body = frontmatter.parse(text)
    except yaml.YAMLError as error:
        raise BadSpecification(where, "its front matter is not YAML", "Write keys and values between two lines of ---.") from error
    for key in head.keys() - KEYS:
        raise BadSpecification(where, f"it has an unknown key {key!r}", f"The keys are {', '.join(sorted(KEYS))}.")
    return Specification(
        title=_title(where, head),
        **_sections(where, body),
        data_class=_one_of(where, head, "data_class", DataClass),
        privacy_impact=str(head.get("privacy_impact", "")),
        pattern=_one_of(where, head, "pattern", Pattern) or Pattern.PLAIN,
        category=_one_of(where, head, "category", Category),
        irreversible=bool(head.get("irreversible", False)),
        restore_plan=str(head.get("restore_plan", "")),
        domains=_names(where, head, "domains"),
        targets=_names(where, head, "targets"),
        requires=_names(where, head, "requires"),
        criteria=_criteria(where, head),
        answers=_answers(where, head),
    )


def _title(where: str, head: Mapping[str, Any]) -> str:
    title = str(head.get("title", "")).strip()
    if not title:
        raise BadSpecification(where, "it has no title", "Add a line such as title: Bids get a pricing model.")
    return title


def _sections(where: str, body: str) -> dict[str, str]:
    parts = re.split(r"^## +(.+?) *$", body, flags=re.MULTILINE)
    found = {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    for heading in found.keys() - set(SECTIONS.values()):
        raise BadSpecification(where, f"it has an unknown section “{heading}”", f"The sections are {', '.join(SECTIONS.values())}.")
    return {name: found.get(heading, "") for name, heading in SECTIONS.items()}


def _one_of(where: str, head: Mapping[str, Any], key: str, codes: type[StrEnum]) -> str:
    value = str(head.get(key, "") or "")
    if value and value not in set(codes):
        raise BadSpecification(where, f"{key} is {value!r}", f"It is one of {', '.join(codes)}.")
    return value


def _names(where: str, head: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = head.get(key) or []
    if not isinstance(value, list):
        raise BadSpecification(where, f"{key} is not a list", f"Write {key}: [one, two].")
    return tuple(map(str, value))


def _criteria(where: str, head: Mapping[str, Any]) -> tuple[Criterion, ...]:
    rows = head.get("criteria") or []
    keys = {"name", "expected", "measure"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() | {"measure"} == keys for row in rows):
        raise BadSpecification(
            where, "criteria is not a list of name and expected", "Write criteria: [{name: Worst wait, expected: under 1 s}]."
        )
    return tuple(Criterion(str(row["name"]), str(row["expected"]), str(row.get("measure", ""))) for row in rows)


def _answers(where: str, head: Mapping[str, Any]) -> dict[str, str]:
    answers = head.get("considerations") or {}
    if not isinstance(answers, dict):
        raise BadSpecification(where, "considerations is not a mapping", "Write each question, a colon, and its answer.")
    return {str(question): str(answer) for question, answer in answers.items()}
