"""Names that only grow."""

from governance.analysis.names import Names


def test_additions_are_new_values_and_leave_the_old_ones_alone():
    none = Names()
    one = none | {"a"}
    left, right = one | {"b"}, one | {"c", "a"}

    assert [list(none), list(one), list(left), sorted(right)] == [[], ["a"], ["a", "b"], ["a", "c"]]
    assert "b" in left
    assert "b" not in one
    assert "b" not in right
    assert "c" not in left
