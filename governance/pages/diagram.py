"""A table and its neighbours as a drawing: what it refers to on the left, what refers to it on the right.

Only geometry is made here; how it looks is the stylesheet's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

WIDTH, BOX, HEAD, ROW, FOOT, GAP, EDGE = 780, 172, 28, 20, 6, 18, 10
LEFT, MIDDLE, RIGHT = 8, 304, 604
MOST_ROWS = 9
LETTERS = 25  # of a name that fit into a box
STRAIGHT = 8
BAR, FORK = 8, 10  # how far from the box the marks of "one" and "many" stand


@dataclass(frozen=True, slots=True)
class Neighbour:
    """`many`: several of its rows may belong to one; of a table that is referred to it is never true."""

    name: str
    columns: tuple[str, ...]
    url: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """`whole` is the name, where `shown` is only its beginning."""

    x: int
    y: int
    shown: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    height: int
    title: Text
    rows: tuple[Text, ...]
    url: str = ""

    width = BOX

    @property
    def head(self) -> str:
        """The tinted top, inside the frame's round corners."""
        return f"M{self.x + 1} {self.y + HEAD}V{self.y + 6.5}a5.5 5.5 0 0 1 5.5-5.5h{BOX - 13}a5.5 5.5 0 0 1 5.5 5.5V{self.y + HEAD}z"

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Diagram:
    height: int
    table: Box
    neighbours: tuple[Box, ...]
    lines: tuple[str, ...]
    marks: tuple[str, ...]

    width = WIDTH


def draw(name: str, columns: Sequence[str], parents: Sequence[Neighbour], children: Sequence[Neighbour], *, own_parent: bool) -> Diagram:
    """`own_parent`: the table refers to itself."""
    shown = _at_most(columns)
    height = 2 * EDGE + max(_height(len(shown)), _stack(parents), _stack(children))
    table = _box(MIDDLE, (height - _height(len(shown))) // 2, name, shown)
    left, right = _column(LEFT, height, parents), _column(RIGHT, height, children)
    left_ends, right_ends = _anchors(table, left), _anchors(table, right)
    lines = _lines(LEFT + BOX, left, MIDDLE, left_ends) + _lines(RIGHT, right, MIDDLE + BOX, right_ends)
    marks = [mark for box, end in zip(left, left_ends, strict=True) for mark in (_one(LEFT + BOX + BAR, box.middle), _many(MIDDLE, end))]
    for neighbour, box, end in zip(children, right, right_ends, strict=True):
        marks += [_one(MIDDLE + BOX + BAR, end), _many(RIGHT, box.middle) if neighbour.many else _one(RIGHT - BAR, box.middle)]
    if own_parent:
        lines.append(f"M{MIDDLE + 60} {table.y}V{table.y - EDGE // 2 - 3}H{MIDDLE + 110}V{table.y}")
    return Diagram(height, table, (*left, *right), tuple(lines), tuple(marks))


def _at_most(columns: Sequence[str]) -> tuple[str, ...]:
    if len(columns) <= MOST_ROWS:
        return tuple(columns)
    return (*columns[: MOST_ROWS - 1], f"and {len(columns) - MOST_ROWS + 1} more")


def _height(rows: int) -> int:
    return HEAD + FOOT + ROW * rows


def _stack(neighbours: Sequence[Neighbour]) -> int:
    return sum(_height(len(each.columns)) for each in neighbours) + GAP * max(0, len(neighbours) - 1)


def _column(x: int, height: int, neighbours: Sequence[Neighbour]) -> list[Box]:
    """One below the other, in the middle of the height."""
    steps = [_height(len(each.columns)) + GAP for each in neighbours]
    tops = accumulate(steps, initial=(height - _stack(neighbours)) // 2)
    return [_box(x, y, each.name, each.columns, each.url) for y, each in zip(tops, neighbours, strict=False)]


def _box(x: int, y: int, name: str, columns: Sequence[str], url: str = "") -> Box:
    rows = tuple(_text(x + 12, y + HEAD + 18 + ROW * number, column) for number, column in enumerate(columns))
    return Box(x, y, _height(len(columns)), _text(x + 12, y + 19, name), rows, url)


def _text(x: int, y: int, name: str) -> Text:
    return Text(x, y, name) if len(name) <= LETTERS else Text(x, y, f"{name[: LETTERS - 1]}…", name)


def _anchors(table: Box, boxes: Sequence[Box]) -> list[int]:
    """Where lines meet the table's side, evenly below its head; straight across where that is almost so."""
    room = table.height - HEAD
    even = [table.y + HEAD + room * (number + 1) // (len(boxes) + 1) for number in range(len(boxes))]
    return [box.middle if abs(box.middle - y) < STRAIGHT else y for box, y in zip(boxes, even, strict=True)]


def _lines(from_x: int, boxes: Sequence[Box], to_x: int, ends: Sequence[int]) -> list[str]:
    """From each neighbour to the table. What comes from farther up or down turns later on its way, so that none cross."""
    order = sorted(range(len(boxes)), key=lambda number: abs(boxes[number].middle - ends[number]))
    turns = [0.3 + 0.4 * (order.index(number) + 1) / (len(boxes) + 1) for number in range(len(boxes))]
    ways = zip(boxes, ends, turns, strict=True)
    return [f"M{from_x} {box.middle}H{round(from_x + turn * (to_x - from_x))}V{end}H{to_x}" for box, end, turn in ways]


def _one(x: int, y: int) -> str:
    return f"M{x} {y - 6}v12"


def _many(x: int, y: int) -> str:
    """A fork whose tines end at the box whose left side is x."""
    return f"M{x} {y - 6}l-{FORK} 6 {FORK} 6"
