"""Templates: what fits, what does not, and what never becomes SQL."""

import pytest

from governance.errors import BadInput
from governance.standard import Parameter, ParameterKind, outside, parameters_of, rendered, values_of

ROWS = Parameter("rows", ParameterKind.INTEGER, 1, 1000)
TABLE = Parameter("table", ParameterKind.IDENTIFIER, choices=("bids", "users"))
LABEL = Parameter("label", ParameterKind.TEXT, maximum=5)
ALL = (ROWS, TABLE, LABEL)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"rows": "1", "table": "bids", "label": "a"}, ""),
        ({"rows": "1000", "table": "users", "label": "abcde"}, ""),
        ({"rows": "0", "table": "bids", "label": "a"}, "rows is 0, less than 1"),
        ({"rows": "1001", "table": "bids", "label": "a"}, "rows is 1001, more than 1000"),
        ({"rows": "1", "table": "payments", "label": "a"}, "table is payments, not one of bids, users"),
        ({"rows": "5000", "table": "bids", "label": "abcdef"}, "rows is 5000, more than 1000; label has 6 characters, more than 5"),
    ],
)
def test_values_within_the_bounds_fit_and_others_say_why_not(values, why):
    assert outside(ALL, values) == why


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (ROWS, "1; DROP TABLE bids"), (ROWS, "1.5"), (ROWS, ""), (ROWS, "0x10"),
        (TABLE, "bids; DROP TABLE users"), (TABLE, '"bids"'), (TABLE, "Bids"), (TABLE, "bids--"), (TABLE, ""),
        (LABEL, "a\\' OR 1=1"), (LABEL, "a\nDROP TABLE bids"), (LABEL, "a\0"),
    ],
)  # fmt: skip
def test_value_that_is_not_of_its_kind_is_refused(parameter, text):
    with pytest.raises(BadInput, match=parameter.name):
        values_of([parameter], {parameter.name: text})


def test_text_is_quoted_and_everything_else_stands_as_it_is():
    text = rendered("UPDATE {{ table }} SET label = {{label}} LIMIT {{ rows }}", ALL, {"rows": "7", "table": "bids", "label": "O'Neil"})

    assert text == "UPDATE bids SET label = 'O''Neil' LIMIT 7"


@pytest.mark.parametrize("given", [{}, {"rows": 1, "more": 2}, {"row": 1}])
def test_values_are_given_for_exactly_the_parameters(given):
    with pytest.raises(BadInput, match="The template takes rows"):
        values_of([ROWS], given)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"name": "Rows", "kind": "integer"}], "cannot be the name"),
        ([{"name": "rows", "kind": "float"}], "is one of integer, identifier, text"),
        ([{"name": "rows", "kind": "integer", "minimum": "1"}], "whole numbers"),
        ([{"name": "rows", "kind": "integer", "maximum": True}], "whole numbers"),
        ([{"name": "rows", "kind": "integer"}, {"name": "rows", "kind": "text"}], "named twice"),
        ([{"name": "rows", "kind": "integer"}, {"name": "table", "kind": "text"}], "do not agree about table"),
        ([], "do not agree about rows"),
    ],
)
def test_parameters_and_scripts_have_to_agree(rows, why):
    with pytest.raises(BadInput, match=why):
        parameters_of(rows, "SELECT {{ rows }}")
