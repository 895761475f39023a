"""How a kind of object is made, changed in place and dropped."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.words import LABELS, bound, called, comment, labelled, regranted
from governance.schema.tree import Tree

Making = Callable[[SchemaObject, Tree], Iterable[str]]
Changing = Callable[[SchemaObject, SchemaObject, Tree], Iterable[str]]


class Impossible(Exception):
    """No statement does it; the message says what and why."""


class Anew(Exception):
    """It cannot be changed in place: it has to be dropped and made again."""


def anew(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    raise Anew


def nothing(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """Another object's change brings it about."""
    return iter(())


def drop(item: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"DROP {called(item)}"


def new_owner(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"ALTER {called(after)} OWNER TO {after.get('owner')}"


def new_comment(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    yield comment(after)


def new_privileges(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """What a whole relation loses its columns lose too, so that these are given theirs again."""
    statements = list(regranted(before, after))
    yield from statements
    if any(text.startswith("REVOKE") for text in statements):
        for column in tree.of(after.name, Kind.COLUMN):
            yield from (text for text in regranted(None, column) if text.startswith("GRANT"))


def new_bonds(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    return bound(before, after)


def new_labels(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    return labelled(before, after)


COMMON: Mapping[str, Changing] = {
    "owner": new_owner, "comment": new_comment, "grants": new_privileges, "revoked": new_privileges, "goes with": new_bonds,
    LABELS: new_labels,
}  # fmt: skip


_LAST = ("owner", "parent", "grants", "revoked")


def _order(attribute: str) -> tuple[int, str]:
    """Privileges come last, as a new owner changes them; a sequence and its table have one owner."""
    return _LAST.index(attribute) + 1 if attribute in _LAST else 0, attribute


@dataclass(frozen=True, slots=True)
class Recipe:
    """`changes` says how an attribute is changed in place, if it can be; trees are those of the schema that is to be."""

    rank: int  # what has nothing to wait for is made in this order
    make: Making
    changes: Mapping[str, Changing] = field(default_factory=dict)
    drop: Making = drop
    make_with_parent: Making | None = None  # what is left to do when the parent is new, if that differs
    late_rank: int = 0
    make_late: Making = lambda item, tree: ()  # what has to wait for others, its parent included

    def change(self, before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
        """Raises Anew, Impossible."""
        attributes = {name for name, value in set(before.attributes) ^ set(after.attributes)}
        if before.parent != after.parent:
            attributes.add("parent")
        seen: set[Changing] = set()
        for attribute in sorted(attributes, key=_order):
            changing = self.changes.get(attribute) or COMMON.get(attribute, anew)
            if changing not in seen:
                yield from changing(before, after, tree)
            seen.add(changing)
