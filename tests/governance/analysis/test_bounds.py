"""What CHECK constraints prove about a partition's rows."""

import pytest

from governance.analysis.bounds import Bound, bound_of, proves_inside, proves_outside
from governance.analysis.statements import parse
from governance.facts import ColumnFacts, ConstraintFacts, TableFacts

YEAR = Bound(("2026-01-01",), ("2027-01-01",))
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


def of_two_columns(check: str) -> TableFacts:
    columns = (ColumnFacts("a", "integer", True, ""), ColumnFacts("b", "integer", True, ""))
    return TableFacts("public", "t", "r", 1, 1, columns, (ConstraintFacts("c", "c", f"CHECK ({check})", True),))


@pytest.mark.parametrize(
    ("check", "written", "proved"),
    [
        ("((a = 1) AND (b >= 5) AND (b < 9))", "FROM (1, 5) TO (1, 9)", True),
        ("((a = 2) AND (b >= 5) AND (b < 9))", "FROM (1, 5) TO (1, 9)", False),
        ("((a = 1) AND (b = 7))", "FROM (1, 5) TO (1, 9)", True),
        ("((a = 1) AND (b = 9))", "FROM (1, 5) TO (1, 9)", False),
        ("((a >= 1) AND (a < 2))", "FROM (1, MINVALUE) TO (2, MINVALUE)", True),
        ("((a >= 1) AND (a <= 2))", "FROM (1, MINVALUE) TO (2, MAXVALUE)", True),
        ("((a > 1) AND (a <= 2))", "FROM (1, MAXVALUE) TO (2, MAXVALUE)", True),
        ("((a >= 1) AND (a <= 2))", "FROM (1, MAXVALUE) TO (2, MAXVALUE)", False),
        ("((a > 1) AND (a < 2))", "FROM (1, 5) TO (2, 9)", True),
        ("((a = 1) AND (b >= 5))", "FROM (1, 5) TO (2, 9)", True),
        ("((a = 1) AND (b >= 4))", "FROM (1, 5) TO (2, 9)", False),
        ("((a >= 1) AND (a < 2))", "FROM (1, 5) TO (2, 9)", False),
        ("(a < 3)", "FROM (MINVALUE, MINVALUE) TO (3, MINVALUE)", True),
        ("(a = 2)", "FROM (2, MINVALUE) TO (2, MAXVALUE)", True),
    ],
)
def test_range_of_several_columns_is_proved_by_one_of_its_ways(check, written, proved):
    [node] = parse(f"CREATE TABLE p PARTITION OF t FOR VALUES {written}")

    assert proves_inside(of_two_columns(check), "RANGE (a, b)", bound_of(node.partbound)) is proved


def test_default_partition_is_compared_with_a_range_that_is_open_to_one_side():
    [node] = parse("CREATE TABLE p PARTITION OF t FOR VALUES FROM (100) TO (MAXVALUE)")
    bound = bound_of(node.partbound)

    assert proves_outside(of_two_columns("(a < 100)"), "RANGE (a)", bound)
    assert not proves_outside(of_two_columns("(a <= 100)"), "RANGE (a)", bound)
