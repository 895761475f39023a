"""Specifications as files."""

import pytest

from governance.errors import BadSpecification
from governance.specification import Criterion, parse

GOOD = """---
title: Bids get levels
domains: [bidding, payments]
data_class: financial
privacy_impact: None.
requires: [Contractor levels]
criteria:
  - {name: Worst wait, expected: under 1 s}
considerations:
  Who is paid?: Nobody.
---

## Purpose

To rank.

## Rollback procedure

Drop it.
"""


def test_a_file_is_read_whole():
    given = parse("spec.md", GOOD)

    assert given.title == "Bids get levels"
    assert given.domains == ("bidding", "payments")
    assert (given.purpose, given.rollback_procedure, given.design) == ("To rank.", "Drop it.", "")
    assert given.criteria == (Criterion("Worst wait", "under 1 s"),)
    assert given.answers == {"Who is paid?": "Nobody."}
    assert given.requires == ("Contractor levels",)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("title: Bids get levels\n", "", "no title"),
        ("data_class: financial", "data_class: secret", "public, internal, personal, financial"),
        ("domains: [bidding, payments]", "domains: bidding", "not a list"),
        ("privacy_impact", "privacy_impakt", "unknown key 'privacy_impakt'"),
        ("## Purpose", "## Porpoise", "unknown section “Porpoise”"),
        ("{name: Worst wait, expected: under 1 s}", "Worst wait", "name and expected"),
        ("domains: [bidding, payments]", "domains: [bidding", "not YAML"),
        ("  Who is paid?: Nobody.", "  - Nobody", "not a mapping"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(before, after, says):
    with pytest.raises(BadSpecification) as refusal:
        parse("spec.md", GOOD.replace(before, after))

    assert says in refusal.value.message
    assert refusal.value.message.startswith("spec.md: ")
