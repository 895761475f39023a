"""Rules about what a script says of itself, and about what cannot be told from it."""

import re
from collections.abc import Iterator

from governance.analysis.actions import Kind
from governance.analysis.classify import Category, leading
from governance.analysis.rule import CATEGORY, Hit, Level, Read, hit, rule

HEADER = "-- Purpose: why this change is made\n-- Impact: who notices, and what"
OURS = re.compile(r"V\d{8}_\d{4}__.*\.sql")
OPAQUE = {
    "DoStmt": "A DO block",
    "CallStmt": "A procedure",
    "FuncCall": "A function called by SELECT",
    "ExecuteStmt": "A prepared statement",
}
# An author who says "data" for rows of a reference table is not wrong.
ALIKE = frozenset({Category.DATA, Category.REFERENCE_DATA})


@rule("missing-purpose-header", Level.NOTICE)
def missing_purpose_header(read: Read) -> Iterator[Hit]:
    for script in read.scripts:
        if not read.guarded and not OURS.fullmatch(script.name.rpartition("/")[2]):
            continue  # a script of another tool need not have our head
        missing = [word for word in ("Purpose", "Impact") if not re.search(rf"(?im)^\s*--\s*{word}:\s*\S", script.text)]
        if missing:
            lines = " and ".join(f"`-- {word}:`" for word in missing)
            yield Hit(
                script, f"{script.name} has no {lines} line.", "Whoever reads the script in a year finds the reason at its head.", HEADER
            )


@rule("category-differs", Level.WARNING, on=[CATEGORY])
def category_differs(read: Read) -> Iterator[Hit]:
    found = leading(place.action for place in read.places)
    if not read.category or not read.places or read.category == found or {read.category, found} <= ALIKE:
        return
    odd = next(place for place in read.places if leading([place.action]) == found)
    yield hit(
        odd,
        f"The author says this change is {_words(read.category)}, but its statements make it {_words(found)}.",
        "The category decides who looks at a change; state the one that its statements have.",
    )


@rule("opaque-statement", Level.WARNING, rollback=True, on=[Kind.OPAQUE])
def opaque_statement(read: Read) -> Iterator[Hit]:
    for place in read.of(Kind.OPAQUE):
        what = OPAQUE.get(place.action.type, f"{place.statement.tag} is a statement that")
        yield hit(
            place,
            f"{what} does something that cannot be told from its text.",
            "Its locks, its effect on clients and its reversal are unknown and count as the worst; write plain statements where you can.",
        )


def _words(category: str) -> str:
    return category.replace("_", " ")
