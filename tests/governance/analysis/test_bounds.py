"""What CHECK constraints prove about a partition's rows."""

import pytest

from governance.analysis.bounds import Bound, proves_inside, proves_outside
from governance.facts import ColumnFacts, ConstraintFacts, TableFacts

YEAR = Bound(lower="2026-01-01", upper="2027-01-01")
FROM, BELOW = "at >= '2026-01-01'::date", "at < '2027-01-01'::date"


def table(check: str, *, not_null: bool = True, validated: bool = True) -> TableFacts:
    columns = (ColumnFacts("at", "date", not_null, ""), ColumnFacts("area", "text", True, ""))
    return TableFacts("public", "events", "r", 1, 1, columns, (ConstraintFacts("c", "c", f"CHECK ({check})", validated),))


@pytest.mark.parametrize(
    "check",
    [
        f"(({FROM}) AND ({BELOW}))",
        "((at >= '2026-02-01'::date) AND (at <= '2026-12-31'::date))",
        f"(({FROM}) AND ({BELOW}) AND (area = 'x'))",
    ],
)
def test_check_within_the_bound_spares_the_scan(check):
    assert proves_inside(table(check), "RANGE (at)", YEAR)


@pytest.mark.parametrize(
    ("check", "key", "bound"),
    [
        (f"({FROM})", "RANGE (at)", YEAR),
        (f"(({FROM}) AND (at <= '2027-01-01'::date))", "RANGE (at)", YEAR),
        (f"(({FROM}) OR ({BELOW}))", "RANGE (at)", YEAR),
        (f"(({FROM}) AND ({BELOW}))", "RANGE (date_part('year'::text, at))", YEAR),
        (f"(({FROM}) AND ({BELOW}))", "RANGE (at)", None),
        (f"(({FROM}) AND ({BELOW}))", "RANGE (at)", Bound(default=True)),
        ("((at >= 'soon'::date) AND (at < 'later'::date))", "RANGE (at)", YEAR),
    ],
)
def test_other_checks_prove_nothing(check, key, bound):
    assert not proves_inside(table(check), key, bound)


def test_rows_without_a_value_fit_no_bound():
    assert not proves_inside(table(f"(({FROM}) AND ({BELOW}))", not_null=False), "RANGE (at)", YEAR)


def test_unvalidated_check_proves_nothing():
    assert not proves_inside(table(f"(({FROM}) AND ({BELOW}))", validated=False), "RANGE (at)", YEAR)


def test_list_is_proved_by_one_of_its_values():
    assert proves_inside(table("(area = 'north'::text)"), "LIST (area)", Bound(values=("north", "west")))
    assert not proves_inside(table("(area = 'south'::text)"), "LIST (area)", Bound(values=("north", "west")))


def test_default_partition_that_excludes_the_bound_need_not_be_read():
    assert proves_outside(table("((at < '2026-01-01'::date) OR (at >= '2027-01-01'::date))"), "RANGE (at)", YEAR)
    assert not proves_outside(table("((at < '2026-06-01'::date) OR (at >= '2027-01-01'::date))"), "RANGE (at)", YEAR)
    assert not proves_outside(table("(at < '2026-01-01'::date)"), "RANGE (at)", None)


def test_list_in_a_check_is_inside_when_all_of_it_is():
    check = table("(area = ANY (ARRAY['north'::text, 'west'::text]))")

    assert proves_inside(check, "LIST (area)", Bound(values=("north", "west", "east")))
    assert not proves_inside(check, "LIST (area)", Bound(values=("north",)))


def test_default_partition_that_excludes_every_value_of_a_list_need_not_be_read():
    neither = table("(area <> ALL (ARRAY['north'::text, 'west'::text]))")

    assert proves_outside(neither, "LIST (area)", Bound(values=("north", "west")))
    assert proves_outside(table("(area = 'south'::text)"), "LIST (area)", Bound(values=("north", "west")))
    assert not proves_outside(neither, "LIST (area)", Bound(values=("north", "east")))


def test_moments_are_compared_as_the_session_writes_them():
    year = "((at >= '2026-01-01 00:00:00+01'::timestamp with time zone) AND (at < '2027-01-01 00:00:00+01'::timestamp with time zone))"

    assert proves_inside(table(year), "RANGE (at)", YEAR)
    assert not proves_inside(table(year), "RANGE (at)", Bound(lower="2026-01-01 00:00:00+00", upper="2027-01-01 00:00:00+00"))
