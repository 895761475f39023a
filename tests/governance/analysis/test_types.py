"""Which changes of type copy the table."""

import pytest

from governance.analysis.types import rewrites, sorts_alike
from governance.facts import DomainFacts

VARCHAR, TIMESTAMP, TIMESTAMPTZ = "character varying", "timestamp without time zone", "timestamp with time zone"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(20)", f"{VARCHAR}(40)"),
        (f"{VARCHAR}(20)", VARCHAR),
        (f"{VARCHAR}(20)", "text"),
        ("text", VARCHAR),
        ("numeric(10,2)", "numeric(12,2)"),
        ("numeric(10)", "numeric(12,0)"),
        ("numeric(10,2)", "numeric"),
        ("timestamp(3) without time zone", "timestamp(6) without time zone"),
        ("timestamp(3) with time zone", TIMESTAMPTZ),
        ("bit varying(4)", "bit varying(8)"),
        ("cidr", "inet"),
        ("integer", "integer"),
        ("time without time zone", "time(6) without time zone"),
        (f"{VARCHAR}(20)[]", f"{VARCHAR}(20)[]"),
        (f"{VARCHAR}(20)[]", f"{VARCHAR}[]"),
        ("interval day to second", "interval"),
        ("interval(2)", "interval(4)"),
        ("interval hour to minute", "interval hour to second"),
        ("bit(8)", "bit varying"),
        ("oid", "integer"),
        ("text", "citext"),
    ],
)
def test_widening_is_metadata_only(old, new):
    assert not rewrites(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(40)", f"{VARCHAR}(20)"),
        (VARCHAR, f"{VARCHAR}(20)"),
        ("text", f"{VARCHAR}(20)"),
        ("integer", "bigint"),
        ("numeric(10,2)", "numeric(12,3)"),
        ("numeric", "numeric(10,2)"),
        ("character(5)", "text"),
        ("character(5)", "character(8)"),
        ("text", "text[]"),
        ("json", "jsonb"),
        (TIMESTAMP, TIMESTAMPTZ),
        ("mood", "text"),
        ("timestamp(6) with time zone", "timestamp(3) with time zone"),
    ],
)
def test_everything_else_copies(old, new):
    assert rewrites(old, new)


@pytest.mark.parametrize(("old", "new"), [(TIMESTAMP, TIMESTAMPTZ), (TIMESTAMPTZ, TIMESTAMP)])
def test_time_zone_decides_about_timestamps(old, new):
    assert not rewrites(old, new, utc=True)
    assert rewrites(old, new)


def test_domain_is_as_free_as_what_it_stands_for_unless_it_is_constrained():
    domains = {"label": DomainFacts("label", "text", False), "positive": DomainFacts("positive", "integer", True)}

    assert not rewrites(VARCHAR, "label", domains)
    assert not rewrites("label", "text", domains)
    assert not rewrites("positive", "integer", domains)
    assert rewrites("integer", "positive", domains)
    assert rewrites("integer", "label", domains)


@pytest.mark.parametrize("new", [f"{VARCHAR}(40)[]", "text[]"])
def test_arrays_are_always_written_anew(new):
    assert rewrites(f"{VARCHAR}(20)[]", new)


@pytest.mark.parametrize(
    ("old", "new", "copies"),
    [("deeper", "integer", False), ("short", "text", False), ("short", f"{VARCHAR}(20)", True), ("integer", "deeper", True)],
)
def test_a_domain_is_its_type_without_the_limit(old, new, copies):
    below = DomainFacts("positive", "integer", True)
    domains = {"positive": below, "deeper": DomainFacts("deeper", "positive", True), "short": DomainFacts("short", f"{VARCHAR}(10)", False)}

    assert rewrites(old, new, domains) is copies


@pytest.mark.parametrize(("old", "new", "alike"), [("text", VARCHAR, True), ("cidr", "inet", True), ("text", "citext", False)])
def test_an_index_serves_the_new_type_where_both_sort_alike(old, new, alike):
    assert sorts_alike(old, new) is alike
