"""Geometry of the drawing: nothing overlaps, nothing crosses, every line ends at its boxes."""

import re
from itertools import combinations

import pytest

from governance.pages.diagram import BOX, LEFT, MIDDLE, RIGHT, Neighbour, draw


def neighbours(count: int) -> list[Neighbour]:
    return [Neighbour(f"t{number}", ("id", "other"), f"/{number}/", many=number % 2 == 0) for number in range(count)]


def ways(lines: tuple[str, ...]) -> list[tuple[int, ...]]:
    return [tuple(map(int, re.fullmatch(r"M(\d+) (\d+)H(\d+)V(\d+)H(\d+)", line).groups())) for line in lines]


@pytest.mark.parametrize(("left", "right"), [(1, 0), (0, 1), (2, 2), (6, 1), (1, 6), (6, 6)])
def test_boxes_stay_inside_and_apart(left, right):
    drawing = draw("bids", ["id"] * 5, neighbours(left), neighbours(right), own_parent=False)

    boxes = (drawing.table, *drawing.neighbours)
    apart = [one.x != other.x or one.y + one.height <= other.y or other.y + other.height <= one.y for one, other in combinations(boxes, 2)]
    assert all(apart)
    assert all(box.y >= 0 and box.y + box.height <= drawing.height for box in boxes)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_lines_lead_from_box_to_box_and_never_cross(count):
    drawing = draw("bids", ["id"] * 3, neighbours(count), [], own_parent=False)

    found = ways(drawing.lines)
    assert all(start == LEFT + BOX and end == MIDDLE for start, _, _, _, end in found)
    assert all(drawing.table.y < y < drawing.table.y + drawing.table.height for _, _, _, y, _ in found)
    for (_, from_y, turn, to_y, _), (_, other_y, other_turn, _, _) in [(a, b) for a in found for b in found if a != b]:
        crosses = other_turn > turn and min(from_y, to_y) < other_y < max(from_y, to_y)
        assert not crosses


def test_fork_stands_at_the_side_of_many_and_bar_at_the_side_of_one():
    drawing = draw("bids", ["id"], [], [Neighbour("items", ("id",), "/", many=True), Neighbour("contract", ("id",), "/")], own_parent=False)

    forks, bars = ([mark for mark in drawing.marks if kind in mark] for kind in ("l-", "v12"))
    assert [fork.split()[0] for fork in forks] == [f"M{RIGHT}"]
    assert sorted(bar.split()[0] for bar in bars) == [f"M{MIDDLE + BOX + 8}", f"M{MIDDLE + BOX + 8}", f"M{RIGHT - 8}"]


def test_long_names_are_cut_and_kept_whole_beside():
    name = "a_table_with_a_name_that_is_far_too_long"

    drawing = draw(name, ["id"], [], [], own_parent=True)

    assert drawing.table.title.shown == "a_table_with_a_name_that…"
    assert drawing.table.title.whole == name


def test_wide_table_shows_its_first_columns_and_counts_the_rest():
    drawing = draw("bids", [f"c{number}" for number in range(30)], [], [], own_parent=True)

    assert [row.shown for row in drawing.table.rows][-2:] == ["c7", "and 22 more"]
