"""Mappings that change by layers."""

from governance.analysis.layers import Layers


def test_changes_are_new_values_and_leave_the_old_ones_alone():
    none = Layers({"a": 1, "b": 2})
    one = none.changed("a", 10)
    left, right = one.changed("c", 3), one.changed("b", None).changed("a", 11)

    assert [dict(found.items()) for found in (none, one, left, right)] == [
        {"a": 1, "b": 2},
        {"a": 10, "b": 2},
        {"a": 10, "b": 2, "c": 3},
        {"a": 11},
    ]
    assert "c" in left
    assert "c" not in one
    assert "b" not in right
    assert left.get("a") == 10
