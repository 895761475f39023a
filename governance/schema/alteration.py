"""The script that leads from one schema to another."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from governance.schema.model import Key, Kind, Schema, SchemaObject
from governance.schema.order import in_order
from governance.schema.recipes import RECIPES, Anew, Impossible, columns
from governance.schema.recipes.words import bound, labelled
from governance.schema.renames import renamed_columns, statements, with_names
from governance.schema.tree import Tree

UNCHECKED = "SET LOCAL check_function_bodies = off"  # what a body names may come later
# to drop these loses more than them
_NOT_AGAIN = {Kind.TABLE, Kind.COLUMN, Kind.SCHEMA, Kind.EXTENSION, Kind.SEQUENCE, Kind.FOREIGN_SERVER}
# PostgreSQL adapts these to a column's new type
_FOLLOWS = {Kind.INDEX, Kind.CONSTRAINT, Kind.STATISTICS, Kind.SEQUENCE, Kind.PUBLICATION}
# what others use, until they are changed themselves
_USED = {Kind.TYPE, Kind.DOMAIN, Kind.COLLATION, Kind.SEQUENCE, Kind.EXTENSION, Kind.SCHEMA, Kind.FOREIGN_SERVER}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What the script leaves as it is."""

    kind: Kind
    name: str
    reason: str

    def in_words(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Alteration:
    """Statements to be executed in one transaction, in this order."""

    statements: tuple[str, ...]
    unsupported: tuple[Unsupported, ...] = ()
    loses: tuple[str, ...] = ()  # tables, columns and sequences whose content goes with them

    @property
    def text(self) -> str:
        """The statements as a script, with what it does not do at its head."""
        notes = [f"-- NOT DONE: {item.in_words()}" for item in self.unsupported] + [f"-- LOSES DATA: {name}" for name in self.loses]
        return "".join(f"{line}\n" for line in [*(note.replace("\n", " ") for note in notes), *(f"{text};" for text in self.statements)])


def alter(before: Schema, after: Schema) -> Alteration:
    """What cannot be done is left out, and said."""
    renames = renamed_columns(before, after)
    plan = _Plan(with_names(before, renames), after).alteration()
    return replace(plan, statements=(*statements(before, renames), *plan.statements))


class _Plan:
    def __init__(self, before: Schema, after: Schema) -> None:
        self.old, self.new = Tree(before), Tree(after, before)
        self.gone = self.old.objects.keys() - self.new.objects.keys()
        self.again: set[Key] = set()  # dropped and made again
        self.changed: dict[Key, list[str]] = {}  # by statements of its own
        self.refused: list[Unsupported] = []
        self._users: dict[Key, list[SchemaObject]] = defaultdict(list)
        for item in before.objects:
            for key in item.needs:
                self._users[key].append(item)
        self._judge()
        self._set_defaults_aside()
        self._spread()
        self._spare()

    def _judge(self) -> None:
        """Which of the changed objects can be changed in place."""
        for key in sorted(self.old.objects.keys() & self.new.objects.keys()):
            before, after = self.old.objects[key], self.new.objects[key]
            try:
                self.changed[key] = [] if before == after else list(RECIPES[key[0]].change(before, after, self.new))
            except Anew:
                if self._may_be_made_again(before):
                    self.again.add(key)
                else:
                    self._refuse(key, "cannot be changed in place, and to make it again would lose what it holds")
            except Impossible as reason:
                self._refuse(key, str(reason))

    def _refuse(self, key: Key, reason: str) -> None:
        self.refused.append(Unsupported(*key, reason))

    def _may_be_made_again(self, item: SchemaObject) -> bool:
        """The values of a generated column come back by themselves."""
        if item.kind is Kind.COLUMN:
            return bool(item.get("generated") and self.new.objects[item.key].get("generated") and not self.old.copied_from(item))
        return item.kind not in _NOT_AGAIN

    def _set_defaults_aside(self) -> None:
        """Default privileges would give new objects more than they are to have."""
        if self.new.objects.keys() - self.old.objects.keys() or self.again:
            self.again |= {key for key in self.changed if key[0] is Kind.DEFAULT_PRIVILEGES}

    def _spread(self) -> None:
        """What uses an object that is dropped, or a column that gets another type, has to be made again too."""
        retyped = {key for key, statements in self.changed.items() if key[0] is Kind.COLUMN and statements and self._retyped(key)}
        found: set[Key] = self.gone | self.again | retyped
        while found:
            dropped = {key for key, item in self.old.objects.items() if self._dropped(key) or self._goes_with_parent(item)}
            found = {
                key
                for key, item in self.old.objects.items()
                if key not in dropped
                and (not dropped.isdisjoint(item.needs) or (key[0] not in _FOLLOWS and not retyped.isdisjoint(item.needs)))
                and self._may_be_made_again(item)
            }
            self.again |= found

    def _retyped(self, key: Key) -> bool:
        old, new = self.old.objects[key], self.new.objects[key]
        return any(old.get(name) != new.get(name) for name in ("type", "collation"))

    def _spare(self) -> None:
        """Types that a column needs cannot be dropped."""
        for key in sorted(self.again):
            if key[0] in {Kind.TYPE, Kind.DOMAIN} and any(self._stays(user) for user in self._users[key]):
                self.again.discard(key)
                self._refuse(key, "cannot be changed in place, and columns use it")

    def _stays(self, item: SchemaObject) -> bool:
        return item.key in self.new.objects and not self._dropped(item.key) and not self._goes_with_parent(item)

    def _dropped(self, key: Key) -> bool:
        return key in self.gone or key in self.again

    def _goes_with_parent(self, item: SchemaObject) -> bool:
        return any(self._dropped(above.key) for above in self.old.ancestors(item) if above.kind is not Kind.SCHEMA)

    def alteration(self) -> Alteration:
        drops = [(key, list(self._drop(key))) for key in self._to_drop()]
        early = [text for key, statements in drops if not self._can_wait(key) for text in statements]
        late = [text for key, statements in drops if self._can_wait(key) for text in statements]
        statements = [*self._loosened(), *early, *self._makings(), *late]
        if any(text.startswith("CREATE OR REPLACE ") for text in statements):
            statements.insert(0, UNCHECKED)
        return Alteration(tuple(statements), tuple(self.refused + list(self._out_of_order())), tuple(self._losses()))

    def _to_drop(self) -> list[Key]:
        items = (self.old.objects[kind, name] for kind, name, part in reversed(in_order(self.old)) if part == 0)
        return [item.key for item in items if self._taken_away(item) and (not self._goes_with_parent(item) or self._holds_others(item))]

    def _taken_away(self, item: SchemaObject) -> bool:
        return self._dropped(item.key) or self._goes_with_parent(item)

    def _holds_others(self, item: SchemaObject) -> bool:
        """Whether it has to go before its parent: what it needs is dropped too, and perhaps earlier than the parent can be."""
        needed = (self.old.objects[key] for key in item.needs if key in self.old.objects and key[0] not in _USED)
        return any(self._taken_away(other) and self._goes_with(other) != self._goes_with(item) for other in needed)

    def _goes_with(self, item: SchemaObject) -> Key:
        """What is dropped so that the object goes: itself, or the highest of its parents."""
        return [item.key, *(above.key for above in self.old.ancestors(item) if above.kind is not Kind.SCHEMA)][-1]

    def _can_wait(self, key: Key) -> bool:
        """What others may still use until they are changed themselves."""
        return key in self.gone and (key[0] in _USED or any(self._stays(user) and user.get("generated") for user in self._users[key]))

    def _drop(self, key: Key) -> Iterator[str]:
        item = self.old.objects[key]
        if not any(self._dropped(other) for other in self.old.copied_from(item)):
            yield from RECIPES[item.kind].drop(item, self.old)

    def _loosened(self) -> Iterator[str]:
        """Defaults that use what has to be made again are taken away, and given again afterwards."""
        early = {key for key in self.gone | self.again if not self._can_wait(key)}
        for key, item in self.old.objects.items():
            if key[0] is Kind.COLUMN and item.get("default") and self._stays(item) and not early.isdisjoint(item.needs):
                bare = SchemaObject(item.kind, item.name, item.parent, ())
                yield from columns.change_default(item, bare, self.old)
                self.changed[key] = [*self.changed.get(key, ()), *columns.change_default(bare, self.new.objects[key], self.new)]

    def _makings(self) -> Iterator[str]:
        for kind, name, part in in_order(self.new):
            item = self.new.objects[kind, name]
            if self._is_new(item):
                yield from self._make(item, part)
            elif part == 0:
                yield from self.changed.get(item.key, ())

    def _is_new(self, item: SchemaObject) -> bool:
        return item.key not in self.old.objects or item.key in self.again or self._goes_with_parent(self.old.objects[item.key])

    def _make(self, item: SchemaObject, part: int) -> list[str]:
        recipe, above = RECIPES[item.kind], self.new.parent(item)
        making = recipe.make_late if part else recipe.make
        if part == 0 and recipe.make_with_parent and above and self._is_new(above):
            making = recipe.make_with_parent
        bare = SchemaObject(item.kind, item.name, item.parent, ())
        besides = (*bound(bare, item), *labelled(bare, item)) if part == 0 else ()
        try:
            return [*making(item, self.new), *besides]
        except Impossible as reason:
            self._refuse(item.key, str(reason))
            return []

    def _losses(self) -> Iterator[str]:
        for key in sorted(self.gone):
            above = self.old.parent(self.old.objects[key])
            if key[0] is Kind.TABLE or (key[0] is Kind.COLUMN and above and above.kind is Kind.TABLE and above.key not in self.gone):
                yield key[1]

    def _out_of_order(self) -> Iterator[Unsupported]:
        """Columns that are added come last, whatever place they had; and so in tables that inherit them."""
        tables = [item for item in self.new.schema.objects if item.kind is Kind.TABLE]
        found = {item.name for item in tables if not self._is_new(item) and self._mixed_up(item.name)}
        for item in tables:
            if item.name in found or not found.isdisjoint(self.new.parents(item.name)):
                yield Unsupported(item.kind, item.name, "columns cannot be put in another order")

    def _mixed_up(self, table: str) -> bool:
        kept = [column.own_name for column in self.old.columns(table) if self._stays(column)]
        wanted = [column.own_name for column in self.new.columns(table)]
        return wanted != kept + [name for name in wanted if name not in kept]
